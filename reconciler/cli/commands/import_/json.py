"""`reconcile import json`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.importing import bringing_options
from reconciler.cli.options import example, format_option


@click.command("json", epilog=example("reconcile import json binance.json mt4.json"))
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@bringing_options
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, files: tuple[Path, ...], format_: str, **options: bool
) -> int:
    """Take over connections in plain JSON.

    A FILE holds one body with type, provider, credentials, config and settings, or a
    list of them. A body without a name is called as its file. Remove the FILE
    afterwards: its credentials are not sealed.
    """
    from reconciler.cli.importing import bring
    from reconciler.importing import json_drafts

    return bring(console, lambda: json_drafts(files), format_, **options)
