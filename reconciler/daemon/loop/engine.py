"""The loop: what is due, changed or asked for goes through one queue, for ever.

Level-based: it compares with the store, again and again, and remembers nothing that
a restart would need. Nothing that happens in a turn ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from reconciler.core.connectivity import Outage
from reconciler.core.errors import InputError, StateError
from reconciler.core.outcome import Outcome
from reconciler.core.ports import Job, StoreInfo
from reconciler.core.record import Record
from reconciler.core.verdict import Verdict
from reconciler.daemon.board import Board
from reconciler.daemon.control import DaemonState
from reconciler.daemon.events import Listener
from reconciler.daemon.loop.crew import Asked, Crew, Submitted, may_test
from reconciler.daemon.loop.dispatching import (
    Dispatcher,
    LocalDispatcher,
    Priority,
    Work,
)
from reconciler.daemon.loop.fleet import Fleet
from reconciler.daemon.loop.keeping import Keeper
from reconciler.daemon.loop.world import World

logger = logging.getLogger(__name__)

TICK_S = 2.0
"""How often the store is looked at, the clock compared and the watchdog fed."""
JUMP_S = 30.0
"""A clock that runs away from the monotonic one by more was set."""
GRACE_S = 10.0
_READ_AT_ONCE = 200
_LOOK_S = 0.02

Answer = Callable[[Job, Verdict | None], None]


class Engine:
    """Keeps everything tested; `world` may be replaced while it runs."""

    def __init__(
        self,
        world: World,
        *,
        board: Board,
        listener: Listener,
        queue: Dispatcher | None = None,
        beat: Callable[[], None] = lambda: None,
        spread: bool = True,
    ) -> None:
        """Take note of everything; nothing happens yet.

        Args:
            world: Ports and threads.
            board: Where it notes what happens.
            listener: Hears of results.
            queue: Where work waits; one of its own by default.
            beat: Called every turn.
            spread: Whether what is overdue in the beginning is spread over time.
        """
        self.world = world
        self.board = board
        self.fleet = Fleet()
        self.queue = queue if queue is not None else LocalDispatcher()
        self.keeper = Keeper(
            world=lambda: self.world, board=board, committed=self._saw_own
        )
        self.crew = Crew(
            world=lambda: self.world,
            queue=self.queue,
            keeper=self.keeper,
            fleet=self.fleet,
            board=board,
            listener=listener,
            wake=self.wake,
        )
        self.may_start: Callable[[], bool] = lambda: True
        self.hurry = asyncio.Event()
        self._beat = beat
        self._spread = spread
        self._woken = asyncio.Event()
        self._closing = False
        self._seen: tuple[str, int] | None = None
        self._synced_at: float | None = None
        self._moment: tuple[datetime, float] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._noted_up: bool | None = None

    async def run(self, stop: asyncio.Event, *, grace_s: float = GRACE_S) -> None:
        """Work until `stop` is set, then let running tests end for so long."""
        try:
            while not stop.is_set():
                await self._turn()
                await self._pause()
        finally:
            self._closing = True
            await self.crew.drain(grace_s, self.hurry)
            await self.keeper.close()
            if self._looking is not None:
                self._looking.cancel()
                await asyncio.gather(self._looking, return_exceptions=True)

    async def run_due(self, stop: asyncio.Event) -> None:
        """Test everything that is due now, once, and wait for it."""
        await self._sync()
        self._queue_due()
        while (self.queue.waiting or self.queue.running) and not stop.is_set():
            self.crew.start()
            await asyncio.sleep(_LOOK_S)

    def wake(self) -> None:
        """Let the next turn begin now."""
        self._woken.set()

    def submit(self, jobs: Sequence[Job], answer: Answer) -> None:
        """Test changed files before everything else; None answers: not tested."""
        for job in jobs:
            if self._closing:
                answer(job, None)
                continue
            name = job.connection.name
            self.crew.submitted[name] = Submitted(job=job, answer=partial(answer, job))
            self.queue.add(
                self._work(
                    name,
                    kind=job.connection.type,
                    provider=job.connection.provider,
                    priority=Priority.CHANGED,
                )
            )
        self.wake()

    async def test(self, name: str, *, who: str) -> Outcome:
        """Test what runs before everything that is merely due; wait for the outcome.

        Raises:
            InputError: Nothing of that name runs.
            StateError: The daemon stops.
        """
        record = await self.world.offload(self.world.ports.store.get, name)
        now = self.world.ports.clock.now()
        if record is None or not may_test(record, asked=True, now=now):
            raise InputError(f"'{name}' does not run; 'reconcile status' shows why")
        if self._closing:
            raise StateError("the daemon stops; ask again when it runs")
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.crew.asked.setdefault(name, []).append(Asked(who=who, answer=answer))
        self.queue.add(
            self._work(
                name,
                kind=record.type,
                provider=record.provider,
                priority=Priority.ASKED,
            )
        )
        self.wake()
        return await answer

    def state(self) -> DaemonState:
        """Return what the daemon says of itself; cheap, never blocks."""
        return self.board.state(self.queue)

    async def _turn(self) -> None:
        try:
            self._notice_jump()
            if self._is_time():
                await self._sync()
                self._look_at_network()
                self._beat()
            if self.may_start():
                self._queue_due()
            self.crew.start()
        except Exception as error:  # noqa: BLE001 - the next turn may do better
            self.board.count("panics")
            what = {"exception": type(error).__qualname__}
            logger.error("turn broke off", extra=what)  # noqa: TRY400

    async def _pause(self) -> None:
        """Wait until something happens, is due, or the next look is."""
        now_s = self.world.ports.clock.now().timestamp()
        next_at = self.fleet.table.next_at
        wait_s = TICK_S
        if next_at is not None and self.may_start():
            wait_s = min(wait_s, max(0.0, next_at - now_s))
        if not self._woken.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._woken.wait()
        self._woken.clear()

    def _is_time(self) -> bool:
        ticks = self.world.ticks()
        if self._synced_at is not None and ticks - self._synced_at < TICK_S:
            return False
        self._synced_at = ticks
        return True

    def _notice_jump(self) -> None:
        """Let everything due move with a clock that was set, one way or the other."""
        now, ticks = self.world.ports.clock.now(), self.world.ticks()
        if self._moment is not None:
            moment, before = self._moment
            by_s = (now - moment).total_seconds() - (ticks - before)
            if abs(by_s) > JUMP_S:
                self.fleet.shift(by_s)
                self.board.count("clock_jumps")
                logger.warning("the clock was set", extra={"by_s": round(by_s)})
        self._moment = now, ticks

    def _look_at_network(self) -> None:
        """Begin to find out how our own network does, unless that is under way."""
        if self._looking is None or self._looking.done():
            loop = asyncio.get_running_loop()
            self._looking = loop.create_task(self._see_network())

    async def _see_network(self) -> None:
        try:
            is_up = await self.world.tester.network_is_up()
        except Exception as error:  # noqa: BLE001 - the next look may do better
            self.board.count("panics")
            what = {"exception": type(error).__qualname__}
            logger.error("network not looked at", extra=what)  # noqa: TRY400
            return
        await self._know_network(is_up=is_up)

    async def _know_network(self, *, is_up: bool) -> None:
        """Let everybody know; what needs the network is judged by that at once."""
        was_up = self.board.outage is None
        if is_up is not was_up:
            since = self.world.ports.clock.now()
            self.board.outage = None if is_up else Outage(since=since)
        if is_up is not self._noted_up:
            # Tried again at the next look where the disk does not take it now.
            with contextlib.suppress(OSError):
                await self.world.offload(self.world.note_outage, self.board.outage)
                self._noted_up = is_up
        if is_up and not was_up:
            logger.info("our own network is back")
            self.fleet.reconnected(self.world)
            self.wake()
        elif was_up and not is_up:
            logger.warning("our own network is down; nothing is tested over it")

    async def _sync(self) -> None:
        """Take in what moved in the store since the last look."""
        world, spread = self.world, self._spread and self._seen is None
        store = world.ports.store
        try:
            info = await world.offload(store.info)
            if (info.lineage, info.sequence) == self._seen:
                return
            names = self.fleet.moved(await world.offload(store.heads))
            for start in range(0, len(names), _READ_AT_ONCE):
                part = names[start : start + _READ_AT_ONCE]
                for record in await world.offload(_read, world, part):
                    self.fleet.learn(record, world, spread=spread)
        except StateError as error:
            if "store-read" not in self.board.problems:
                logger.warning("store not read", extra={"error": str(error)})
            self.board.problem("store-read", f"the store cannot be read: {error}")
            return
        self._seen = (info.lineage, info.sequence)
        self.board.problem("store-read", "")

    def _saw_own(self, info: StoreInfo) -> None:
        """Take a commit of ours as seen, when nobody's came in between."""
        if self._seen == (info.lineage, info.sequence - 1):
            self._seen = info.lineage, info.sequence

    def _queue_due(self) -> None:
        now_s = self.world.ports.clock.now().timestamp()
        for name, since_s in self.fleet.table.take_due(now_s):
            known = self.fleet.known[name]
            work = self._work(
                name, kind=known.type, provider=known.provider, since_s=since_s
            )
            self.queue.add(work)

    def _work(
        self,
        name: str,
        *,
        kind: str,
        provider: str,
        priority: Priority = Priority.DUE,
        since_s: float | None = None,
    ) -> Work:
        now_s = self.world.ports.clock.now().timestamp()
        return Work(
            name=name,
            changed=priority is Priority.CHANGED,
            priority=priority,
            group=provider,
            limit=self.world.tester.limit_of(kind),
            since_s=now_s if since_s is None else since_s,
        )


def _read(world: World, names: Sequence[str]) -> list[Record]:
    found = (world.ports.store.get(name) for name in names)
    return [record for record in found if record is not None]
