"""`reconcile secrets status`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "status",
    epilog=example(
        "reconcile secrets status", "reconcile secrets status --exit-code 'binance-*'"
    ),
)
@click.argument("words", nargs=-1, metavar="[FILE|NAME|GLOB]...")
@click.option(
    "--exit-code", is_flag=True, help="End with 6 when a file has to be looked at."
)
@format_option()
@click.pass_obj
def command(
    console: Console, /, *, words: tuple[str, ...], exit_code: bool, format_: str
) -> int:
    """Show who opens the files, how old the secrets are, and what drifted.

    Compares the files with .sops.yaml and dates each credential by Git. Works
    without a key; with one, the bindings are checked too. -v tells everything.
    """
    from reconciler.cli.sealed_choosing import sealed_choice
    from reconciler.core.outcome import ExitCode
    from reconciler.report.secrets import secrets_human, secrets_json
    from reconciler.sealing import seals_of

    app = console.app()
    seals = seals_of(app, sealed_choice(app, words))
    if format_ == "json":
        console.result(secrets_json(seals))
    else:
        color, verbose = console.color, console.verbose or bool(words)
        now = app.clock.now()
        console.result(secrets_human(seals, color=color, verbose=verbose, now=now))
    unwell = exit_code and not all(one.is_well for one in seals)
    return ExitCode.UNHEALTHY if unwell else ExitCode.DONE
