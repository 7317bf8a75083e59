"""`reconcile alerts test`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "test", epilog=example("reconcile alerts test", "reconcile alerts test ops")
)
@click.argument("channel", required=False)
@format_option()
@click.pass_obj
def command(console: Console, /, *, channel: str | None, format_: str) -> int:
    """Send a test message to one channel, or to each.

    Addresses and keys are read as the daemon reads them, from the environment and
    files of whoever runs this.
    """
    from reconciler.core.outcome import ExitCode
    from reconciler.notifying import send_test
    from reconciler.report.alert_list import deliveries_human, deliveries_json

    app = console.app()
    tried = send_test(app, channel)
    if format_ == "json":
        console.result(deliveries_json(tried))
    else:
        console.result(deliveries_human(tried, color=console.color))
    return ExitCode.ERROR if any(tried.values()) else ExitCode.DONE
