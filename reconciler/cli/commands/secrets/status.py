"""`reconcile secrets status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option, select_option

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm


@click.command(
    "status",
    epilog=example(
        "reconcile secrets status", "reconcile secrets status --exit-code 'binance-*'"
    ),
)
@click.argument("words", nargs=-1, metavar="[FILE|NAME|GLOB]...")
@select_option
@click.option(
    "--exit-code", is_flag=True, help="End with 6 when a file has to be looked at."
)
@format_option()
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    words: tuple[str, ...],
    labels: tuple[LabelTerm, ...],
    exit_code: bool,
    format_: str,
) -> int:
    """Show who opens the files, how old the secrets are, and what drifted.

    Compares the files with .sops.yaml and dates each credential by Git. Works
    without a key; with one, the bindings are checked too. -v tells everything.
    """
    from reconciler.cli.finding import named_files
    from reconciler.core.outcome import ExitCode
    from reconciler.report.secrets import secrets_human, secrets_json
    from reconciler.sealing import seals_of

    app = console.app()
    seals = seals_of(app, named_files(app, words, labels))
    if format_ == "json":
        console.result(secrets_json(seals))
    else:
        color, verbose = console.color, console.verbose or bool(words or labels)
        now = app.clock.now()
        console.result(secrets_human(seals, color=color, verbose=verbose, now=now))
    unwell = exit_code and not all(one.is_well for one in seals)
    return ExitCode.UNHEALTHY if unwell else ExitCode.DONE
