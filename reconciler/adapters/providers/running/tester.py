"""Run many tests side by side, each on its own: one failure touches no other.

The pipeline is plain functions; the asyncio of the libraries ends here. One event
loop and one network live as long as a run. What is limited: tests in flight over
all, tests of one provider (exchanges count per address), and how long a running
test may go on after a stop was asked for.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reconciler.adapters.providers.running.gate import Gate, Shared
from reconciler.adapters.providers.running.job import JobTest
from reconciler.adapters.providers.running.loops import quiet_runner, rare_collections
from reconciler.core.ports import Adapter, Clock, Job, Observer, Unsealer
from reconciler.core.verdict import Verdict

DEFAULT_LIMIT = 32
STOP_GRACE_S = 5.0
_STOP_POLL_S = 0.1
_GROUP = 32
_GROUP_S = 0.1
"""Results are told in groups of so many, or after so long: each costs a disk wait."""
_CONNECTIONS_PER_TEST = 2

Decide = Callable[[Job, Verdict], None]
Keep = Callable[[], None]


class Stop(Protocol):
    """What says that the run shall end; a `threading.Event` does."""

    def is_set(self) -> bool:
        """Tell whether to stop."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrentTester:
    """The pipeline's `Tester`.

    `adapters` is called when the first test begins; `limit` tests run at once.
    Tests that run when a stop is asked for have `grace_s` seconds to end. `references`
    tell whether our network is up, and `shared` what is known of limits and keys.
    """

    adapters: Callable[[], Mapping[str, Adapter]]
    unsealer: Unsealer
    clock: Clock
    sandbox: Path | None = None
    limit: int = DEFAULT_LIMIT
    vantage: str = ""
    stop: Stop | None = None
    observer: Observer | None = None
    proxy: str | None = None
    allow: Sequence[str] = ()
    cache: Path | None = None
    trace: Callable[[str], None] | None = None
    grace_s: float = STOP_GRACE_S
    references: Sequence[str] = ()
    ask_every_s: float = 10.0
    shared: Shared = field(default_factory=lambda: Shared.of(time.monotonic))

    def run(
        self, jobs: Sequence[Job], *, decide: Decide, keep: Keep | None = None
    ) -> Sequence[Job]:
        """Test every job, calling `decide` in this thread soon after each is done.

        `keep` is called after each group of results, and only then are they told to
        the observer. Returns the jobs that were not tested because a stop was asked
        for, in the order given. What `decide` or `keep` raises ends the run and is
        raised here.
        """
        if not jobs:
            return ()
        if self.observer is not None:
            self.observer.started(len(jobs))
        with rare_collections(), quiet_runner() as runner:
            return runner.run(self._run(jobs, _Tell(decide, keep, self.observer)))

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[JobTest]:
        """Yield what tests one job, over a network that is open meanwhile."""
        from reconciler.adapters.connectivity import Outlook
        from reconciler.adapters.providers.network.session import open_network

        async with open_network(
            self.sandbox,
            clock=self.clock,
            vantage=self.vantage,
            proxy=self.proxy,
            allow=self.allow,
            cache=self.cache,
            trace=self.trace,
            limit=max(1, self.limit) * _CONNECTIONS_PER_TEST,
        ) as network:
            outlook = Outlook(network, self.references, interval_s=self.ask_every_s)
            network.exits.append(outlook.close)
            yield JobTest(
                adapters=self.adapters(),
                unsealer=self.unsealer,
                clock=self.clock,
                network=network,
                gate=Gate(outlook, self.shared),
                vantage=self.vantage,
                trace=self.trace,
            )

    async def _run(self, jobs: Sequence[Job], tell: _Tell) -> Sequence[Job]:
        async with self.opened() as test:
            crew = _Crew(tester=self, test=test, queue=_Queue(jobs))
            await crew.work(tell)
        return tuple(job for job in jobs if id(job) not in crew.done)


