"""What one more test, or the lack of one, makes of a record: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.core.connectivity import Outage
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.golden import carried_on
from reconciler.core.record import Record, Result, Status, Unable
from reconciler.core.schedule import next_attempt
from reconciler.core.statistics import counted
from reconciler.core.verdict import Verdict


def observe(record: Record, verdict: Verdict, *, now: datetime) -> Record:
    """Return the record after a test of what runs.

    Three failures in a row (the file's threshold) or one terminal diagnosis make
    it an error; two successes bring it back.
    """
    policy = record.policy
    diagnosis = verdict.diagnosis
    failures = 0 if verdict.passed else record.failures + 1
    successes = record.successes + 1 if verdict.passed else 0
    status, due = record.status, None
    if not verdict.passed:
        terminal = bool(diagnosis and diagnosis.is_terminal)
        broken = terminal or failures >= policy.failure_threshold
        if broken and status is not Status.INACTIVE:
            status = Status.ERROR
        due = next_attempt(diagnosis, failures=failures, policy=policy, now=now)
    elif status is Status.ERROR and successes < policy.success_threshold:
        failures = record.failures
        due = now + timedelta(seconds=policy.retry_interval_s)
    elif status is Status.ERROR:
        status = Status.ACTIVE
    return replace(
        tested(record, _completed(verdict, record.last_test)),
        status=status,
        failures=failures,
        failing_since=(record.failing_since or verdict.at) if failures else None,
        successes=successes,
        next_attempt_at=record.next_attempt_at if _has_refused(record) else due,
    )


def _has_refused(record: Record) -> bool:
    """Tell whether the next attempt is a refused revision's, beside one that runs."""
    attempted = record.attempted
    refused = bool(attempted and attempted.result is not Result.APPLIED)
    return refused and record.status is Status.ACTIVE


def tested(record: Record, verdict: Verdict) -> Record:
    """Return the record with a test's findings, its status left alone."""
    return replace(
        record,
        last_test=verdict,
        last_tested_at=verdict.at,
        last_connected_at=verdict.at if verdict.passed else record.last_connected_at,
        marks=verdict.marks or record.marks,
        golden=carried_on(record.golden, verdict.marks)
        if verdict.passed
        else record.golden,
        unable=None,
        stats=counted(
            record.stats,
            at=verdict.at,
            up=verdict.passed,
            speaks_for_s=record.policy.stale_after_s,
            latency_ms=verdict.latency_ms,
        ),
    )


def unable_to_test(record: Record, diagnosis: Diagnosis, *, now: datetime) -> Record:
    """Return the record of a connection that this machine cannot test at present.

    That says nothing of the connection: failures, last test and status stay. The
    same reason once more only moves the moment from which it may be tested; where
    that stays too, the very same record comes back.
    """
    before = record.unable
    same = before is not None and before.diagnosis.category is diagnosis.category
    wait_s = diagnosis.retry_after_s
    unable = Unable(
        since=before.since if before and same else now,
        diagnosis=before.diagnosis if before and same else diagnosis,
        until=now + timedelta(seconds=wait_s) if wait_s else None,
    )
    return (
        record if unable == before else replace(untold(record, now=now), unable=unable)
    )


def seen_in(outage: Outage | None, record: Record) -> Record:
    """Return the record as it is to be seen while our own network is down.

    What needs the network cannot be tested since then, whether its turn came or not.
    What was tested since, or is inside, speaks for itself. Nothing is to be written:
    when the network is back, the record says again what it said.
    """
    tested_at, test = record.last_tested_at, record.last_test
    if outage is None or record.unable is not None or tested_at is None:
        return record
    if tested_at > outage.since or (test and test.inside):
        return record
    return unable_to_test(record, diagnose(Category.OWN_NETWORK), now=outage.since)


def untold(record: Record, *, now: datetime) -> Record:
    """Return the record of which no test tells anything from now on."""
    if record.stats.up is None:
        return record
    stats = counted(
        record.stats, at=now, up=None, speaks_for_s=record.policy.stale_after_s
    )
    return replace(record, stats=stats)


def _completed(verdict: Verdict, before: Verdict | None) -> Verdict:
    """Return a verdict with what only a whole test gets to ask, as it was known."""
    if before is None:
        return verdict
    return replace(
        verdict,
        key=verdict.key or before.key,
        stale_at=verdict.stale_at or before.stale_at,
        certificate=verdict.certificate or before.certificate,
    )
