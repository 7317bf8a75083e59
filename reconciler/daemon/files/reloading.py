"""Settings and keys read anew; what is wrong with them leaves the last good ones."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.errors import DocumentError, ReconcilerError
from reconciler.core.settings import DEFAULT_FILE
from reconciler.core.structured import problems_of_parts
from reconciler.daemon.board import Board
from reconciler.wiring import App

logger = logging.getLogger(__name__)

PART = "settings"


@dataclass(slots=True, kw_only=True)
class Reloader:
    """Knows when to read the settings anew. Used from one thread.

    `force` makes the next look read them although the file did not change: keys and
    what is installed may have.
    """

    board: Board
    force: bool = False
    _digest: str = ""

    def begin(self, app: App) -> None:
        """Take note of the settings that hold now."""
        self._digest = _digest_of(app)
        require_good(app)

    def fresh(self, app: App) -> App | None:
        """Return a new outside world when there is one to take, None otherwise."""
        digest = _digest_of(app)
        if digest == self._digest and not self.force:
            return None
        self._digest, self.force = digest, False
        renewed = app.renewed()
        try:
            require_good(renewed)
            _require_same_store(app, renewed)
        except ReconcilerError as error:
            self.board.reload_ok = False
            said = f"the new settings are not taken, the last good ones hold: {error}"
            self.board.problem(PART, said)
            logger.warning("settings refused", extra={"error": str(error)})
            return None
        self.board.reload_ok = True
        self.board.reloaded_at = app.clock.now()
        self.board.problem(PART, "")
        logger.info("settings taken")
        return renewed


def require_good(app: App) -> None:
    """Raise `DocumentError` for settings with a problem in any of their parts."""
    if found := problems_of_parts(app.settings.source):
        raise DocumentError(found)


def _require_same_store(app: App, renewed: App) -> None:
    if renewed.state_url != app.state_url:
        raise ReconcilerError("another 'state' is only taken by a restart")


def _digest_of(app: App) -> str:
    choices = app.choices
    path = choices.directory / (choices.config or Path(DEFAULT_FILE))
    with contextlib.suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""
