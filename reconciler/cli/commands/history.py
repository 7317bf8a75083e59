"""`reconcile history`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("history", epilog=example("reconcile history binance-main --limit 5"))
@click.argument("name", required=False)
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="How many lines.",
)
@format_option()
@click.pass_obj
def command(console: Console, /, *, name: str | None, limit: int, format_: str) -> None:
    """Show who did what, newest first.

    With NAME only of that connection, under its earlier names too, and also after it
    was deleted.
    """
    from reconciler.cli.looking import actions_of
    from reconciler.report.record import history_human, history_json

    actions = actions_of(console.app(), name, limit=limit)
    if format_ == "json":
        console.result(history_json(actions))
    else:
        console.result(history_human(actions, color=console.color))
