"""`reconcile init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option
from reconciler.cli.scaffolding import lay_out, teach_git


@click.command(
    "init", epilog=example("reconcile init trading --age-recipient age1ql3z7hj...")
)
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@click.option(
    "--workspace",
    metavar="NAME",
    help="Identity of this repository in a shared store; by default the folder's name.",
)
@click.option(
    "--age-recipient",
    "recipients",
    multiple=True,
    metavar="AGE1...",
    help="Public key to seal for; several are possible. By default that of your key.",
)
@click.option("--readme", is_flag=True, help="Write a README.md as well.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    directory: Path,
    recipients: tuple[str, ...],
    format_: str,
    **wishes: Any,
) -> None:
    """Lay out a repository for connection files.

    Writes reconcile.yaml, connections.d/, .sops.yaml, .gitignore, .gitattributes and
    a schema for editors into DIRECTORY. Nothing that is there is replaced, and no Git
    repository is made; in one that is there, Git is told how sealed files are merged.
    """
    app = console.app()
    recipients = recipients or app.keyring.recipients
    written = lay_out(app, directory, recipients=recipients, **wishes)
    files = [str(path) for path in written]
    console.result_of(format_, "".join(f"{file}\n" for file in files), files=files)
    in_git = teach_git(directory) is not None
    console.say(_next_steps(directory, has_key=bool(recipients), in_git=in_git))


def _next_steps(directory: Path, *, has_key: bool, in_git: bool) -> str:
    steps = [] if directory == Path() else [f"cd {directory}"]
    if not has_key:
        steps.append("reconcile keygen        # unless .sops.yaml names a key of yours")
    if not in_git:
        steps.append("git init && reconcile merge-driver --install")
    steps += [
        "reconcile new NAME --type ccxt_crypto --provider binance",
        "reconcile validate && reconcile plan && reconcile apply",
    ]
    return "\nNext:\n" + "\n".join(f"  {step}" for step in steps)
