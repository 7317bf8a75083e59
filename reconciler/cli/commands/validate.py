"""`reconcile validate`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "validate",
    epilog=example(
        "reconcile validate connections.d/new.yaml",
        "reconcile validate --strict --base origin/main",
    ),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--base",
    metavar="REV",
    help="Also tell what changed in sealed files since they left this commit.",
)
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    files: tuple[Path, ...],
    strict: bool,
    format_: str,
    base: str | None,
) -> int:
    """Find every problem in the files, or in FILES only.

    Works without a key, a store or a network. Ends with 3 when a file is invalid.
    In a pull request, --base origin/main warns of sealed credentials that would go
    elsewhere, of old ones that are back, and of whoever can open a file now.
    """  # fmt: skip
    from reconciler.cli.judging import excerpts_of, is_wrong, judge_all
    from reconciler.core.outcome import ExitCode
    from reconciler.report.diagnostics import diagnostics_human, diagnostics_json
    from reconciler.report.text import count

    found = judge_all(console.app(), files, base=base)
    if format_ == "json":
        console.result(diagnostics_json(found.diagnostics, files=found.files))
    else:
        texts = excerpts_of(found.diagnostics)
        said = diagnostics_human(found.diagnostics, texts=texts, color=console.color)
        console.result(said)
        console.say(f"{count(found.files, 'file')} read.")
    wrong = is_wrong(found.diagnostics, strict=strict)
    return ExitCode.INVALID if wrong else ExitCode.DONE
