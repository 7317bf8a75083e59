"""`reconcile doctor`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("doctor", epilog=example("reconcile doctor --network"))
@click.option(
    "--network", is_flag=True, help="Ask the declared exchanges, too, without a key."
)
@format_option()
@click.pass_obj
def command(console: Console, /, *, network: bool, format_: str) -> int:
    """Examine this place: keys, store, clock, files, versions, permissions.

    Nothing is changed. Ends with 1 when something keeps the work from being done.
    """
    from reconciler.checkup import examine
    from reconciler.core.checkup import is_broken
    from reconciler.core.outcome import ExitCode
    from reconciler.report.checkup import checkup_human, checkup_json

    if network:
        console.announce_network()
    checks = examine(console.app(), ask_network=network)
    if format_ == "json":
        console.result(checkup_json(checks))
    else:
        console.result(checkup_human(checks, color=console.color))
    return ExitCode.ERROR if is_broken(checks) else ExitCode.DONE
