"""What a run found: the value behind every report, human or machine.

Readers ignore unknown keys. `format_version`: minor = additive, major = break.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.core.connectivity import Outage
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.endings import certificate_warning, expiry_warning
from reconciler.core.guard import Refusal
from reconciler.core.health import (
    Health,
    Intent,
    Sync,
    health_of,
    intent_of,
    sync_of,
)
from reconciler.core.observing import seen_in
from reconciler.core.outcome import Outcome
from reconciler.core.plan import ActionKind
from reconciler.core.ports import DesiredHead
from reconciler.core.record import (
    Record,
    Result,
    Unable,
    certificate_of,
    key_ends_at,
    suspension_of,
)
from reconciler.core.statistics import Latency, Uptime, latency, uptime
from reconciler.core.suspension import Suspension
from reconciler.core.usage import Unusual, unusual
from reconciler.core.verdict import Certificate, Probe, Verdict

FORMAT_VERSION = "1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One connection after a run: the three axes, the outcome, the diagnosis.

    `outcome` is None when the run did nothing with it. `diagnosis` is the last
    test's, or the refused revision's. Latency in milliseconds: `latency_ms` of the
    last test, `latency` over the newest that passed. `failing_since` is the first
    failure of `failures` in a row; `stale_at` when the newest data is too old;
    `unable` says why this machine cannot test it at present.
    """

    name: str
    type: str
    provider: str
    owner: str
    intent: Intent
    sync: Sync
    health: Health
    labels: Mapping[str, str] = field(default_factory=dict)
    action: ActionKind | None = None
    outcome: Result | None = None
    reason: str = ""
    active_revision: str = ""
    attempted_revision: str = ""
    commit: str | None = None
    latency_ms: float | None = None
    diagnosis: Diagnosis | None = None
    probes: tuple[Probe, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: int = 0
    last_tested_at: datetime | None = None
    last_connected_at: datetime | None = None
    next_attempt_at: datetime | None = None
    suspension: Suspension | None = None
    last_used_at: datetime | None = None
    failing_since: datetime | None = None
    stale_at: datetime | None = None
    unable: Unable | None = None
    uptime: Uptime | None = None
    latency: Latency | None = None
    key_ends_at: datetime | None = None
    certificate: Certificate | None = None
    unusual: tuple[Unusual, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run of `apply`, `test` or the daemon; sorted by name.

    `error` is set when the run could not finish; the rows then tell how far it
    got. `counts` maps health and outcome words to numbers.
    """

    format_version: str = FORMAT_VERSION
    run_id: str
    command: str
    started_at: datetime
    finished_at: datetime
    workspace: str
    who: str
    commit: str | None = None
    vantage: str = ""
    exit_code: int = 0
    error: str = ""
    plan_digest: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    connections: tuple[Row, ...] = ()


def row_of(
    record: Record,
    *,
    desired: DesiredHead | None,
    known: bool,
    outcome: Outcome | None,
    now: datetime,
    outage: Outage | None = None,
) -> Row:
    """Return one record as a row; `known` tells whether the files were read.

    During an `outage` what needs our network is unknown, whatever is recorded.
    """
    record = seen_in(outage, record)
    attempted, test = record.attempted, record.last_test
    refused = attempted.diagnosis if attempted else None
    shown = outcome.verdict if outcome else test
    return Row(
        name=record.name,
        type=record.type,
        provider=record.provider,
        owner=record.owner,
        labels=record.labels,
        intent=intent_of(record, now=now),
        sync=sync_of(record, desired, known=known, now=now),
        health=health_of(record, now=now),
        action=outcome.action if outcome else None,
        outcome=outcome.result if outcome else None,
        reason=outcome.reason if outcome else "",
        active_revision=record.active.revision if record.active else "",
        attempted_revision=attempted.revision if attempted else "",
        commit=record.active.commit if record.active else None,
        latency_ms=shown.latency_ms if shown else None,
        diagnosis=refused or (shown.diagnosis if shown else None),
        probes=shown.probes if shown else (),
        warnings=_warnings(record, shown, now=now),
        failures=record.failures,
        last_tested_at=record.last_tested_at,
        last_connected_at=record.last_connected_at,
        next_attempt_at=record.next_attempt_at,
        suspension=suspension_of(record, now=now),
        last_used_at=record.last_used_at,
        failing_since=record.failing_since,
        stale_at=test.stale_at if test else None,
        unable=record.unable,
        uptime=_uptime(record, now=now),
        latency=latency(record.stats),
        key_ends_at=key_ends_at(record),
        certificate=certificate_of(record),
        unusual=unusual(record.usage, now=now),
    )


def _uptime(record: Record, *, now: datetime) -> Uptime | None:
    if record.stats.at is None:
        return None
    return uptime(record.stats, now=now, speaks_for_s=record.policy.stale_after_s)


def _warnings(
    record: Record, shown: Verdict | None, *, now: datetime
) -> tuple[str, ...]:
    """Return what the test warned of, what ends soon, and what use is unusual."""
    certificate = (shown and shown.certificate) or certificate_of(record)
    ending = (
        expiry_warning(key_ends_at(record), now=now),
        certificate_warning(certificate, now=now),
    )
    odd = (f"unusual use: {one.text}" for one in unusual(record.usage, now=now))
    return (*(shown.warnings if shown else ()), *filter(None, ending), *odd)


def lost_row(outcome: Outcome) -> Row:
    """Return the row of an outcome that left no record: deleted, or never begun."""
    return Row(
        name=outcome.name,
        type="",
        provider="",
        owner="",
        intent=Intent.INACTIVE,
        sync=Sync.IN_SYNC if outcome.result is Result.APPLIED else Sync.PENDING,
        health=Health.UNKNOWN,
        action=outcome.action,
        outcome=outcome.result,
        reason=outcome.reason,
        diagnosis=outcome.diagnosis,
    )


def count_rows(rows: Iterable[Row]) -> dict[str, int]:
    """Return totals by health, sync and outcome; zero entries are left out."""
    tally: dict[str, int] = {"connections": 0}
    for row in rows:
        tally["connections"] += 1
        words = [row.health.value, row.outcome.value if row.outcome else ""]
        if row.sync is not Sync.IN_SYNC:
            words.append(row.sync.value)
        if row.intent is Intent.SUSPENDED:
            words.append(row.intent.value)
        for word in filter(None, set(words)):
            tally[word] = tally.get(word, 0) + 1
    return tally
