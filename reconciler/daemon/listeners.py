"""Whoever is told of what the daemon does; what one of them raises stops nobody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reconciler.core.run import RunReport
from reconciler.daemon.board import Board
from reconciler.daemon.events import Listener, Tested
from reconciler.wiring import App

logger = logging.getLogger(__name__)

Renewed = Callable[[App], None]
"""Called with the outside world, after a reload or after the files were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Those who hear of results and reports, of new settings and of read files."""

    board: Board
    hearing: list[Listener] = field(default_factory=list)
    on_renewed: list[Renewed] = field(default_factory=list)
    on_read: list[Renewed] = field(default_factory=list)

    def tested(self, results: Sequence[Tested]) -> None:
        """Tell of results that were committed."""
        self._tell(lambda listener: listener.tested(results))

    def reported(self, report: RunReport) -> None:
        """Tell of a report that was written."""
        self._tell(lambda listener: listener.reported(report))

    def renewed(self, app: App) -> None:
        """Tell of new settings and keys."""
        for take in self.on_renewed:
            take(app)

    def files_were_read(self, app: App) -> None:
        """Tell that the files were read."""
        for take in self.on_read:
            take(app)

    def _tell(self, tell: Callable[[Listener], None]) -> None:
        for listener in self.hearing:
            try:
                tell(listener)
            except Exception as error:  # noqa: BLE001 - who listens stops nobody
                self.board.count("panics")
                extra = {"exception": type(error).__qualname__}
                logger.error("listener failed", extra=extra)  # noqa: TRY400
