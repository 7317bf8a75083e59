"""`reconcile tokens` and its subcommands."""

from __future__ import annotations

import click

from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.tokens"
_SECTIONS = {
    "Commands": {
        "new": Entry(f"{_HOME}.new", "Make a token, shown once."),
    }
}


@click.group(
    "tokens",
    cls=LazyGroup,
    sections=_SECTIONS,
    epilog=example("reconcile tokens new grafana --principal admin --role reader"),
)
def command() -> None:
    """Make tokens for the daemon's HTTP.

    Whoever holds a token may ask the daemon; reconcile.yaml keeps its hash, and says
    whose it is and what it may do.
    """
