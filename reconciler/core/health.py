"""Three axes, never one field: intent, sync, health.

The panel's four words keep their meaning (healthy, error, stale, inactive); two
of its faults are not copied: a switched-off connection is inactive and not stale,
and one hiccup does not drop a working connection.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.core.ports import DesiredHead
from reconciler.core.record import Record, Result, Status, suspension_of


class Intent(StrEnum):
    """What people want of the connection."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class Sync(StrEnum):
    """How the record stands against the file."""

    IN_SYNC = "in-sync"
    PENDING = "pending"
    REJECTED = "rejected"
    DRIFTED = "drifted"
    ORPHANED = "orphaned"


class Health(StrEnum):
    """The verdict over recent tests, in the order in which it is decided."""

    INACTIVE = "inactive"
    UNKNOWN = "unknown"
    ERROR = "error"
    STALE = "stale"
    DEGRADED = "degraded"
    HEALTHY = "healthy"


UNHEALTHY = frozenset({Health.ERROR, Health.STALE, Health.DEGRADED})


def intent_of(record: Record, *, now: datetime) -> Intent:
    """Return what was last asked for; a suspension ends by itself."""
    if suspension_of(record, now=now):
        return Intent.SUSPENDED
    # What its file suspended is inactive in the store, also when that has ended.
    inactive = record.status is Status.INACTIVE and not record.declared_suspension
    return Intent.INACTIVE if inactive else Intent.ACTIVE


def sync_of(
    record: Record, desired: DesiredHead | None, *, known: bool, now: datetime
) -> Sync:
    """Return how record and file stand; `known` tells whether files were read."""
    attempted = record.attempted
    if record.orphaned:
        return Sync.ORPHANED
    if known and desired is None:
        return Sync.PENDING
    if desired and (attempted is None or desired.revision != attempted.revision):
        return Sync.PENDING
    if attempted and attempted.result is not Result.APPLIED:
        return Sync.REJECTED
    if record.status is Status.INACTIVE and intent_of(record, now=now) is Intent.ACTIVE:
        return Sync.PENDING  # the suspension in its file has ended
    return Sync.IN_SYNC


def health_of(record: Record, *, now: datetime) -> Health:
    """Return the health of what runs; times are compared in UTC.

    Inactive is what nobody looks at: switched off, or suspended. Unknown is what was
    never tested, or what this machine cannot test at present.
    """
    if record.status is Status.INACTIVE or suspension_of(record, now=now):
        return Health.INACTIVE
    if record.last_tested_at is None or record.unable is not None:
        return Health.UNKNOWN
    if record.status is Status.ERROR:
        return Health.ERROR
    if is_stale(record, now=now):
        return Health.STALE
    test = record.last_test
    is_degraded = bool(record.failures or (test and test.degraded))
    return Health.DEGRADED if is_degraded else Health.HEALTHY


def is_stale(record: Record, *, now: datetime) -> bool:
    """Tell whether the last test, or the last fresh data, is too old to count.

    A test ages by the clock, data while its market is open: Friday's last bar is
    no older on Sunday. When that will be was found out by the test (`stale_at`).
    """
    tested_at, test = record.last_tested_at, record.last_test
    if tested_at is None:
        return True
    if now - tested_at > timedelta(seconds=record.policy.stale_after_s):
        return True
    return bool(test and test.stale_at and now > test.stale_at)
