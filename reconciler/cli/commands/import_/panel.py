"""`reconcile import panel`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.importing import bringing_options
from reconciler.cli.options import example, format_option


@click.command(
    "panel",
    epilog=example(
        "reconcile import panel dump.sql --env-file panel/.env --dry-run",
        "pass panel/app-key | reconcile import panel dump.sql --app-key-stdin --adopt",
    ),
)
@click.argument("dump", type=click.Path(path_type=Path))
@click.option(
    "--app-key-stdin",
    is_flag=True,
    help="Read the APP_KEY from stdin; earlier keys on further lines.",
)
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read APP_KEY and APP_PREVIOUS_KEYS from the panel's .env.",
)
@click.option(
    "--table",
    metavar="NAME",
    default="",
    help="The table, when it is not called data_connections.",
)
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="ID=NAME",
    help="The name of a user that the dump does not tell; several are possible.",
)
@click.option(
    "--adopt",
    is_flag=True,
    help="Record what worked in the panel as live, without a test of ours.",
)
@bringing_options
@format_option()
@click.pass_obj
def command(console: Console, /, *, format_: str, **options: Any) -> int:
    """Take over a dump of the panel's data_connections.

    DUMP is SQL (MySQL, PostgreSQL or SQLite), JSON or CSV; none of it is run. The
    credentials are decrypted with the panel's APP_KEY, which comes from the
    environment (APP_KEY, APP_PREVIOUS_KEYS), a .env file or stdin, never from the
    command line. Usernames are taken from the table users, when the dump has it.

    Without --adopt the first apply tests every connection before it goes live. With
    it, what the panel had connected goes on running, and the first plan is empty;
    what had failed there is tested by the first apply.
    """
    from reconciler.cli.importing import bring, panel_of
    from reconciler.importing import panel_drafts

    adopt = options.pop("adopt")
    dump = panel_of(console, options)
    return bring(console, lambda: panel_drafts(dump), format_, adopt=adopt, **options)
