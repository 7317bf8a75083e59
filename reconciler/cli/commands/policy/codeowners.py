"""`reconcile policy codeowners`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command(
    "codeowners",
    epilog=example(
        "reconcile policy codeowners -o .github/CODEOWNERS",
        "reconcile policy codeowners --check .github/CODEOWNERS",
    ),
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there, instead of to stdout.",
)
@click.option(
    "--check",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Compare this file with what the policy asks for; end with 3 when it differs.",
)
@click.pass_obj
def command(console: Console, /, *, output: Path | None, check: Path | None) -> int:
    """Print the CODEOWNERS file that asks the right people to review.

    The hosting site then wants an owner's approval for their folder, and an admin's
    for policy.yaml, .sops.yaml and reconcile.yaml.
    """
    from reconciler.branching import codeowners_text
    from reconciler.cli.reading import read_text
    from reconciler.core.outcome import ExitCode
    from reconciler.wiring import write_file

    if output and check:
        raise click.UsageError("--check compares, --output writes: choose one")
    text = codeowners_text(console.app())
    if check:
        there = check.exists()
        if there and read_text(check) == text:
            return ExitCode.DONE
        what = "It differs from policy.yaml" if there else "It is not there"
        console.say_file(f"{what}; make it with -o:", check)
        return ExitCode.INVALID
    if output:
        write_file(output, text.encode(), mode=0o644)  # for everybody to read
        return ExitCode.DONE
    console.result(text)
    return ExitCode.DONE
