"""Test what runs, and record the results in groups.

A commit waits for the disk, so results that come in together are committed
together. Nobody hears of a result before it lies in the store: the tester tells of
a group only after `keep` has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.errors import DocumentError, StaleError
from reconciler.core.outcome import Outcome, failed, skipped
from reconciler.core.plan import ActionKind, Change
from reconciler.core.ports import Job, Ports, StateStore, StoreInfo
from reconciler.core.record import Commit, Record, Result
from reconciler.core.settle import Context, Settled, settle_test
from reconciler.core.verdict import Verdict

RETEST = ActionKind.RETEST


def test_records(
    ports: Ports,
    records: Iterable[Record],
    *,
    accept_sample: bool = False,  # noqa: PT028  # no test, whatever its name says
) -> tuple[Outcome, ...]:
    """Test what runs and record the results; takes no lock, moves no desired state.

    A result is written only if the record is still the one that was tested. With
    `accept_sample`, what a passing test sees is what later ones are held to.
    """
    results = _Results(
        ports=ports,
        records={record.name: record for record in records if record.active},
        accept_sample=accept_sample,
    )
    jobs = results.jobs()
    left = ports.tester.run(jobs, decide=results.add, keep=results.keep)
    results.outcomes += [skipped(job.connection.name, RETEST) for job in left]
    return tuple(sorted(results.outcomes, key=lambda outcome: outcome.name))


def job_of(ports: Ports, record: Record) -> Job:
    """Return the test of what runs; raises `DocumentError` for an unreadable record."""
    if record.active is None:
        raise AssertionError(f"{record.name}: only what runs is tested")
    document = ports.source.parse(record.active.text, file=record.active.file)
    return Job(connection=document.connection, text=document.text, file=document.file)


def unreadable(record: Record, error: DocumentError) -> Outcome:
    """Return the outcome of a record whose document cannot be read any more."""
    first = error.diagnostics[0].message if error.diagnostics else str(error)
    why = f"the recorded document cannot be read ({first}); apply its file again"
    return failed(Change(name=record.name, action=RETEST, reason=""), why)


def settled_of(
    ports: Ports, record: Record, verdict: Verdict, *, accept_sample: bool = False
) -> Settled:
    """Return what a test of what runs leaves behind.

    Where this machine could not test, that says nothing of the connection: at most
    the record tells so, and the very same one comes back when it does already.
    """
    context = Context(now=ports.clock.now(), who=ports.who(), workspace="")
    return settle_test(record, verdict, context=context, accept_sample=accept_sample)


def keep_results(
    store: StateStore,
    results: Sequence[tuple[Record, Settled]],
    *,
    committed: Callable[[StoreInfo], None] = lambda _info: None,
) -> list[Outcome]:
    """Commit results in one step and return their outcomes, in the same order.

    Each is written only if the record is still the one that was tested; what changes
    nothing is not written. `committed` hears where the store stands after each
    commit. Raises `StateError` when nothing could be written.
    """
    news = [one for one in results if one[1].record is not one[0]]
    try:
        if news:
            committed(store.commit(_commit_of(news)))
    except StaleError:
        if len(results) == 1:
            return [_stale(results[0][1])]
        # One of the records moved: the results of the others still count.
        kept = (keep_results(store, [one], committed=committed) for one in results)
        return [outcome for part in kept for outcome in part]
    return [settled.outcome for _, settled in results]


@dataclass(slots=True, kw_only=True)
class _Results:
    """What the tests of one run found, and what of it is not in the store yet."""

    ports: Ports
    records: dict[str, Record]
    accept_sample: bool
    outcomes: list[Outcome] = field(default_factory=list)
    _waiting: list[tuple[Record, Settled]] = field(default_factory=list)

    def jobs(self) -> list[Job]:
        """Return the tests to run; what cannot be read has failed already."""
        jobs = []
        for record in self.records.values():
            try:
                jobs.append(job_of(self.ports, record))
            except DocumentError as error:
                self.outcomes.append(unreadable(record, error))
        return jobs

    def add(self, job: Job, verdict: Verdict) -> None:
        """Settle one result; `keep` commits it."""
        record = self.records[job.connection.name]
        settled = settled_of(
            self.ports, record, verdict, accept_sample=self.accept_sample
        )
        self._waiting.append((record, settled))

    def keep(self) -> None:
        """Commit what waits, in one step."""
        waiting, self._waiting = self._waiting, []
        self.outcomes += keep_results(self.ports.store, waiting)


def _commit_of(results: Sequence[tuple[Record, Settled]]) -> Commit:
    return Commit(
        put=tuple(settled.record for _, settled in results if settled.record),
        actions=tuple(line for _, settled in results for line in settled.actions),
        expected={record.name: record.version for record, _ in results},
    )


def _stale(settled: Settled) -> Outcome:
    reason = "the record changed while it was tested; test again"
    return replace(settled.outcome, result=Result.SKIPPED, reason=reason)
