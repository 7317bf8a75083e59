"""`reconcile import freqtrade`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.importing import bringing_options
from reconciler.cli.options import example, format_option


@click.command(
    "freqtrade",
    epilog=example("reconcile import freqtrade config.json config-private.json"),
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@bringing_options
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, files: tuple[Path, ...], format_: str, **options: bool
) -> int:
    """Take over freqtrade's exchange, its key, pairs and timeframe.

    Several FILEs are laid over each other as freqtrade does it: a later one wins.
    Comments in them are fine.
    """
    from reconciler.cli.importing import bring
    from reconciler.importing import freqtrade_drafts

    return bring(console, lambda: freqtrade_drafts(files), format_, **options)
