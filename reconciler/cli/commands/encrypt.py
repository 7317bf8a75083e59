"""`reconcile encrypt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command("encrypt", epilog=example("reconcile encrypt connections.d/kraken.yaml"))
@click.argument("what", nargs=-1, required=True, metavar="FILE|NAME|GLOB|FOLDER...")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE1...",
    help="Seal for this public key instead of those in .sops.yaml.",
)
@click.option(
    "--rebind",
    is_flag=True,
    help="Accept a changed type, provider, owner or config. Review it first.",
)
@select_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    *,
    what: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    recipients: tuple[str, ...],
    rebind: bool,
    format_: str,
) -> int:
    """Seal the credentials in files, and bind them to where they may be sent.

    What is sealed already keeps its ciphertext. A file that needs nothing is not
    written. A new value in a sealed file takes a key that opens it. Every file is
    tried, a failure does not hold back the others.
    """
    from reconciler.cli.finding import files_of
    from reconciler.cli.sealing import each_file, seal_file, show_outcomes

    app = console.app()
    outcomes, code = each_file(
        console,
        files_of(app, what, labels),
        lambda file: seal_file(app, file, recipients=recipients, rebind=rebind),
        words=("sealing", "sealed"),
    )
    show_outcomes(console, outcomes, format_)
    return code
