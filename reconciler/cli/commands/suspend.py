"""`reconcile suspend`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import End, example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "suspend",
    epilog=example(
        "reconcile suspend binance-main --reason 'incident 7' --until 4h",
        "reconcile suspend -l venue=okx --reason maintenance "
        "--until 2026-12-24T18:00:00Z",
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...")
@select_option
@click.option("--reason", required=True, metavar="TEXT", help="Why; everybody sees it.")
@click.option(
    "--until",
    type=End(),
    metavar="TIME|DURATION",
    help="When it ends by itself, such as 4h; by default with 'reconcile resume'.",
)
@format_option()
@click.pass_obj
def command(  # one parameter per option
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    reason: str,
    until: datetime | float | None,
    format_: str,
) -> None:
    """Take recorded connections out of service for a time, at once.

    They keep what was active. Nobody asks their providers anything meanwhile: no test,
    no sample, no program; and no apply brings them back, whatever their files say. A
    second time changes reason and end. What its file suspends ('suspend:') is another
    matter: see docs/files.md.
    """
    from reconciler.cli.suspending import suspend_all
    from reconciler.report.suspensions import suspensions_human, suspensions_json

    if not names and not labels:
        raise click.UsageError("say what to suspend: names, patterns or --label")
    app = console.app()
    records = suspend_all(app, names, labels, reason=reason, until=until)
    if format_ == "json":
        console.result(suspensions_json(records))
    else:
        console.result(suspensions_human(records, color=console.color))
