"""Results go into the store in groups; a store that refuses gets them later.

A result waits here until it lies in the store. Its connection counts as being tested
for so long, so that a full disk slows the tests down and loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reconciler.core.errors import StateError
from reconciler.core.outcome import Outcome
from reconciler.core.ports import StoreInfo
from reconciler.core.record import Record
from reconciler.core.settle import Settled
from reconciler.daemon.board import Board
from reconciler.daemon.loop.world import World
from reconciler.retesting import keep_results

logger = logging.getLogger(__name__)

GROUP_S = 0.1
"""Results of so long are committed together: each commit waits for the disk."""
_MOST = 200
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    record: Record
    settled: Settled
    kept: asyncio.Future[Outcome]


@dataclass(slots=True, kw_only=True)
class Keeper:
    """Commits results, the oldest first; tries again until the store takes them."""

    world: Callable[[], World]
    board: Board
    committed: Callable[[StoreInfo], None]
    """Hears, where the commits are made, where the store stands after each."""
    _waiting: list[_Result] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None

    @property
    def unsaved(self) -> int:
        """Return how many results are not in the store yet."""
        return len(self._waiting)

    async def keep(self, record: Record, settled: Settled) -> Outcome:
        """Return the outcome once it is in the store, or why it does not count."""
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append(_Result(record=record, settled=settled, kept=kept))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._work())
        return await kept

    async def close(self) -> None:
        """Give up what is still waiting."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for result in self._waiting:
            result.kept.cancel()

    async def _work(self) -> None:
        wait_s = _FIRST_WAIT_S
        await asyncio.sleep(GROUP_S)
        while self._waiting:
            group = self._waiting[:_MOST]
            if await self._commit(group):
                del self._waiting[: len(group)]
                wait_s = _FIRST_WAIT_S
            else:
                await asyncio.sleep(wait_s)
                wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    async def _commit(self, group: Sequence[_Result]) -> bool:
        """Commit a group; False when the store refuses for now."""
        world = self.world()
        results = [(one.record, one.settled) for one in group]
        try:
            with self.board.stage("commit"):
                outcomes = await world.offload(
                    keep_results,
                    world.ports.store,
                    results,
                    committed=self.committed,
                )
        except StateError as error:
            self.board.count("commits_refused")
            said = f"the store refuses results, which wait: {error}"
            if self.board.problems.get("store") != said:
                logger.warning("results not committed", extra={"error": str(error)})
            self.board.problem("store", said)
            return False
        except Exception as error:  # noqa: BLE001 - one odd record holds nobody up
            return await self._apart(group, error)
        self.board.problem("store", "")
        for one, outcome in zip(group, outcomes, strict=True):
            if not one.kept.done():
                one.kept.set_result(outcome)
        return True

    async def _apart(self, group: Sequence[_Result], error: Exception) -> bool:
        """Commit one by one; the result that no store can take is given up."""
        if len(group) > 1:
            return all([await self._commit([one]) for one in group])
        self.board.count("panics")
        logger.error("result lost", extra={"exception": type(error).__qualname__})
        if not group[0].kept.done():
            group[0].kept.set_exception(error)
        return True
