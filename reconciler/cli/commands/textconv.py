"""`reconcile textconv`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command(
    "textconv", epilog=example("reconcile textconv connections.d/kraken.yaml")
)
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def command(console: Console, *, file: Path) -> None:
    """Show a file with each sealed value as a short mark; needs no key.

    For 'git diff' and 'git log -p', which call it after 'merge-driver --install':
    a changed value shows as a changed mark, and neither as its ciphertext.
    """
    from reconciler.cli.merging import read_any, write_any
    from reconciler.sealing import without_values

    console.result(write_any(without_values(read_any(file))))
