"""Small values: secrets, verdicts, schedule, exit codes, health, codec."""

import json
import pickle
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core import codec
from reconciler.core.connection import HealthPolicy
from reconciler.core.diagnosis import KINDS, Category, diagnose
from reconciler.core.health import Health, Sync, health_of, sync_of
from reconciler.core.outcome import ExitCode, worst
from reconciler.core.plan import Plan
from reconciler.core.record import Record, Result, Status
from reconciler.core.run import count_rows, row_of
from reconciler.core.schedule import next_attempt
from reconciler.core.secret import Secret
from reconciler.core.settle import Context, settle
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from tests.core.test_plan import file_head
from tests.core.test_settle import change
from tests.fakes import START, desired, failed, passed


def record_of(verdict=None):
    document = desired("a")
    return settle(
        change(document=document),
        desired=document,
        record=None,
        verdict=verdict or passed(),
        context=Context(now=START, who="w", workspace="w"),
    ).record


def test_a_secret_hides_itself_everywhere():
    secret = Secret("hunter2")

    texts = [repr(secret), str(secret), f"{secret}", f"{secret:>20}", repr([secret])]

    assert not any("hunter2" in text for text in texts)
    assert secret == Secret("hunter2")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)


def test_every_category_has_a_fix():
    assert KINDS.keys() == set(Category)
    assert all(kind.fix and kind.title for kind in KINDS.values())
    assert not any(kind.terminal and kind.waiting_helps for kind in KINDS.values())


def test_an_empty_verdict_proves_nothing():
    skipped = Probe(name=ProbeName.AUTH, status=ProbeStatus.SKIPPED)

    assert not Verdict(probes=(), at=START).passed
    assert not Verdict(probes=(skipped,), at=START).passed
    assert passed().passed
    assert not failed().passed


def test_waiting_doubles_up_to_the_interval():
    waits = [
        (
            next_attempt(None, failures=n, policy=HealthPolicy(), now=START) - START
        ).total_seconds()
        for n in (1, 2, 3, 4, 5, 50)
    ]

    assert waits == [60, 120, 240, 480, 900, 900]


def test_waiting_begins_with_the_retry_interval():
    policy = HealthPolicy(interval_s=900, retry_interval_s=200)

    due = [next_attempt(None, failures=n, policy=policy, now=START) for n in (1, 2, 9)]

    assert [(at - START).total_seconds() for at in due] == [200, 400, 900]


def test_a_retry_interval_above_the_interval_is_kept():
    policy = HealthPolicy(interval_s=10, retry_interval_s=60)

    due = next_attempt(None, failures=5, policy=policy, now=START)

    assert due == START + timedelta(seconds=60)


def test_a_provider_that_asks_for_more_time_gets_it():
    asked = diagnose(Category.RATE_LIMITED, retry_after_s=7200)

    due = next_attempt(asked, failures=1, policy=HealthPolicy(), now=START)

    assert due == START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("held", "wins"),
    [
        ([], ExitCode.DONE),
        ([ExitCode.CHANGES, ExitCode.TEST_FAILED], ExitCode.TEST_FAILED),
        ([ExitCode.TEST_FAILED, ExitCode.REFUSED], ExitCode.REFUSED),
        ([ExitCode.INVALID, ExitCode.REFUSED], ExitCode.INVALID),
        ([ExitCode.ERROR, ExitCode.INVALID], ExitCode.ERROR),
        ([ExitCode.LOCKED, ExitCode.ERROR], ExitCode.LOCKED),
        ([ExitCode.TERMINATED, ExitCode.LOCKED], ExitCode.TERMINATED),
        ([ExitCode.INTERRUPTED, ExitCode.TERMINATED], ExitCode.INTERRUPTED),
        ([ExitCode.UNHEALTHY, ExitCode.CHANGES], ExitCode.UNHEALTHY),
    ],
)
def test_the_worst_exit_code_wins(held, wins):
    assert worst(held) is wins


def test_health_is_decided_in_order():
    record = record_of()
    later = START + timedelta(days=2)
    cases = {
        Health.HEALTHY: (record, START),
        Health.STALE: (record, later),
        Health.DEGRADED: (replace(record, failures=1), START),
        Health.ERROR: (replace(record, status=Status.ERROR), later),
        Health.UNKNOWN: (replace(record, last_tested_at=None), later),
        Health.INACTIVE: (replace(record, status=Status.INACTIVE), later),
    }

    assert {health_of(r, now=now): r for r, now in cases.values()}.keys() == set(cases)
    for health, (subject, now) in cases.items():
        assert health_of(subject, now=now) is health


def test_sync_tells_how_record_and_file_stand():
    record = record_of()
    same, other = file_head(desired("a").revision), file_head("r2")

    assert sync_of(record, same, known=True, now=START) is Sync.IN_SYNC
    assert sync_of(record, other, known=True, now=START) is Sync.PENDING
    assert sync_of(record, None, known=True, now=START) is Sync.PENDING
    assert sync_of(record, None, known=False, now=START) is Sync.IN_SYNC
    assert sync_of(record_of(failed()), same, known=True, now=START) is Sync.REJECTED
    orphan = replace(record, orphaned=True)
    assert sync_of(orphan, None, known=True, now=START) is Sync.ORPHANED


def test_records_survive_json():
    record = record_of(failed())

    assert codec.from_json(Record, codec.to_json(record)) == record
    assert codec.from_data(Record, codec.to_data(record)) == record


def test_a_damaged_record_is_refused_without_showing_its_values():
    data = codec.to_data(record_of())
    data["status"] = "hunter2"

    with pytest.raises(ValueError, match="status") as caught:
        codec.from_data(Record, data)

    assert "hunter2" not in str(caught.value)


def test_plan_schema_names_its_dialect():
    schema = codec.schema_of(Plan)

    assert schema["$schema"].endswith("2020-12/schema")
    assert "changes" in schema["properties"]


def test_rows_are_counted_by_health_and_outcome():
    row = row_of(record_of(), desired=None, known=False, outcome=None, now=START)

    rows = [row, replace(row, outcome=Result.REJECTED, health=Health.ERROR)]

    assert count_rows(rows) == {
        "connections": 2,
        "healthy": 1,
        "error": 1,
        "rejected": 1,
    }
