"""`reconcile providers` and its subcommands."""

from __future__ import annotations

import click

from reconciler.cli.lazy import Entry, LazyGroup
from reconciler.cli.options import example

_HOME = "reconciler.cli.commands.providers"
_SECTIONS = {
    "Commands": {
        "list": Entry(f"{_HOME}.list", "List what can be connected."),
        "diagnose": Entry(f"{_HOME}.diagnose", "Explain an error answer you have."),
    }
}


class ListByDefault(LazyGroup):
    """Takes whatever is no subcommand for arguments of `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `list` before what names no subcommand."""
        named = args[:1] and args[0] in {*self.list_commands(ctx), "-h", "--help"}
        return super().parse_args(ctx, args if named else ["list", *args])


@click.group(
    "providers",
    cls=ListByDefault,
    sections=_SECTIONS,
    epilog=example(
        "reconcile providers --search kraken",
        "reconcile providers diagnose binance --status 401 --body answer.json",
    ),
)
def command() -> None:
    """Know what can be connected, and what its errors mean.

    Without a subcommand it lists: 'reconcile providers kraken' is
    'reconcile providers list kraken'.
    """
