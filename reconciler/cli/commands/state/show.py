"""`reconcile state show`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command("show", epilog=example("reconcile state show binance-main"))
@click.argument("name")
@click.pass_obj
def command(console: Console, /, *, name: str) -> None:
    """Print one record as it is stored, as JSON.

    With the sealed document that runs; 'reconcile show' is the friendlier view.
    """
    from reconciler.cli.looking import record_of
    from reconciler.core.codec import to_data
    from reconciler.report.machine import of_parts

    console.result(of_parts(record=to_data(record_of(console.app(), name))))
