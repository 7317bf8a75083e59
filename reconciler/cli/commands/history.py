"""`reconcile history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import as_option, example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command("history", epilog=example("reconcile history binance-main --limit 5"))
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...")
@select_option
@as_option
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="How many lines.",
)
@format_option()
@click.pass_obj
def command(  # one parameter per option
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    as_login: str,
    limit: int,
    format_: str,
) -> None:
    """Show who did what, newest first.

    With NAME only of that connection, under its earlier names too, and also after it
    was deleted.
    """
    from reconciler.cli.looking import actions_of_all
    from reconciler.report.record import history_human, history_json

    app = console.app(as_login=as_login)
    actions = actions_of_all(app, names, labels, limit=limit)
    if format_ == "json":
        console.result(history_json(actions))
    else:
        human = history_human(actions, color=console.color, width=console.width)
        console.result(human)
