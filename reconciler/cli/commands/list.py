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
_SORT = [
    *("name", "type", "provider", "owner", "intent", "sync", "health"),
    *("trouble", "latency", "tested", "failures", "uptime", "used"),
]


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
@click.option("--owner", multiple=True, metavar="GLOB", help="Whose it is.")
@click.option("--type", multiple=True, metavar="GLOB", help="Its type.")
@click.option("--provider", multiple=True, metavar="GLOB", help="Its provider.")
@select_option
@click.option(
    "--sort",
    type=click.Choice(_SORT),
    default="name",
    show_default=True,
    help="What to order by; the worst first, what has no value last.",
)
@as_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    status: tuple[str, ...],
    as_login: str,
    format_: str,
    **wanted: Any,
) -> None:
    """List the connections, recorded or only declared.

    An option that is given several times accepts any of its values; labels must all
    match.
    """
    from reconciler.cli.choosing import listed, matching, note_unread, query_of
    from reconciler.recording import current_rows
    from reconciler.report.connections import list_human, rows_json

    app = console.app(as_login=as_login)
    rows, desired = current_rows(app)
    rows = listed(matching(rows, names), query_of(**wanted), status=status)
    note_unread(console, desired)
    if format_ == "json":
        console.result(rows_json(rows))
        return
    human = list_human(
        rows,
        color=console.color,
        verbose=console.verbose,
        now=app.clock.now(),
        width=console.width,
    )
    console.result(human)
