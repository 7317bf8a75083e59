"""`reconcile daemon`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example


@click.command(
    "daemon",
    epilog=example(
        "reconcile daemon --listen 127.0.0.1:8080", "reconcile daemon --once"
    ),
)
@click.option(
    "--once", is_flag=True, help="Apply, test what is due, and end; for cron."
)
@click.option("--yes", is_flag=True, help="Agree beforehand to what goes away.")
@click.option(
    "--parallelism",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="How many tests run at the same time.",
)
@click.option(
    "--log-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How the log on stderr looks.",
)
@click.pass_obj
def command(
    console: Console,
    /,
    *,
    once: bool,
    yes: bool,
    parallelism: int | None,
    log_format: str,
) -> int:
    """Follow the files, and test what runs on its schedule.

    Applies what changes as 'apply' does, with the same guards: a plan that is refused
    is not applied, and what ran keeps running. Tests everything at its interval, and
    writes the report after each cycle. SIGTERM lets running tests end; SIGHUP reads
    settings, keys and files anew.
    """
    from reconciler.cli.hosting import run_daemon

    console.announce_network()
    app = console.app(parallelism=parallelism)
    return run_daemon(console, app, once=once, yes=yes, log_format=log_format)