@dataclass(frozen=True, slots=True)
class _Tell:
    """Who hears of results, in this order."""

    decide: Decide
    keep: Keep | None
    observer: Observer | None

    def of(self, results: Sequence[tuple[Job, Verdict]]) -> None:
        """Tell of a group of results."""
        try:
            for job, verdict in results:
                self.decide(job, verdict)
        finally:
            if self.keep is not None:
                self.keep()
        if self.observer is not None:
            for job, verdict in results:
                self.observer.finished(job.connection.name, passed=verdict.passed)


class _Queue:
    """Jobs in order by provider; whoever has fewest under way goes first.

    So a fleet asks its providers side by side: none is pressed while the others
    wait, and each needs few connections.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._waiting: dict[str, deque[Job]] = {}
        self._running: Counter[str] = Counter()
        for job in jobs:
            self._waiting.setdefault(job.connection.provider, deque()).append(job)

    def take(self, limit_of: Callable[[str], int]) -> Job | None:
        """Return the next job that may start now, None when there is none."""
        free = [
            provider
            for provider, jobs in self._waiting.items()
            if self._running[provider] < limit_of(jobs[0].connection.type)
        ]
        if not free:
            return None
        provider = min(free, key=self._running.__getitem__)
        jobs = self._waiting[provider]
        self._running[provider] += 1
        job = jobs.popleft()
        if not jobs:
            del self._waiting[provider]
        return job

    def release(self, job: Job) -> None:
        """Give a finished job's place back."""
        self._running[job.connection.provider] -= 1


class _Crew:
    """The tests of one run, in flight and to come."""

    def __init__(
        self, *, tester: ConcurrentTester, test: JobTest, queue: _Queue
    ) -> None:
        self._tester = tester
        self._test = test
        self._queue = queue
        self._tasks: dict[asyncio.Task[Verdict], Job] = {}
        self._finished: list[tuple[Job, Verdict]] = []
        self._tell_at: float | None = None
        self._woken: asyncio.Future[None] | None = None
        self.done: set[int] = set()

    async def work(self, tell: _Tell) -> None:
        """Run everything, or what can end in time once a stop is asked for."""
        try:
            while not self._stopping() and self._start():
                await self._wait(_STOP_POLL_S)
                if tell.keep is None or self._is_due():
                    self._tell(tell)
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._tester.grace_s)
                await asyncio.sleep(0)  # until the last one's callback ran, too
        finally:
            self._tell(tell)
            await self._abandon()

    def _stopping(self) -> bool:
        return self._tester.stop is not None and self._tester.stop.is_set()

    def _start(self) -> bool:
        """Fill the free places; return whether anything is running."""
        while len(self._tasks) < max(1, self._tester.limit):
            job = self._queue.take(self._test.limit_of)
            if job is None:
                break
            task = asyncio.get_running_loop().create_task(self._test.of(job))
            self._tasks[task] = job
            task.add_done_callback(self._ended)
        return bool(self._tasks)

    def _ended(self, task: asyncio.Task[Verdict]) -> None:
        job = self._tasks.pop(task)
        self._queue.release(job)
        self._wake()
        if task.cancelled():
            return
        self._finished.append((job, task.result()))
        if self._tell_at is None:
            self._tell_at = asyncio.get_running_loop().time() + _GROUP_S

    async def _wait(self, seconds: float) -> None:
        """Wait until a test ends, a group is due, or the time is over."""
        loop = asyncio.get_running_loop()
        self._woken = loop.create_future()
        timer = loop.call_later(min(seconds, self._until_due()), self._wake)
        try:
            await self._woken
        finally:
            timer.cancel()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def _until_due(self) -> float:
        if self._tell_at is None:
            return _STOP_POLL_S
        return max(0.0, self._tell_at - asyncio.get_running_loop().time())

    def _is_due(self) -> bool:
        return len(self._finished) >= _GROUP or not self._until_due()

    def _tell(self, tell: _Tell) -> None:
        finished, self._finished, self._tell_at = self._finished, [], None
        self.done.update(id(job) for job, _ in finished)
        if finished:
            tell.of(finished)

    async def _abandon(self) -> None:
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
