"""`reconcile keygen`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("keygen", epilog=example("reconcile keygen -o ~/keys/trading.agekey"))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write it; by default where sops and reconcile look by themselves.",
)
@click.option(
    "--post-quantum",
    is_flag=True,
    help="Make a key that a quantum computer does not break either; its public key has"
    " 2000 characters, and sops opens files for it from 3.12 on.",
)
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, output: Path | None, post_quantum: bool, format_: str
) -> None:
    """Make an age key that opens sealed files.

    Writes the private key to a file that only you can read, and prints the public
    key. A file that is there already is never replaced.
    """
    from reconciler.scaffolding import make_identity

    path, public = make_identity(console.app(), output, post_quantum=post_quantum)
    console.result_of(format_, f"{public}\n", public_key=public, file=str(path))
    console.say_file("Keep a copy of the private key, and never commit it:", path)
    if output:
        console.say_file("To use it, set SOPS_AGE_KEY_FILE to", path.absolute())
    console.say(
        "Files are sealed for it once its public key stands in .sops.yaml;"
        " 'reconcile init' writes a new one with it."
    )
