"""`reconcile updatekeys`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "updatekeys",
    epilog=example(
        "reconcile updatekeys --dry-run --exit-code", "reconcile updatekeys"
    ),
)
@click.argument("what", nargs=-1, metavar="[FILE|NAME|GLOB|FOLDER]...")
@click.option(
    "--dry-run", is_flag=True, help="Only show who would come and go; needs no key."
)
@click.option(
    "--exit-code", is_flag=True, help="With --dry-run: end with 6 when a file differs."
)
@select_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    what: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    dry_run: bool,
    exit_code: bool,
    format_: str,
) -> int:
    """Seal files for those whom .sops.yaml names now.

    By default every connection file. No value is touched, and the data key stays:
    whoever is removed may still know both. So change the credentials at the provider,
    and 'reconcile rotate' for a new data key. Every file is tried.
    """
    from reconciler.cli.finding import files_of
    from reconciler.cli.sealing import each_file, show_outcomes, update_file
    from reconciler.core.outcome import ExitCode, worst
    from reconciler.report.sealed_files import FileResult

    if exit_code and not dry_run:
        raise click.UsageError("--exit-code goes with --dry-run")
    app = console.app()
    outcomes, code = each_file(
        console,
        files_of(app, what or (app.settings.connections,), labels),
        lambda file: update_file(app, file, dry_run=dry_run),
        words=("updating", "updated"),
    )
    show_outcomes(console, outcomes, format_)
    if exit_code and any(one.result is FileResult.DIFFERS for one in outcomes):
        return worst((code, ExitCode.UNHEALTHY))
    return code
