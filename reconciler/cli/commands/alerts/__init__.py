"""`reconcile alerts` and its subcommands."""

from __future__ import annotations

import click

from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.alerts"
_SECTIONS = {
    "Commands": {
        "list": Entry(f"{_HOME}.list", "Show channels and open incidents."),
        "test": Entry(f"{_HOME}.test", "Send a test message."),
    }
}


@click.group(
    "alerts",
    cls=LazyGroup,
    sections=_SECTIONS,
    epilog=example("reconcile alerts test ops", "reconcile alerts list"),
)
def command() -> None:
    """See whom the daemon tells of failures, and what it told.

    Channels and routes stand in reconcile.yaml, under 'alerts'.
    """
