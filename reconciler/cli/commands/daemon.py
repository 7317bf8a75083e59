"""`reconcile daemon`."""

from __future__ import annotations

from pathlib import Path

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
    "--listen",
    metavar="HOST:PORT",
    help="Serve the API and the status page there; port 0 takes any that is free, "
    "'systemd' the socket of a socket unit.",
)
@click.option(
    "--tls-certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Listen with TLS: the certificate and what signed it, as PEM.",
)
@click.option(
    "--tls-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The certificate's private key, as PEM.",
)
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
def command(  # noqa: PLR0913  # one parameter per option
    console: Console,
    /,
    *,
    once: bool,
    yes: bool,
    listen: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    parallelism: int | None,
    log_format: str,
) -> int:
    """Follow the files, and test what runs on its schedule.

    Applies what changes as 'apply' does, with the same guards: a plan that is refused
    is not applied, and what ran keeps running. Tests everything at its interval, and
    writes the report after each cycle. SIGTERM lets running tests end; SIGHUP reads
    settings, keys and files anew.
    """
    from reconciler.cli.hosting import Asked, run_daemon

    if once and listen:
        raise click.UsageError("--once ends before anybody could look: no --listen")
    console.announce_network()
    app = console.app(parallelism=parallelism)
    asked = Asked(
        once=once,
        yes=yes,
        log_format=log_format,
        listen=listen,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
    )
    return run_daemon(console, app, asked)
