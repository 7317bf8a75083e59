"""`reconcile rotate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "rotate", epilog=example("reconcile rotate spot", "reconcile rotate --all")
)
@click.argument("what", nargs=-1, metavar="[FILE|NAME|GLOB|FOLDER]...")
@click.option("--all", "all_", is_flag=True, help="Every connection file.")
@select_option
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    what: tuple[str, ...],
    all_: bool,
    labels: tuple[LabelTerm, ...],
    format_: str,
) -> int:
    """Seal files anew, under a new data key.

    For the same recipients as before; 'reconcile updatekeys' changes those. Which
    values are sealed, and what the MAC covers, follows .sops.yaml. The credentials
    stay what they are: change them at the provider when somebody may know them. Every
    file is tried, a failure does not hold back the others.
    """
    from reconciler.cli.finding import files_of
    from reconciler.cli.sealing import each_file, rotate_file, show_outcomes

    if bool(what) == all_ and not (labels and not what):
        raise click.UsageError(
            "say what to rotate: files, names, patterns, folders, --label or --all"
        )
    app = console.app()
    files = files_of(app, what or (app.settings.connections,), labels)
    outcomes, code = each_file(
        console,
        files,
        lambda file: rotate_file(app, file),
        words=("rotating", "rotated"),
    )
    show_outcomes(console, outcomes, format_)
    return code
