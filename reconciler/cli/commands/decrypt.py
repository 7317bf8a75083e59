"""`reconcile decrypt`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command(
    "decrypt",
    epilog=example(
        "reconcile decrypt connections.d/kraken.yaml --extract api_key | xclip"
    ),
)
@click.argument("what", metavar="FILE|NAME")
@click.option(
    "--extract",
    metavar="KEY",
    help="Only this value: a credential's name, or a path such as config.timeout.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write to a file that only you can read, instead of stdout.",
)
@click.pass_obj
def command(
    console: Console, *, what: str, extract: str | None, output: Path | None
) -> None:
    """Show a sealed file in plain text.

    Checks every value and the file's MAC first. Needs an age key that the file is
    sealed for.
    """
    from reconciler.cli.finding import found_file
    from reconciler.cli.sealing import open_file
    from reconciler.cli.writing import write_result

    app = console.app()
    file = found_file(app, what) or Path(what)
    if output and output.resolve() == file.resolve():
        raise click.UsageError("the sealed file itself is not replaced by plain text")
    plain = open_file(app, file, extract=extract)
    if output and str(output) != "-":
        write_result(output, plain)
        console.say_file("In plain text, delete it soon:", output)
        return
    if sys.stdout.isatty():
        console.say("Warning: what follows are secrets in plain text.")
    console.result(plain)
