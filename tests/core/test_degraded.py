"""What passed but is not whole shows as degraded, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.core.codec import from_json, to_json
from reconciler.core.health import Health, health_of
from reconciler.core.record import Record, Status
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PASSED = Probe(name=ProbeName.DATA, status=ProbeStatus.PASSED)
WHOLE = Verdict(probes=(PASSED,), at=NOW)
LAME = replace(WHOLE, degraded="only the backup md2.example works")
RECORD = Record(
    name="x",
    type="custom_api",
    provider="feed",
    owner="admin",
    managed_by="desk",
    status=Status.ACTIVE,
    created_at=NOW,
    updated_at=NOW,
    last_tested_at=NOW,
)


@pytest.mark.parametrize(
    ("test", "change", "health"),
    [
        (WHOLE, {}, Health.HEALTHY),
        (LAME, {}, Health.DEGRADED),
        (LAME, {"status": Status.INACTIVE}, Health.INACTIVE),
        (LAME, {"status": Status.ERROR}, Health.ERROR),
        (LAME, {"last_tested_at": NOW - timedelta(days=9)}, Health.STALE),
    ],
)
def test_a_test_that_passed_lamely_is_degraded(test, change, health):
    record = replace(RECORD, last_test=test, **change)

    assert health_of(record, now=NOW) is health
    assert test.passed


def test_a_verdict_of_before_is_whole():
    old = to_json(WHOLE).replace(',"degraded":""', "")

    assert "degraded" not in old
    assert from_json(Verdict, old) == WHOLE
