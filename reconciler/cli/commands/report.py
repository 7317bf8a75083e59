"""`reconcile report`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "report",
    epilog=example(
        "reconcile report --format markdown -o r.md",
        "reconcile report --format html -o r.html",
    ),
)
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
def command(
    console: Console, /, *, now: bool, output: Path | None, format_: str
) -> None:
    """Show the last run's report again.

    Every apply and every recorded test writes one, also when it fails.
    """
    from reconciler.cli.rendering import render_run
    from reconciler.cli.reporting import last_report
    from reconciler.cli.writing import write_result
    from reconciler.recording import report_now

    app = console.app()
    report = report_now(app) if now else last_report(app)
    if output is None or str(output) == "-":
        console.result(render_run(console, app, report, format_))
        return
    console.no_color = True
    write_result(output, render_run(console, app, report, format_).encode())
    console.say_file("Written:", output)
