"""`reconcile report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import as_option, example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "report",
    epilog=example(
        "reconcile report --format markdown -o r.md",
        "reconcile report --format html -o r.html",
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME|GLOB]...")
@select_option
@as_option
@click.option("--now", is_flag=True, help="Make one of what is recorded right now.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write to a file instead of stdout.",
)
@format_option("markdown", "html")
@click.pass_obj
def command(  # noqa: PLR0913  # one parameter per option
    console: Console,
    /,
    *,
    names: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    as_login: str,
    now: bool,
    output: Path | None,
    format_: str,
) -> None:
    """Show the last run's report again.

    Every apply and every recorded test writes one, also when it fails. With names or
    labels only their rows, with --as only what that login sees.
    """
    from reconciler.cli.rendering import render_run
    from reconciler.cli.reporting import last_report, part_of_report
    from reconciler.cli.writing import write_result
    from reconciler.recording import report_now

    app = console.app(as_login=as_login)
    whole = report_now(app) if now else last_report(app)
    report = part_of_report(app, whole, names, labels)
    if output is None or str(output) == "-":
        console.result(render_run(console, app, report, format_))
        return
    console.no_color = True
    write_result(output, render_run(console, app, report, format_).encode())
    console.say_file("Written:", output)
