"""`reconcile secrets` and its subcommand."""

from __future__ import annotations

import click

from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.secrets"
_SECTIONS = {
    "Commands": {
        "status": Entry(
            f"{_HOME}.status", "Show who opens the files, and what drifted."
        ),
    }
}


@click.group(
    "secrets",
    cls=LazyGroup,
    sections=_SECTIONS,
    epilog=example("reconcile secrets status"),
)
def command() -> None:
    """Look after what is sealed."""
