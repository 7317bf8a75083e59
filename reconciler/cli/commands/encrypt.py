"""`reconcile encrypt`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("encrypt", epilog=example("reconcile encrypt connections.d/kraken.yaml"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
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
@format_option()
@click.pass_obj
def command(
    console: Console,
    *,
    files: tuple[Path, ...],
    recipients: tuple[str, ...],
    rebind: bool,
    format_: str,
) -> None:
    """Seal the credentials in files, and bind them to where they may be sent.

    What is sealed already keeps its ciphertext. A file that needs nothing is not
    written. A new value in a sealed file takes a key that opens it.
    """
    from reconciler.cli.sealing import seal_file
    from reconciler.report.text import safe

    app, done = console.app(), {}
    for file in files:
        sealed = seal_file(app, file, recipients=recipients, rebind=rebind)
        done[str(file)] = "sealed" if sealed else "unchanged"
        if format_ == "human":  # at once: the next file may fail
            console.result(f"{done[str(file)]:9}  {safe(str(file))}\n")
    if format_ == "json":
        console.result_of(format_, "", files=done)
