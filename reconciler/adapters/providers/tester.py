"""Run many tests side by side, each on its own: one failure touches no other.

The pipeline is plain functions; the asyncio of the libraries ends here. One event
loop and one network live as long as a run. What is limited: tests in flight over
all, tests of one provider (exchanges count per address), and how long a running
test may go on after a stop was asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from reconciler.adapters.providers.loops import (
    panics_as_errors,
    quiet_runner,
    rare_collections,
    unseal_job,
)
from reconciler.adapters.providers.redaction import Scrubber, make_scrubber
from reconciler.adapters.providers.registry import find_adapter
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError, SecretError
from reconciler.core.ports import (
    Adapter,
    Clock,
    Job,
    Observer,
    Unsealer,
)
from reconciler.core.secret import Credentials
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

DEFAULT_LIMIT = 32
STOP_GRACE_S = 5.0
_STOP_POLL_S = 0.1
_GROUP = 32
_GROUP_S = 0.1
"""Results are told in groups of so many, or after so long: each costs a disk wait."""
_CONNECTIONS_PER_TEST = 2
_MAX_REASON_CHARS = 1_000
_NO_DATA_KEY = 128
"""What sops, and our `SecretError`, say when no key opens the file."""
_SEAL_AGAIN = "restore the file from Git, or seal its credentials again"

T = TypeVar("T")
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
    Tests that run when a stop is asked for have `grace_s` seconds to end.
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

    async def _run(self, jobs: Sequence[Job], tell: _Tell) -> Sequence[Job]:
        from reconciler.adapters.providers.network import open_network

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
            crew = _Crew(tester=self, network=network, queue=_Queue(jobs))
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
    """Jobs in order by provider; one at its limit lets the others go first."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._waiting: dict[str, deque[Job]] = {}
        self._running: Counter[str] = Counter()
        for job in jobs:
            self._waiting.setdefault(job.connection.provider, deque()).append(job)

    def take(self, limit_of: Callable[[Job], int]) -> Job | None:
        """Return the next job that may start now, None when there is none."""
        for provider, jobs in self._waiting.items():
            if self._running[provider] < limit_of(jobs[0]):
                job = jobs.popleft()
                self._running[provider] += 1
                if not jobs:
                    del self._waiting[provider]
                return job
        return None

    def release(self, job: Job) -> None:
        """Give a finished job's place back."""
        self._running[job.connection.provider] -= 1


class _Crew:
    """The tests of one run, in flight and to come."""

    def __init__(
        self, *, tester: ConcurrentTester, network: object, queue: _Queue
    ) -> None:
        self._tester = tester
        self._network = network
        self._queue = queue
        self._adapters = tester.adapters()
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
            job = self._queue.take(self._limit_of)
            if job is None:
                break
            task = asyncio.get_running_loop().create_task(self._test(job))
            self._tasks[task] = job
            task.add_done_callback(self._ended)
        return bool(self._tasks)

    def _limit_of(self, job: Job) -> int:
        try:
            return max(1, self._adapters[job.connection.type].max_concurrency)
        except Exception:  # noqa: BLE001 - its test says what is wrong
            return 1

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

    async def _test(self, job: Job) -> Verdict:
        """Return the job's verdict; raises nothing but cancellation."""
        try:
            with panics_as_errors():
                unsealed = unseal_job(self._tester.unsealer, job)
        except SecretError as error:
            return self._failed(ProbeName.UNSEAL, _sealed(error))
        except Exception as error:  # noqa: BLE001 - the next job must not suffer
            return self._failed(ProbeName.UNSEAL, _bug(error, Scrubber()))
        try:
            with panics_as_errors():
                verdict = await self._ask(job.connection, unsealed.credentials)
        except ProviderError as error:
            scrub = make_scrubber(unsealed.credentials)
            diagnosis = scrub.clean_diagnosis(error.diagnosis)
            return self._failed(ProbeName.PUBLIC, diagnosis)
        except Exception as error:  # noqa: BLE001 - a plug-in's bug is its own
            scrub = make_scrubber(unsealed.credentials)
            return self._failed(ProbeName.PUBLIC, _bug(error, scrub))
        warnings = (unsealed.warning, *verdict.warnings)
        return replace(verdict, warnings=tuple(filter(None, warnings)))

    async def _ask(self, connection: Connection, credentials: Credentials) -> Verdict:
        adapter = find_adapter(connection.type, self._adapters)
        if self._tester.trace is not None:
            self._tester.trace(f"== {connection.name}")
        async with adapter.open(connection, credentials, self._network) as session:
            return await session.test()

    def _failed(self, name: ProbeName, diagnosis: Diagnosis) -> Verdict:
        probe = Probe(
            name=name,
            status=ProbeStatus.FAILED,
            detail=diagnosis.summary,
            diagnosis=diagnosis,
        )
        return Verdict(
            probes=(probe,), at=self._tester.clock.now(), vantage=self._tester.vantage
        )


def _sealed(error: SecretError) -> Diagnosis:
    """Return why a document stays sealed; our own sentence ends with what to do."""
    message = Scrubber().clean(error, limit=_MAX_REASON_CHARS)
    if error.code == _NO_DATA_KEY:
        return diagnose(Category.NO_KEY, evidence={"message": message})
    ends = (message.rpartition(mark)[2] for mark in (". ", "; ") if mark in message)
    fix = next(ends, _SEAL_AGAIN)
    return diagnose(Category.SEALED, fix=fix, evidence={"message": message})


def _bug(error: Exception, scrub: Scrubber) -> Diagnosis:
    evidence = {"exception": type(error).__qualname__}
    with contextlib.suppress(Exception):
        evidence["message"] = scrub.clean(error)
    return diagnose(
        Category.INTERNAL, detail=type(error).__qualname__, evidence=evidence
    )
