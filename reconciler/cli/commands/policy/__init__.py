"""`reconcile policy` and its subcommands."""

from __future__ import annotations

import click

from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.policy"
_SECTIONS = {
    "Commands": {
        "codeowners": Entry(f"{_HOME}.codeowners", "Print the CODEOWNERS file."),
    }
}


@click.group(
    "policy",
    cls=LazyGroup,
    sections=_SECTIONS,
    epilog=example("reconcile policy codeowners -o .github/CODEOWNERS"),
)
def command() -> None:
    """Make others keep what policy.yaml says.

    'reconcile validate' judges every file by it, and with --base and --actor every
    change.
    """
