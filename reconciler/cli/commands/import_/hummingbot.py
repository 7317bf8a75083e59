"""`reconcile import hummingbot`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.importing import bringing_options
from reconciler.cli.options import example, format_option


@click.command(
    "hummingbot", epilog=example("reconcile import hummingbot conf/connectors/*.yml")
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--password-stdin", is_flag=True, help="Read hummingbot's password from stdin."
)
@bringing_options
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    files: tuple[Path, ...],
    password_stdin: bool,
    format_: str,
    **options: bool,
) -> int:
    """Take over hummingbot's connectors.

    A FILE is one of conf/connectors. Its values are opened with hummingbot's
    password, from the environment (CONFIG_PASSWORD), stdin, or typed at the terminal.
    """
    from reconciler.cli.importing import bring, password_of
    from reconciler.importing import hummingbot_drafts

    password = password_of(console, from_stdin=password_stdin)
    return bring(
        console, lambda: hummingbot_drafts(files, password), format_, **options
    )
