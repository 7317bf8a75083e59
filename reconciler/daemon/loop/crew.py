"""The tests in flight: each alone, bounded in number and time, each ending in a result.

Whatever an adapter does, its test ends: what it raises is counted, and what hangs is
given up. What a machine could not test leaves no result, and is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.due import is_tested
from reconciler.core.errors import (
    DocumentError,
    InputError,
    ReconcilerError,
    StateError,
)
from reconciler.core.outcome import Outcome
from reconciler.core.ports import Job
from reconciler.core.record import Record, Result, Status, suspension_of
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from reconciler.daemon.board import Board
from reconciler.daemon.events import Listener, Tested
from reconciler.daemon.loop.dispatching import Dispatcher, Work
from reconciler.daemon.loop.fleet import Fleet
from reconciler.daemon.loop.keeping import Keeper
from reconciler.daemon.loop.world import World
from reconciler.daemon.process.tracks import track
from reconciler.retesting import job_of, settled_of, unreadable

logger = logging.getLogger(__name__)

LONGEST_TEST_S = 600.0
"""Every test has limits of its own; this one is for an adapter that breaks them."""
_GIVE_UP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody waits for a test of what runs; `answer` gets its outcome."""

    who: str
    answer: asyncio.Future[Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The test of a changed file; `answer` is called on the loop, None: not tested."""

    job: Job
    answer: Callable[[Verdict | None], None]


@dataclass(slots=True, kw_only=True)
class Crew:
    """Takes work from the queue and makes the tests."""

    world: Callable[[], World]
    queue: Dispatcher
    keeper: Keeper
    fleet: Fleet
    board: Board
    listener: Listener
    wake: Callable[[], None]
    longest_s: float = LONGEST_TEST_S
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    submitted: dict[str, Submitted] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self) -> None:
        """Fill the free places."""
        while len(self._tasks) < max(1, self.world().parallelism):
            work = self.queue.take()
            if work is None:
                return
            task = asyncio.get_running_loop().create_task(self._make(work))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
            self.board.moved()

    async def drain(self, grace_s: float, hurry: asyncio.Event) -> None:
        """Let running tests end for so long, then give them up; nothing new starts."""
        for name in list(self.submitted):
            self._refuse(name)
        for asked in self.asked.values():
            _fail(asked, StateError("the daemon stops; ask again when it runs"))
        self.asked.clear()
        if self._tasks:
            hurried = asyncio.ensure_future(hurry.wait())
            ending = asyncio.ensure_future(asyncio.wait(self._tasks, timeout=grace_s))
            await asyncio.wait({hurried, ending}, return_when=asyncio.FIRST_COMPLETED)
            hurried.cancel()
            ending.cancel()
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _refuse(self, name: str) -> None:
        """Answer a submitted test that has not begun."""
        if self.queue.cancel((name, True)):
            self.submitted.pop(name).answer(None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.board.moved()
        self.wake()

    async def _make(self, work: Work) -> None:
        asked = [] if work.changed else self.asked.pop(work.name, [])
        try:
            with track():
                if work.changed:
                    await self._try_file(self.submitted.pop(work.name))
                else:
                    _answer(asked, await self._retest(work, asked))
        except ReconcilerError as error:
            self._again(work)
            _fail(asked, error)
        except Exception as error:  # noqa: BLE001 - one test never stops the others
            self._again(work)
            self.board.count("panics")
            logger.error("test broke off", extra=_about(work, error))  # noqa: TRY400
            _fail(asked, StateError("the test broke off; the daemon's log tells more"))
        finally:
            self.queue.done(work)
            _fail(asked, StateError("the daemon stops; ask again when it runs"))

    def _again(self, work: Work) -> None:
        """Plan another test of what runs: this one left no result."""
        if not work.changed:
            self.fleet.again(work.name, self.world().ports.clock.now())

    async def _try_file(self, submitted: Submitted) -> None:
        verdict: Verdict | None = None
        try:
            verdict = await self._verdict(submitted.job)
        finally:
            submitted.answer(verdict)

    async def _retest(self, work: Work, asked: list[Asked]) -> Outcome | None:
        """Test what runs and keep the result; None when it is not to be tested."""
        world = self.world()
        record = await world.offload(world.ports.store.get, work.name)
        now = world.ports.clock.now()
        if record is None or not may_test(record, asked=bool(asked), now=now):
            _fail(asked, InputError(f"'{work.name}' does not run; see its status"))
            if record is not None:
                self.fleet.learn(record, world)
            return None
        ports = world.ports
        if asked:
            ports = replace(ports, who=lambda: asked[0].who)
        try:
            job = await world.offload(job_of, ports, record)
        except DocumentError as error:
            self._again(work)
            return self._told(record, record, unreadable(record, error))
        verdict = await self._verdict(job)
        settled = settled_of(ports, record, verdict)
        outcome = await self.keeper.keep(record, settled)
        if settled.record is None or outcome.result is Result.SKIPPED:
            self._again(work)
            return self._told(record, record, outcome)
        after = record
        if settled.record is not record:
            after = replace(settled.record, version=record.version + 1)
        self.fleet.learn(after, world)
        if outcome.result is Result.FAILED:
            self._again(work)
        return self._told(record, after, outcome)

    def _told(self, before: Record, after: Record, outcome: Outcome) -> Outcome:
        word = "passed" if outcome.result is Result.APPLIED else "failed"
        if outcome.result in {Result.SKIPPED, Result.FAILED}:
            word = "untested"
        self.board.count(f"tests_{word}")
        logger.info(
            "test finished",
            extra={
                "connection": before.name,
                "result": outcome.result.value,
                "category": outcome.diagnosis.category if outcome.diagnosis else None,
            },
        )
        try:
            one = Tested(before=before, after=after, outcome=outcome)
            self.listener.tested([one])
        except Exception as error:  # noqa: BLE001 - who listens stops nobody
            self.board.count("panics")
            logger.error(  # noqa: TRY400 - its text could hold anything
                "listener failed", extra={"exception": type(error).__qualname__}
            )
        return outcome

    async def _verdict(self, job: Job) -> Verdict:
        world = self.world()
        began = world.ticks()
        task = asyncio.ensure_future(world.tester.of(job))
        try:
            done, _ = await asyncio.wait({task}, timeout=self.longest_s)
        except asyncio.CancelledError:
            task.cancel()
            raise
        self.board.stages["test"] = world.ticks() - began
        if done:
            return task.result()
        task.cancel()
        await asyncio.wait({task}, timeout=_GIVE_UP_S)
        self.board.count("tests_given_up")
        return _hanging(world, self.longest_s)


def may_test(record: Record, *, asked: bool, now: datetime) -> bool:
    """Tell whether to test it: somebody who asks may have mended a terminal fault.

    What is suspended is left alone, whoever asks.
    """
    runs = record.active is not None and record.status is not Status.INACTIVE
    wanted = runs if asked else is_tested(record)
    return wanted and suspension_of(record, now=now) is None


def _hanging(world: World, seconds: float) -> Verdict:
    diagnosis = diagnose(
        Category.TIMEOUT, detail=f"the test did not end within {seconds:.0f} s"
    )
    probe = Probe(
        name=ProbeName.PUBLIC,
        status=ProbeStatus.FAILED,
        detail=diagnosis.summary,
        diagnosis=diagnosis,
    )
    return Verdict(probes=(probe,), at=world.ports.clock.now())


def _answer(asked: list[Asked], outcome: Outcome | None) -> None:
    for one in asked:
        if outcome is not None and not one.answer.done():
            one.answer.set_result(outcome)


def _fail(asked: list[Asked], error: Exception) -> None:
    for one in asked:
        if not one.answer.done():
            one.answer.set_exception(error)


def _about(work: Work, error: Exception) -> dict[str, str]:
    return {"connection": work.name, "exception": type(error).__qualname__}
