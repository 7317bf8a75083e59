"""`reconcile state list`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("list", epilog=example("reconcile state list --format json"))
@format_option()
@click.pass_obj
def command(console: Console, /, *, format_: str) -> None:
    """Show the store, its lock and its records."""
    from reconciler.cli.storing import heads_json, heads_lines
    from reconciler.report.state import info_human, lock_human
    from reconciler.report.text import page

    app = console.app()
    info, lock, heads = app.store.info(), app.store.lock_info(), app.store.heads()
    if format_ == "json":
        console.result(heads_json(info, lock, heads))
        return
    console.result(info_human(info, color=console.color) + "\n")
    console.result(lock_human(lock, color=console.color, now=app.clock.now()))
    if heads:
        console.result("\n" + page(heads_lines(heads)))
