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
    from reconciler.cli.sandboxing import account_rows, accounts_human

    rows = account_rows(provider)
    human = accounts_human(rows, color=console.color)
    console.result_of(format_, human, accounts=rows)
