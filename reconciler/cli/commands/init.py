"""`reconcile init`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option
from reconciler.cli.scaffolding import PACKAGE, Wishes, lay_out, teach_git


@click.command(
    "init",
    epilog=example(
        "reconcile init trading --age-recipient age1ql3z7hj...",
        "reconcile init --ci github --ci gitlab",
    ),
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
@click.option(
    "--ci",
    multiple=True,
    type=click.Choice(["github", "gitlab", "none"]),
    help="Whose workflows to write; several are possible. By default for where the "
    "Git remote is, for GitHub when there is none.",
)
@click.option(
    "--package",
    metavar="REQUIREMENT",
    default=PACKAGE,
    show_default=True,
    help="What the workflows install with pip.",
)
@click.option("--readme", is_flag=True, help="Write a README.md as well.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, directory: Path, format_: str, **options: Any
) -> None:
    """Lay out a repository for connection files.

    Writes reconcile.yaml, connections.d/, .sops.yaml, .gitignore, .gitattributes and
    a schema for editors into DIRECTORY, and workflows that review pull requests and
    apply what is merged. Nothing that is there is replaced, and no Git repository is
    made; in one that is there, Git is told how sealed files are merged.

    Where reconcile.yaml is there already, --ci adds its files alone.
    """
    if "none" in options["ci"] and len(set(options["ci"])) > 1:
        raise click.UsageError("--ci none goes with no other --ci")
    app = console.app()
    options["recipients"] = options["recipients"] or app.keyring.recipients
    laid = lay_out(app, directory, Wishes(**options))
    files, left = [[str(path) for path in paths] for paths in (laid.written, laid.left)]
    text = "".join(f"{file}\n" for file in files)
    console.result_of(format_, text, files=files, left=left)
    for path in laid.left:
        console.say_file("Left as it was:", path)
    in_git = teach_git(directory) is not None
    has_key = bool(options["recipients"])
    console.say(_next_steps(directory, has_key=has_key, in_git=in_git))
    if laid.hosted:
        console.say(_SECRETS)


_SECRETS = """
For the workflows: put the private key into the secret SOPS_AGE_KEY of an environment
'reconcile' that is open to the main branch only.
"""


def _next_steps(directory: Path, *, has_key: bool, in_git: bool) -> str:
    steps = [] if directory == Path() else [f"cd {directory}"]
    if not has_key:
        steps.append("reconcile keygen        # put what it prints into .sops.yaml")
    if not in_git:
        steps.append("git init && reconcile merge-driver --install")
    steps += [
        "reconcile new NAME --type ccxt_crypto --provider binance",
        "reconcile validate && reconcile plan && reconcile apply",
    ]
    return "\nNext:\n" + "\n".join(f"  {step}" for step in steps)
