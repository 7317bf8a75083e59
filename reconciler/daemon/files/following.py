"""The Git repository that `daemon.source` names, followed before each cycle."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.adapters.git_follow import GitFollower, Upstream
from reconciler.core.daemon_settings import DaemonSection
from reconciler.core.errors import InputError
from reconciler.daemon.board import Board
from reconciler.wiring import App

logger = logging.getLogger(__name__)

PART = "source"


@dataclass(slots=True)
class Following:
    """Brings the newest revision; `why` tells what keeps it from doing so."""

    why: str = ""
    _known: dict[tuple[Upstream, Path], GitFollower] = field(default_factory=dict)

    def take_newest(self, app: App) -> None:
        """Let the files be those of the newest good revision, if one is followed.

        Raises:
            InputError: None could ever be taken, and why.
        """
        follower = self._follower(app)
        if follower is None:
            app.checkout, self.why = None, ""
            return
        try:
            app.checkout = follower.update()
        except InputError as error:
            if self.why != str(error):
                logger.warning("revision not taken", extra={"error": str(error)})
            self.why = str(error)
            app.checkout = follower.current()
            if app.checkout is None:
                raise
        else:
            self.why = ""

    def note(self, board: Board) -> None:
        """Note how it stands."""
        said = f"the last good revision runs, a newer one is not taken: {self.why}"
        board.problem(PART, said if self.why else "")
        if self.why:
            board.reload_ok = False
            board.revisions = replace(
                board.revisions, refused_at=board.clock.now(), why=self.why
            )

    def _follower(self, app: App) -> GitFollower | None:
        upstream = upstream_of(app)
        if upstream is None:
            return None
        key = upstream, app.daemon_folder / "source"
        if key not in self._known:
            self._known = {key: GitFollower(*key)}
        return self._known[key]


def upstream_of(app: App) -> Upstream | None:
    """Return what the settings want followed; None for the files that lie here."""
    source = app.part(DaemonSection).source
    if source is None:
        return None
    here = app.choices.directory
    return Upstream(
        url=source.git,
        branch=source.branch,
        directory=source.directory,
        needs=app.settings.connections,
        verify=source.verify == "signatures",
        allowed_signers=here / source.allowed_signers
        if source.allowed_signers
        else None,
        rewind=source.rewind,
    )


def every_s(app: App) -> float:
    """Return how often everything is read anew although nothing was heard."""
    section = app.part(DaemonSection)
    every: float = section.rescan
    return min(every, section.source.interval) if section.source else every
