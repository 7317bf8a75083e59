"""Test what runs, and record the results in groups.

A commit waits for the disk, so results that come in together are committed
together. Nobody hears of a result before it lies in the store: the tester tells of
a group only after `keep` has returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from reconciler.core.errors import DocumentError, StaleError
from reconciler.core.outcome import Outcome, failed, is_untested, skipped
from reconciler.core.plan import ActionKind, Change
from reconciler.core.ports import Job, Ports
from reconciler.core.record import Commit, Record, Result
from reconciler.core.settle import Context, Settled, settle_test
from reconciler.core.verdict import Verdict


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
    results.outcomes += [skipped(job.connection.name, _RETEST) for job in left]
    return tuple(sorted(results.outcomes, key=lambda outcome: outcome.name))


_RETEST = ActionKind.RETEST


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
                jobs.append(_running_job(self.ports, record))
            except DocumentError as error:
                change = Change(name=record.name, action=_RETEST, reason="")
                self.outcomes.append(failed(change, _why_unreadable(error)))
        return jobs

    def add(self, job: Job, verdict: Verdict) -> None:
        """Settle one result; `keep` commits it."""
        record = self.records[job.connection.name]
        settled = settle_test(
            record,
            verdict,
            context=Context(
                now=self.ports.clock.now(), who=self.ports.who(), workspace=""
            ),
            accept_sample=self.accept_sample,
        )
        if is_untested(verdict):
            self.outcomes.append(replace(settled.outcome, result=Result.FAILED))
        else:
            self._waiting.append((record, settled))

    def keep(self) -> None:
        """Commit what waits, in one step."""
        waiting, self._waiting = self._waiting, []
        self.outcomes += self._kept(waiting)

    def _kept(self, results: Sequence[tuple[Record, Settled]]) -> list[Outcome]:
        if not results:
            return []
        try:
            self.ports.store.commit(_commit_of(results))
        except StaleError:
            if len(results) == 1:
                return [_stale(results[0][1])]
            # One of the records moved: the results of the others still count.
            return [outcome for one in results for outcome in self._kept([one])]
        return [settled.outcome for _, settled in results]


def _commit_of(results: Sequence[tuple[Record, Settled]]) -> Commit:
    return Commit(
        put=tuple(settled.record for _, settled in results if settled.record),
        actions=tuple(settled.action for _, settled in results),
        expected={record.name: record.version for record, _ in results},
    )


def _stale(settled: Settled) -> Outcome:
    reason = "the record changed while it was tested; test again"
    return replace(settled.outcome, result=Result.SKIPPED, reason=reason)


def _running_job(ports: Ports, record: Record) -> Job:
    if record.active is None:
        raise AssertionError(f"{record.name}: only what runs is tested")
    document = ports.source.parse(record.active.text, file=record.active.file)
    return Job(connection=document.connection, text=document.text, file=document.file)


def _why_unreadable(error: DocumentError) -> str:
    first = error.diagnostics[0].message if error.diagnostics else str(error)
    return f"the recorded document cannot be read ({first}); apply its file again"
