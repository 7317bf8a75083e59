"""`reconcile validate`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.options import as_option, codes_of, example, format_option


@click.command(
    "validate",
    epilog=example(
        "reconcile validate connections.d/new.yaml",
        "reconcile validate --strict --base origin/main",
        "reconcile validate --format sarif -o problems.sarif",
    ),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--select",
    multiple=True,
    metavar="CODE",
    callback=codes_of,
    help="Tell only these warnings, such as R3 or R311; several are possible.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODE",
    callback=codes_of,
    help="Leave these warnings out; several are possible.",
)
@click.option(
    "--base",
    metavar="REV",
    help="Also tell what changed in sealed files since they left this commit.",
)
@click.option(
    "--actor",
    metavar="LOGIN",
    help="With --base: refuse what this person may not change, by policy.yaml.",
)
@click.option(
    "--allow-unset",
    is_flag=True,
    help="Take variables that are not set here for unknown, not for wrong.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write the format to a file, and human text to stdout.",
)
@as_option
@format_option("github", "sarif", "junit")
@click.pass_obj
def command(  # noqa: PLR0913  # what can be asked for
    console: Console,
    /,
    *,
    files: tuple[Path, ...],
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    base: str | None,
    actor: str | None,
    allow_unset: bool,
    output: Path | None,
    as_login: str,
    format_: str,
) -> int:
    """Find every problem in the files, or in FILES only.

    Works without a key, a store or a network. Ends with 3 when a file is invalid.
    In a pull request, --base origin/main warns of sealed credentials that would go
    elsewhere, of old ones that are back, and of whoever can open a file now.
    'reconcile explain CODE' tells what a code means. Errors are always told; a warning
    can be allowed for a time by a comment in its file.
    """  # fmt: skip
    from reconciler.cli.judging import is_wrong, judge_all, note_empty
    from reconciler.cli.problems import Problems, chosen
    from reconciler.core.outcome import ExitCode
    from reconciler.report.text import count

    if actor and not base:
        raise click.UsageError("--actor needs --base: whose policy, and since when?")
    app = console.app(as_login=as_login, allow_unset=allow_unset)
    read = judge_all(app, files, base=base, actor=actor)
    found = chosen(read, select=select, ignore=ignore)
    view = Problems(console=console, app=app, found=found, strict=strict)
    if output and str(output) != "-":
        view.write(output, format_)
        format_ = "human"
    console.result(view.text(format_))
    if format_ == "human":
        console.say(f"{count(found.files, 'file')} read.")
        note_empty(console, app, found)
        if found.diagnostics:
            code = min(found.diagnostics, key=lambda one: one.sort_key).code
            console.say(f"'reconcile explain {code}' tells more of a problem.")
    wrong = is_wrong(found.diagnostics, strict=strict)
    return ExitCode.INVALID if wrong else ExitCode.DONE
