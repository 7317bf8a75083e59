"""The alerts as a part of the daemon: hears results and reports, and ticks.

`attaching.attach_alerts` brings it up: it is one of the daemon's listeners, works in
`run` for as long as the daemon does, and takes new settings with `take`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from reconciler.adapters.documents import parse
from reconciler.core.errors import ReconcilerError, StateError
from reconciler.core.incidents.causes import Severity
from reconciler.core.incidents.observation import Observation, Trouble
from reconciler.core.incidents.recorded import Ways, observation_of, ways_of
from reconciler.core.record import Record
from reconciler.core.run import RunReport
from reconciler.daemon.alerting.alerting import Alerting
from reconciler.daemon.alerting.compose import alerting_of, ways_out_of
from reconciler.daemon.board import STUCK_S, Board
from reconciler.daemon.control import DaemonState
from reconciler.daemon.events import Tested
from reconciler.daemon.process.offloading import Offload
from reconciler.wiring import App

logger = logging.getLogger(__name__)

TICK_S: Final = 1.0
_READ_AT_ONCE: Final = 200
_FIXES: Final = {
    "settings": "correct reconcile.yaml; 'reconcile validate' tells what is wrong",
    "files": "run 'reconcile plan' there; it tells what is refused, and by which rule",
    "store": "look at the disk and the rights of the store; results wait until then",
    "store-read": "look at the store; 'reconcile doctor' says more",
    "report": "look at the disk and at the rights of the report's folder",
    "fetch": "look at the remote, at its address and at this machine's access to it",
}
_LOOK: Final = "look at the daemon's log and at /readyz"
_USUAL: Final = frozenset({"start"})
"""What is so for a while after every start is no trouble."""


class AlertService:
    """Hears of everything (`events.Listener`) and tells people.

    Args:
        app: The outside world.
        board: What the daemon knows of itself.
        state: What it says of itself (`Control.state`).
        offload: Runs what reads the store.
        account_of: What is equal for connections that use the same key, where known;
            it is compared in memory and kept nowhere.
    """

    def __init__(
        self,
        app: App,
        *,
        board: Board,
        state: Callable[[], DaemonState],
        offload: Offload,
        account_of: Callable[[str], str] = lambda _name: "",
    ) -> None:
        self._app = app
        self._board = board
        self._state = state
        self._offload = offload
        self._account_of = account_of
        self._ways: dict[str, tuple[str, Ways]] = {}
        self._wanted: set[str] = set()
        self.alerting: Alerting = alerting_of(app)

    def tested(self, results: Sequence[Tested]) -> None:
        """Take in results that were committed."""
        self.alerting.observe(self._observation(one.after) for one in results)

    def reported(self, report: RunReport) -> None:
        """Take in which connections there are; what changed is read from the store."""
        names = {row.name for row in report.connections if row.type}
        changed = {row.name for row in report.connections if row.outcome} & names
        for name in self._ways.keys() - names:
            del self._ways[name]
        self._wanted |= changed | self.alerting.unknown(names)
        self.alerting.keep_only(names)

    def take(self, app: App) -> None:
        """Go on with new settings; with the old ones when they cannot be used."""
        try:
            ways = ways_out_of(app)
        except ReconcilerError as error:
            said = f"the new settings of the alerts are not taken: {error}"
            self._board.problem("alerts", said)
            return
        self._app = app
        self.alerting.renew(ways)
        self._board.problem("alerts", "")

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set and once more, then let running deliveries end."""
        try:
            while not stop.is_set():
                await self._kept_tick()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await stop.wait()
            await self._kept_tick()
        finally:
            await self.alerting.aclose()

    async def tick(self) -> None:
        """Read what is wanted of the store, then decide and deliver."""
        await self._read()
        self.alerting.around(
            network_up=self._board.outage is None, troubles=_troubles(self._board)
        )
        await self.alerting.tick(moving=_moves(self._state()))
        self._board.alerts = self.alerting.standing()

    async def _kept_tick(self) -> None:
        """Tick; what goes wrong is told, and ends nothing."""
        try:
            await self.tick()
        except StateError:
            return  # the engine tells of the store; the next tick reads again
        except Exception as error:  # noqa: BLE001  # the next tick may do better
            self._board.count("panics")
            extra = {"part": "alerts", "exception": type(error).__qualname__}
            logger.error("part broke off", extra=extra)  # noqa: TRY400

    async def _read(self) -> None:
        while self._wanted:
            part = sorted(self._wanted)[:_READ_AT_ONCE]
            found = await self._offload(self._observed, part)
            self._wanted -= set(part)
            self.alerting.observe(found)

    def _observed(self, names: Sequence[str]) -> list[Observation]:
        records = (self._app.store.get(name) for name in names)
        return [self._observation(record) for record in records if record is not None]

    def _observation(self, record: Record) -> Observation:
        return observation_of(
            record,
            now=self._app.clock.now(),
            ways=self._way(record),
            account=self._account_of(record.name),
        )

    def _way(self, record: Record) -> Ways:
        """Return what the document says of its way; read once per revision."""
        if record.active is None:
            return Ways()
        known = self._ways.get(record.name)
        if known is None or known[0] != record.active.revision:
            source, _ = parse(record.active.text, file=record.active.file)
            known = record.active.revision, ways_of(source.data)
            self._ways[record.name] = known
        return known[1]


def _troubles(board: Board) -> list[Trouble]:
    """Return what keeps the daemon from working, and files that it cannot use."""
    found = [
        Trouble(kind=part, summary=sentence, fix=_FIXES.get(part, _LOOK))
        for part, sentence in board.problems.items()
        if part not in _USUAL
    ]
    refused = board.revisions
    if refused.why and not {"files", "settings"} & board.problems.keys():
        commit = f" of commit {refused.refused[:12]}" if refused.refused else ""
        found.append(
            Trouble(
                kind="invalid",
                summary=f"not all files{commit} are used: {refused.why}; what they "
                "declare stays as it was",
                fix="run 'reconcile validate' and correct what it tells",
                severity=Severity.WARNING,
            )
        )
    return found


def _moves(state: DaemonState) -> bool:
    """Tell whether the daemon's work moves: the heartbeat goes on only then."""
    since = state.queue.moved_at or state.started_at
    still_s = (state.now - since).total_seconds()
    return not (state.queue.waiting and still_s > STUCK_S)
