"""`reconcile state backup`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("backup", epilog=example("reconcile state backup -o before-move.json"))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="By default a new file in .reconcile/backups, named by the time.",
)
@format_option()
@click.pass_obj
def command(console: Console, /, *, output: Path | None, format_: str) -> None:
    """Write everything to a file that only you can read.

    Credentials in it are sealed. A file that is there already is not replaced.
    """
    from reconciler.cli.storing import backup_path, write_backup

    app = console.app()
    if output and str(output) == "-":
        console.result(app.store.backup())
        return
    path = output or backup_path(app)
    write_backup(app, path)
    console.result_of(format_, f"{path}\n", file=str(path))
