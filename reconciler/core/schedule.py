"""When a failing connection is tested again."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.core.diagnosis import Diagnosis

BASE_S = 60.0


def next_attempt(
    diagnosis: Diagnosis | None, *, failures: int, interval_s: float, now: datetime
) -> datetime | None:
    """Return when to test again: a minute, doubled per failure, at most `interval_s`.

    A provider's own waiting time wins when it is longer. A terminal diagnosis has
    no next attempt: only a new revision can change the answer.
    """
    if diagnosis and diagnosis.is_terminal:
        return None
    doubling = min(max(failures, 1) - 1, 20)
    wait_s = min(BASE_S * 2**doubling, max(interval_s, BASE_S))
    if diagnosis and diagnosis.retry_after_s:
        wait_s = max(wait_s, diagnosis.retry_after_s)
    return now + timedelta(seconds=wait_s)
