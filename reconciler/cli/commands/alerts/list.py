"""`reconcile alerts list`."""

from __future__ import annotations

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command("list", epilog=example("reconcile alerts list --format json"))
@format_option()
@click.pass_obj
def command(console: Console, /, *, format_: str) -> int:
    """Show channels, what waits there, and the incidents that are open.

    Reads what the daemon last wrote; no address is read or shown.
    """
    from reconciler.core.outcome import ExitCode
    from reconciler.notifying import alert_section, remembered_standing
    from reconciler.report.alert_list import alerts_human, alerts_json

    app = console.app()
    section = alert_section(app)
    standing = remembered_standing(app, section)
    kinds = {name: channel.kind for name, channel in section.channels.items()}
    if format_ == "json":
        console.result(alerts_json(standing, kinds))
    else:
        now = app.clock.now()
        console.result(alerts_human(standing, kinds, color=console.color, now=now))
    return ExitCode.ERROR if standing.problem else ExitCode.DONE
