"""`reconcile status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import (
    as_option,
    example,
    format_option,
    select_option,
)

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command("status", epilog=example("reconcile status --exit-code 'binance-*'"))
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...")
@click.option(
    "--exit-code", is_flag=True, help="End with 6 when something is not well."
)
@select_option
@as_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    exit_code: bool,
    as_login: str,
    format_: str,
) -> int:
    """Show what is not well, and its fix.

    Speaks of what was recorded last; nothing is tested. With -v, the healthy ones
    stand in a line each.
    """
    from reconciler.cli.choosing import is_unwell, matching, note_unread
    from reconciler.core.outcome import ExitCode
    from reconciler.recording import current_rows
    from reconciler.report.connections import rows_json, status_human

    app = console.app(as_login=as_login)
    rows, desired = current_rows(app)
    rows = matching(rows, names, labels)
    note_unread(console, desired)
    if format_ == "json":
        console.result(rows_json(rows))
    else:
        color, now = console.color, app.clock.now()
        verbose = console.verbose or bool(names or labels)
        console.result(status_human(rows, color=color, verbose=verbose, now=now))
    unwell = exit_code and is_unwell(rows)
    return ExitCode.UNHEALTHY if unwell else ExitCode.DONE
