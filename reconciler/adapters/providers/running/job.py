"""The test of one job over an open network; whatever happens becomes its verdict."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.adapters.providers.redaction import Scrubber, make_scrubber
from reconciler.adapters.providers.registry import AdapterError, find_adapter
from reconciler.adapters.providers.running.bugs import bug
from reconciler.adapters.providers.running.freshness import stale_at
from reconciler.adapters.providers.running.loops import panics_as_errors, unseal_job
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError, SecretError
from reconciler.core.ports import (
    Adapter,
    Ask,
    Clock,
    Job,
    Sample,
    Session,
    Unsealed,
    Unsealer,
)
from reconciler.core.secret import Credentials
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

if TYPE_CHECKING:
    from reconciler.adapters.providers.network.session import Network
    from reconciler.adapters.providers.running.gate import Gate

_MAX_REASON_CHARS = 1_000
_NO_DATA_KEY = 128
"""What sops, and our `SecretError`, say when no key opens the file."""
_SEAL_AGAIN = "restore the file from Git, or seal its credentials again"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTest:
    """Tests one job after another, or many at once, over one open network.

    Serves a run as well as a daemon's whole life: it holds nothing of a job that is
    done.
    """

    adapters: Mapping[str, Adapter]
    unsealer: Unsealer
    clock: Clock
    network: Network
    gate: Gate
    vantage: str = ""
    trace: Callable[[str], None] | None = None

    def limit_of(self, kind: str) -> int:
        """Return how many tests of one provider of a type may run side by side."""
        try:
            return _limit(self.adapters[kind])
        except Exception:  # noqa: BLE001 - its test raises the same, and tells it
            return 1

    async def network_is_up(self) -> bool:
        """Tell whether our own network is not known to be down; asks while it is."""
        return await self.gate.network_is_up()

    async def of(self, job: Job) -> Verdict:
        """Return the job's verdict; raises nothing but cancellation."""
        try:
            with panics_as_errors():
                unsealed = unseal_job(self.unsealer, job)
        except SecretError as error:
            return self._failed(ProbeName.UNSEAL, _sealed(error))
        except Exception as error:  # noqa: BLE001 - the next job must not suffer
            return self._failed(ProbeName.UNSEAL, bug(error, Scrubber()))
        test = partial(self._tested, job, unsealed)
        try:
            found = await self.gate.through(job, unsealed.credentials, test)
        except Exception as error:  # noqa: BLE001 - a file may hold anything
            scrub = make_scrubber(unsealed.credentials)
            return self._failed(ProbeName.READY, bug(error, scrub))
        if isinstance(found, Diagnosis):
            return self._failed(ProbeName.READY, found)
        return found

    async def _tested(self, job: Job, unsealed: Unsealed) -> Verdict:
        """Return what the provider makes of it; raises nothing but cancellation."""
        try:
            with panics_as_errors():
                verdict = await self._ask(job.connection, unsealed.credentials)
        except AdapterError as error:
            return self._failed(ProbeName.READY, _not_here(error))
        except ProviderError as error:
            scrub = make_scrubber(unsealed.credentials)
            diagnosis = scrub.clean_diagnosis(error.diagnosis)
            return self._failed(ProbeName.PUBLIC, diagnosis)
        except Exception as error:  # noqa: BLE001 - a plug-in's bug is its own
            scrub = make_scrubber(unsealed.credentials)
            return self._failed(ProbeName.PUBLIC, bug(error, scrub))
        warnings = (unsealed.warning, *verdict.warnings)
        return replace(
            verdict,
            warnings=tuple(filter(None, warnings)),
            stale_at=verdict.stale_at or stale_at(job.connection, verdict.marks),
        )

    async def sample(self, job: Job, ask: Ask) -> Sample:
        """Fetch data; raises `ProviderError` or `SecretError`."""
        from reconciler.adapters.providers.network.meter import Meter, metering
        from reconciler.adapters.providers.running.questions import answer_of

        async with self.session(job) as session:
            with metering(Meter()) as meter:
                sample = await answer_of(session, ask)
        return replace(sample, latency_ms=meter.latency_ms)

    @asynccontextmanager
    async def session(self, job: Job) -> AsyncIterator[Session]:
        """Open a connection; each of its questions obeys what tests were told.

        Raises `ProviderError` or `SecretError`, and so do its questions.
        """
        from reconciler.adapters.providers.running.questions import GatedSession

        unsealed = unseal_job(self.unsealer, job)
        credentials = unsealed.credentials
        adapter = find_adapter(job.connection.type, self.adapters)
        async with AsyncExitStack() as stack:
            with self.gate.sharing(job, credentials):
                session = await stack.enter_async_context(
                    adapter.open(job.connection, credentials, self.network)
                )
            yield GatedSession(
                session=session,
                through=partial(self.gate.question, job, credentials),
                scrub=make_scrubber(credentials),
            )

    async def _ask(self, connection: Connection, credentials: Credentials) -> Verdict:
        adapter = find_adapter(connection.type, self.adapters)
        _limit(adapter)
        if self.trace is not None:
            self.trace(f"== {connection.name}")
        async with adapter.open(connection, credentials, self.network) as session:
            return await session.test()

    def _failed(self, name: ProbeName, diagnosis: Diagnosis) -> Verdict:
        probe = Probe(
            name=name,
            status=ProbeStatus.FAILED,
            detail=diagnosis.summary,
            diagnosis=diagnosis,
        )
        return Verdict(probes=(probe,), at=self.clock.now(), vantage=self.vantage)


def _limit(adapter: Adapter) -> int:
    """Return how many tests may run side by side; raises what a plug-in's own does."""
    return max(1, adapter.max_concurrency)


def _sealed(error: SecretError) -> Diagnosis:
    """Return why a document stays sealed; our own sentence ends with what to do."""
    message = Scrubber().clean(error, limit=_MAX_REASON_CHARS)
    if error.code == _NO_DATA_KEY:
        return diagnose(Category.NO_KEY, evidence={"message": message})
    ends = (message.rpartition(mark)[2] for mark in (". ", "; ") if mark in message)
    fix = next(ends, _SEAL_AGAIN)
    return diagnose(Category.SEALED, fix=fix, evidence={"message": message})


def _not_here(error: AdapterError) -> Diagnosis:
    """Return why a type cannot be tested here: its plug-in is missing, or broken."""
    detail = Scrubber().clean(error, limit=_MAX_REASON_CHARS)
    return diagnose(Category.NOT_HERE, detail=detail)
