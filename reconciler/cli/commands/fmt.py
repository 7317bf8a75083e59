"""`reconcile fmt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "fmt", epilog=example("reconcile fmt", "reconcile fmt --check --diff connections.d")
)
@click.argument("what", nargs=-1, metavar="[FILE|NAME|GLOB|FOLDER]...")
@click.option(
    "--check", is_flag=True, help="Write nothing; end with 3 when a file differs."
)
@click.option("--diff", is_flag=True, help="Write nothing; show what would move.")
@select_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    what: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    check: bool,
    diff: bool,
    format_: str,
) -> int:
    """Give connection files their canonical layout, by default all of them.

    The keys in the order of the documentation, two blanks per level, no blanks at the
    ends of lines, LF. No value, comment or seal changes, so no revision does; what the
    MAC covers keeps its order. Needs no key. Ends with 3 when a file is no YAML that
    could be formatted.
    """
    from reconciler.cli.finding import files_of
    from reconciler.cli.formatting import Formatter
    from reconciler.cli.sealing import each_file, show_outcomes
    from reconciler.core.outcome import ExitCode, worst
    from reconciler.report.sealed_files import FileResult

    app = console.app()
    formatter = Formatter(dry_run=check or diff)
    outcomes, code = each_file(
        console,
        files_of(app, what or (app.settings.connections,), labels),
        formatter.format_file,
        words=("formatting", "formatted"),
    )
    if diff and format_ == "human":
        console.result(formatter.diff(color=console.color))
    else:
        show_outcomes(console, outcomes, format_)
    if check and any(one.result is FileResult.DIFFERS for one in outcomes):
        return worst((code, ExitCode.INVALID))
    return code
