"""`reconcile merge-driver`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command("merge-driver", epilog=example("reconcile merge-driver --install"))
@click.argument(
    "versions", nargs=-1, metavar="[BASE OURS THEIRS]", type=click.Path(path_type=Path)
)
@click.option("--install", is_flag=True, help="Tell Git of it, once in every clone.")
@click.option(
    "--marker-size",
    type=click.IntRange(min=1),
    default=7,
    metavar="N",
    help="How many signs a conflict marker has.",
)
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What the file is called in the repository.",
)
@click.pass_obj
def command(
    console: Console,
    *,
    versions: tuple[Path, ...],
    install: bool,
    marker_size: int,
    path: Path | None,
) -> int:
    """Merge two branches' edits of a sealed file, value by value.

    Git calls it, with the common ancestor and the two versions; the result replaces
    OURS. Exits with 1 when a conflict is left. With --install it writes the settings
    that Git needs into this clone; .gitattributes names the files.
    """
    from reconciler.cli.merging import install_driver, merge_files

    if install:
        if versions:
            raise click.UsageError("--install takes no files")
        return install_driver(console)
    if len(versions) != 3:  # noqa: PLR2004  # base, ours, theirs
        raise click.UsageError("give BASE, OURS and THEIRS, or --install")
    return merge_files(console, versions, path=path, marker_size=marker_size)
