"""`reconcile sandbox accounts`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("accounts", epilog=example("reconcile sandbox accounts binance"))
@click.argument("provider", required=False)
@format_option()
@click.pass_obj
def command(console: Console, /, *, provider: str | None, format_: str) -> None:
    """List the keys that the sandbox accepts.

    They are published on purpose and worth nothing anywhere else. A key of several
    lines stands in one, as a file may hold it too.
    """
    from reconciler.cli.sandboxing import account_rows
    from reconciler.report.machine import of_parts
    from reconciler.report.text import page, table

    rows = account_rows(provider)
    if format_ == "json":
        console.result(of_parts(accounts=rows))
    else:
        titles = tuple(key.upper() for key in rows[0])
        cells = (
            tuple(one.replace("\n", r"\n") for one in row.values()) for row in rows
        )
        lines = table([titles, *cells])
        console.result(page(lines))
