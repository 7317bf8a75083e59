"""`reconcile state pull`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command("pull", epilog=example("reconcile state pull | jq '.records | length'"))
@click.pass_obj
def command(console: Console, /) -> None:
    """Print everything as one JSON document, as backup writes it."""
    console.result(console.app().store.backup())
