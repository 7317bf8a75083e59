"""`reconcile list`."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    as_option,
    example,
    format_option,
    select_option,
)

_STATUS = [
    *("active", "inactive", "suspended"),
    *("in-sync", "pending", "rejected", "drifted", "orphaned"),
]
_HEALTH = ["healthy", "degraded", "stale", "error", "unknown", "inactive"]
_SORT = ["name", "type", "provider", "owner", "health", "sync", "latency", "tested"]


@click.command("list", epilog=example("reconcile list --health error -l env=prod"))
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...")
@click.option(
    "--status",
    multiple=True,
    type=click.Choice(_STATUS),
    help="What is wanted of it, or how record and file stand.",
)
@click.option(
    "--health", multiple=True, type=click.Choice(_HEALTH), help="How it is doing."
)
@click.option("--owner", metavar="GLOB", help="Whose it is.")
@click.option("--type", "kind", metavar="GLOB", help="Its type.")
@click.option("--provider", metavar="GLOB", help="Its provider.")
@select_option
@click.option(
    "--sort",
    type=click.Choice(_SORT),
    default="name",
    show_default=True,
    help="What to order by.",
)
@as_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    sort: str,
    as_login: str,
    format_: str,
    **filters: Any,
) -> None:
    """List the connections, recorded or only declared.

    Options that may be given several times accept any of their values; labels must
    all match.
    """
    from reconciler.cli.choosing import Filters, matching, note_unread, sorted_rows
    from reconciler.recording import current_rows
    from reconciler.report.connections import list_human, rows_json

    app = console.app(as_login=as_login)
    rows, desired = current_rows(app)
    rows = matching(rows, names)
    wanted = Filters(**filters)
    rows = sorted_rows([row for row in rows if wanted.accepts(row)], sort)
    note_unread(console, desired)
    if format_ == "json":
        console.result(rows_json(rows))
        return
    color, now = console.color, app.clock.now()
    console.result(list_human(rows, color=color, verbose=console.verbose, now=now))
