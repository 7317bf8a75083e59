"""The daemon from the command line: its log, its loop, its exit code."""

from __future__ import annotations

import uuid

from reconciler.cli.console import Console
from reconciler.cli.planning import Asked, request_for
from reconciler.core.outcome import ExitCode
from reconciler.wiring import App, scrubbed


def run_daemon(
    console: Console, app: App, *, once: bool, yes: bool, log_format: str
) -> ExitCode:
    """Run the daemon to its end."""
    from reconciler.daemon.cycle import Wish
    from reconciler.daemon.hosting import Daemon, Options
    from reconciler.daemon.logs import begin_log, end_log
    from reconciler.daemon.notifying import Notifier
    from reconciler.daemon.running import run_on_a_loop

    run_id = uuid.uuid4().hex
    wish = Wish(request=lambda now: request_for(now, Asked()), agreed=yes, waits=once)
    options = Options(
        wish=wish,
        run_id=run_id,
        once=once,
        notifier=Notifier.of(console.environment),
    )
    handler = begin_log(
        log_format, run_id=run_id, clean=scrubbed, verbose=console.verbose
    )
    try:
        return run_on_a_loop(Daemon(app, options).run())
    finally:
        end_log(handler)
