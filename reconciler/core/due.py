"""When what runs is tested again: pure, from a record.

Every connection has its own phase within its interval, a hash of its name, so that
a thousand of one interval are spread over it, and are again after a restart. Times
are Unix seconds.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime

from reconciler.core.connection import HealthPolicy
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.record import Record, Status, Unable, suspension_of
from reconciler.core.schedule import next_attempt

JITTER = 0.05
"""Share of a waiting time by which it is moved, so that nothing falls into step."""
SPREAD_S = 900.0
"""What is overdue after a restart or a jump of the clock is spread over so long."""
_HASH = 2**64


def seed_of(server: str) -> int:
    """Return a server's seed: two servers do not test the same at the same moment."""
    return _hash(server)


def phase_of(name: str, seed: int = 0) -> float:
    """Return a name's place within its interval: 0 to 1, the same after a restart."""
    return (_hash(name) ^ seed) / _HASH


def is_tested(record: Record) -> bool:
    """Tell whether anybody tests it by itself: it runs, and waiting may help."""
    if record.active is None or record.status is Status.INACTIVE:
        return False
    return not (record.status is Status.ERROR and _is_terminal(record))


def due_at(record: Record, *, now: datetime, phase: float, luck: float) -> float | None:
    """Return when to test what runs, None for not by itself.

    What is suspended is tested when that ends; what this machine could not test when
    it was asked to, or ever less often.

    Args:
        record: What the store holds.
        now: The present moment; a last test that lies after it (the clock was set
            back) counts as if it were now.
        phase: See `phase_of`.
        luck: From -1 to 1; moves the moment by at most `JITTER` of the wait.
    """
    if not is_tested(record):
        return None
    if suspension := suspension_of(record, now=now):
        # Nothing is asked while it holds; how it stands then is news.
        return suspension.until.timestamp() if suspension.until else None
    if record.unable:
        return _again_at(record.unable, record.policy, now)
    if record.last_tested_at is None:
        return now.timestamp()
    tested = min(record.last_tested_at, now)
    if retry := _retry_at(record, tested):
        wait_s = retry.timestamp() - tested.timestamp()
        # A provider's own waiting time is never cut short.
        return tested.timestamp() + wait_s * (1 + JITTER * abs(luck))
    interval_s = record.policy.interval_s
    slot = _next_slot(tested.timestamp() + interval_s / 2, interval_s, phase)
    return slot + luck * JITTER * interval_s


def spread_out(due_s: float, *, now_s: float, interval_s: float, phase: float) -> float:
    """Return a later moment for what is overdue, so that not all of it starts now."""
    if due_s > now_s:
        return due_s
    return now_s + phase * min(interval_s, SPREAD_S)


def _again_at(unable: Unable, policy: HealthPolicy, now: datetime) -> float:
    """Return when to try again what we could not: after as long as it has lasted."""
    lasted_s = (now - unable.since).total_seconds()
    wait_s = min(max(lasted_s, policy.retry_interval_s), policy.interval_s)
    again_s = now.timestamp() + wait_s
    return max(again_s, unable.until.timestamp()) if unable.until else again_s


def _retry_at(record: Record, tested: datetime) -> datetime | None:
    """Return when a failing or mending connection is tested; None for a well one."""
    failing = record.last_test is not None and not record.last_test.passed
    if not failing and record.status is not Status.ERROR:
        return None
    failures = record.failures if failing else 1
    diagnosis = _diagnosis(record) if failing else None
    return next_attempt(diagnosis, failures=failures, policy=record.policy, now=tested)


def _is_terminal(record: Record) -> bool:
    diagnosis = _diagnosis(record)
    return bool(diagnosis and diagnosis.is_terminal)


def _diagnosis(record: Record) -> Diagnosis | None:
    return record.last_test.diagnosis if record.last_test else None


def _next_slot(after_s: float, interval_s: float, phase: float) -> float:
    offset = phase * interval_s
    return (math.floor((after_s - offset) / interval_s) + 1) * interval_s + offset


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
