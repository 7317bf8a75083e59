"""The daemon from the command line: its log, its loop, its exit code."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import planning
from reconciler.cli.console import Console
from reconciler.core.outcome import ExitCode
from reconciler.wiring import App, scrubbed

if TYPE_CHECKING:
    from reconciler.daemon.http.server.listening import Listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of `daemon`."""

    once: bool
    yes: bool
    log_format: str
    listen: str | None = None
    tls_certificate: Path | None = None
    tls_key: Path | None = None

    def where(self, app: App) -> Listen | None:
        """Return where to listen, None for nowhere; the option wins over the settings.

        Raises:
            InputError: It is no address, or a certificate has no key.
            DocumentError: `http:` in the settings is invalid.
        """
        from reconciler.core.http_settings import HttpSection

        address = self.listen or app.part(HttpSection).listen
        if not address and (self.tls_certificate or self.tls_key):
            raise click.UsageError("a certificate is for --listen HOST:PORT")
        if not address or self.once:
            return None
        from reconciler.daemon.http.server.listening import listen_at

        return listen_at(
            address,
            certificate=self.tls_certificate,
            key=self.tls_key,
            environment=app.choices.environment,
        )


def run_daemon(console: Console, app: App, asked: Asked) -> ExitCode:
    """Run the daemon to its end."""
    from reconciler.daemon.files.cycle import Wish
    from reconciler.daemon.hosting import Daemon, Options
    from reconciler.daemon.process.logs import begin_log, end_log
    from reconciler.daemon.process.notifying import Notifier
    from reconciler.daemon.process.running import run_on_a_loop

    run_id = uuid.uuid4().hex
    wish = Wish(
        request=lambda now: planning.request_for(now, planning.Asked()),
        agreed=asked.yes,
        waits=asked.once,
    )
    options = Options(
        wish=wish,
        run_id=run_id,
        once=asked.once,
        listen=asked.where(app),
        notifier=Notifier.of(console.environment),
    )
    handler = begin_log(
        asked.log_format, run_id=run_id, clean=scrubbed, verbose=console.verbose
    )
    try:
        return run_on_a_loop(Daemon(app, options).run())
    finally:
        end_log(handler)
