"""`reconcile state rm`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("rm", epilog=example("reconcile state rm old-feed --yes"))
@click.argument("names", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Agree beforehand.")
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, names: tuple[str, ...], yes: bool, format_: str
) -> None:
    """Forget records.

    Nothing is sent to a provider. A connection whose file is still there comes back
    with the next apply, after a test.
    """
    from reconciler.cli.asking import GO_ON, require_consent
    from reconciler.cli.looking import record_of
    from reconciler.cli.storing import forget

    app = console.app()
    records = [record_of(app, name) for name in dict.fromkeys(names)]
    listed = ", ".join(record.name for record in records)
    require_consent(console, f"{listed} would be forgotten{GO_ON}", yes=yes)
    forget(app, records)
    gone = [record.name for record in records]
    console.result_of(format_, "".join(f"{name}\n" for name in gone), forgotten=gone)
