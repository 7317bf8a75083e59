"""`reconcile state` and its subcommands."""

from __future__ import annotations

import click

from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.state"
_SECTIONS = {
    "Commands": {
        "list": Entry(f"{_HOME}.list", "Show the store, its lock and its records."),
        "show": Entry(f"{_HOME}.show", "Print one record as it is stored."),
        "pull": Entry(f"{_HOME}.pull", "Print everything as one JSON document."),
        "backup": Entry(f"{_HOME}.backup", "Write everything to a file."),
        "restore": Entry(f"{_HOME}.restore", "Replace everything by a backup."),
        "rm": Entry(f"{_HOME}.rm", "Forget records."),
        "unlock": Entry(f"{_HOME}.unlock", "Break a lock that a dead run left."),
    }
}


@click.group(
    "state",
    cls=LazyGroup,
    sections=_SECTIONS,
    epilog=example("reconcile state list", "reconcile state backup -o state.json"),
)
def command() -> None:
    """Look after the recorded state.

    The store holds what runs, with sealed credentials only. The daily commands do
    all this by themselves; these are for moving, mending and looking inside.
    """
