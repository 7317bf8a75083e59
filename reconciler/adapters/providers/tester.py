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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from reconciler.adapters.providers.redaction import Scrubber, make_scrubber
from reconciler.adapters.providers.registry import find_adapter
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError, SecretError
from reconciler.core.ports import (
    Adapter,
    Ask,
    Clock,
    Job,
    Observer,
    Sample,
    Session,
    Unsealed,
    Unsealer,
)
from reconciler.core.secret import Credentials
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

DEFAULT_LIMIT = 32
STOP_GRACE_S = 5.0
_STOP_POLL_S = 0.1
_CONNECTIONS_PER_TEST = 2
_MAX_REASON_CHARS = 1_000
_NO_DATA_KEY = 128
"""What sops, and our `SecretError`, say when no key opens the file."""
_SEAL_AGAIN = "restore the file from Git, or seal its credentials again"

T = TypeVar("T")
Decide = Callable[[Job, Verdict], None]


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
    grace_s: float = STOP_GRACE_S

    def run(self, jobs: Sequence[Job], *, decide: Decide) -> Sequence[Job]:
        """Test every job, calling `decide` in this thread as each is done.

        Returns the jobs that were not tested because a stop was asked for, in the
        order given. What `decide` raises ends the run and is raised here.
        """
        if not jobs:
            return ()
        if self.observer is not None:
            self.observer.started(len(jobs))
        with _quiet_runner() as runner:
            return runner.run(self._run(jobs, decide))

    async def _run(self, jobs: Sequence[Job], decide: Decide) -> Sequence[Job]:
        from reconciler.adapters.providers.network import open_network

        async with open_network(
            self.sandbox,
            clock=self.clock,
            vantage=self.vantage,
            proxy=self.proxy,
            allow=self.allow,
            limit=max(1, self.limit) * _CONNECTIONS_PER_TEST,
        ) as network:
            crew = _Crew(tester=self, network=network, queue=_Queue(jobs))
            await crew.work(decide)
        return tuple(job for job in jobs if id(job) not in crew.done)


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
        self.done: set[int] = set()

    async def work(self, decide: Decide) -> None:
        """Run everything, or what can end in time once a stop is asked for."""
        try:
            while not self._stopping() and self._start():
                await self._collect(decide, wait_s=_STOP_POLL_S)
            if self._tasks:
                await self._collect(decide, wait_s=self._tester.grace_s, until_all=True)
        finally:
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
        return bool(self._tasks)

    def _limit_of(self, job: Job) -> int:
        try:
            return max(1, self._adapters[job.connection.type].max_concurrency)
        except Exception:  # noqa: BLE001 - its test says what is wrong
            return 1

    async def _collect(
        self, decide: Decide, *, wait_s: float, until_all: bool = False
    ) -> None:
        finished, _ = await asyncio.wait(
            self._tasks,
            timeout=wait_s,
            return_when=asyncio.ALL_COMPLETED if until_all else asyncio.FIRST_COMPLETED,
        )
        for task in finished:
            job = self._tasks.pop(task)
            self._queue.release(job)
            self.done.add(id(job))
            verdict = task.result()
            decide(job, verdict)
            if self._tester.observer is not None:
                self._tester.observer.finished(
                    job.connection.name, passed=verdict.passed
                )

    async def _abandon(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _test(self, job: Job) -> Verdict:
        """Return the job's verdict; raises nothing but cancellation."""
        try:
            with _panics_as_errors():
                unsealed = _unseal(self._tester.unsealer, job)
        except SecretError as error:
            return self._failed(ProbeName.UNSEAL, _sealed(error))
        except Exception as error:  # noqa: BLE001 - the next job must not suffer
            return self._failed(ProbeName.UNSEAL, _bug(error, Scrubber()))
        try:
            with _panics_as_errors():
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectSampler:
    """The pipeline's `Sampler`: one connection, one question."""

    adapters: Callable[[], Mapping[str, Adapter]]
    unsealer: Unsealer
    clock: Clock
    sandbox: Path | None = None
    allow: Sequence[str] = ()

    def sample(self, job: Job, ask: Ask) -> Sample:
        """Return what was asked for; raises `ProviderError` or `SecretError`."""
        unsealed = _unseal(self.unsealer, job)
        with _quiet_runner() as runner:
            return runner.run(self._sample(job.connection, unsealed, ask))

    async def _sample(
        self, connection: Connection, unsealed: Unsealed, ask: Ask
    ) -> Sample:
        from reconciler.adapters.providers.meter import Meter, metering
        from reconciler.adapters.providers.network import open_network

        adapter = self.adapters()[connection.type]
        async with (
            open_network(self.sandbox, clock=self.clock, allow=self.allow) as network,
            adapter.open(connection, unsealed.credentials, network) as session,
        ):
            with metering(Meter()) as meter:
                sample = await _answer(session, ask)
        return replace(sample, latency_ms=meter.latency_ms)


@contextlib.contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Turn a panic of a library in Rust, which is no `Exception`, into an error."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
    else:
        return
    raise RuntimeError("a library panicked")


def _quiet_runner() -> asyncio.Runner:
    """Return a runner whose loop tells nobody of what was left behind.

    asyncio would print the forgotten exception, and that may hold a signed URL.
    """
    runner = asyncio.Runner()
    runner.get_loop().set_exception_handler(lambda *_: None)
    return runner


async def _answer(session: Session, ask: Ask) -> Sample:
    sample = Sample()
    if ask.symbol and ask.timeframe:
        candles = await session.candles(
            ask.symbol, ask.timeframe, limit=ask.limit, since_ms=ask.since_ms
        )
        sample = replace(sample, candles=tuple(candles))
    if ask.symbol and ask.ticker:
        sample = replace(sample, ticker=await session.ticker(ask.symbol))
    if ask.symbols:
        sample = replace(sample, symbols=tuple(await session.symbols()))
    if ask.account:
        sample = replace(sample, account=await session.account())
    return sample


def _unseal(unsealer: Unsealer, job: Job) -> Unsealed:
    """Return a job's credentials; a public connection needs no key to be read."""
    if not job.connection.credential_names:
        return Unsealed(credentials={})
    return unsealer.unseal(job.text, file=job.file)


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
