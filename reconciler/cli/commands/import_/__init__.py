"""`reconcile import` and its subcommands."""

from __future__ import annotations

import click

from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.import_"
_SECTIONS = {
    "Commands": {
        "panel": Entry(f"{_HOME}.panel", "Take over a dump of the panel's table."),
        "json": Entry(f"{_HOME}.json", "Take over connections in plain JSON."),
        "freqtrade": Entry(f"{_HOME}.freqtrade", "Take over freqtrade's exchange."),
        "hummingbot": Entry(
            f"{_HOME}.hummingbot", "Take over hummingbot's connectors."
        ),
    }
}


@click.group(
    "import",
    cls=LazyGroup,
    sections=_SECTIONS,
    epilog=example(
        "reconcile import panel dump.sql --env-file panel/.env --dry-run",
        "reconcile import freqtrade config.json",
    ),
)
def command() -> None:
    """Take connections over from another tool, as sealed files.

    Every command tells row by row how the new file compares: same, differs, panel
    defect, or cannot be expressed. With --dry-run nothing is written. Ends with 1
    when a row could not be taken over; the others are.
    """
