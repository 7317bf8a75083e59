"""`reconcile show`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("show", epilog=example("reconcile show binance-main"))
@click.argument("name")
@format_option()
@click.pass_obj
def command(console: Console, /, *, name: str, format_: str) -> None:
    """Show everything about one connection.

    Revisions, times, the last test, market data seen, history. Of credentials only
    the names.
    """
    from reconciler.cli.looking import record_of, sealed_names
    from reconciler.recording import current_rows
    from reconciler.report.record import show_human, show_json

    app = console.app()
    record = record_of(app, name)
    (row,), _ = current_rows(app, [name])
    sealed = sealed_names(app, record)
    if format_ == "json":
        console.result(show_json(record, row, sealed=sealed))
        return
    color, now = console.color, app.clock.now()
    console.result(show_human(record, row, color=color, now=now, sealed=sealed))
