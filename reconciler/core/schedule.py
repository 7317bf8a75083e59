"""When a failing connection is tested again."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.core.connection import HealthPolicy
from reconciler.core.diagnosis import Diagnosis

_MOST_DOUBLINGS = 20


def next_attempt(
    diagnosis: Diagnosis | None, *, failures: int, policy: HealthPolicy, now: datetime
) -> datetime | None:
    """Return when to test again: the retry interval, doubled with each failure.

    It never gets longer than the usual interval. A provider's own waiting time wins
    when it is longer. A terminal diagnosis has no next attempt: only a new revision
    can change the answer.
    """
    if diagnosis and diagnosis.is_terminal:
        return None
    retry_s = policy.retry_interval_s
    doublings = min(max(failures, 1) - 1, _MOST_DOUBLINGS)
    wait_s = min(retry_s * 2**doublings, max(policy.interval_s, retry_s))
    if diagnosis and diagnosis.retry_after_s:
        wait_s = max(wait_s, diagnosis.retry_after_s)
    return now + timedelta(seconds=wait_s)
