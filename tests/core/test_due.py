"""When what runs is tested again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.connection import HealthPolicy
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.due import SPREAD_S, due_at, phase_of, seed_of, spread_out
from reconciler.core.observing import observe
from reconciler.core.record import Deployed, Record, Status, Unable
from reconciler.core.suspension import Suspension
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from tests.fakes import START, failed, passed

NOW_S = START.timestamp()


def record(**changes):
    deployed = Deployed(revision="r", text="", file="a.yaml", commit=None, at=START)
    plain = Record(
        name="a",
        type="fake",
        provider="fake",
        owner="admin",
        managed_by="w",
        status=Status.ACTIVE,
        created_at=START,
        updated_at=START,
        active=deployed,
        last_tested_at=START,
        last_test=passed(),
        successes=1,
    )
    return replace(plain, **changes)


def wait(one, *, now=START, phase=0.0, luck=0.0):
    at = due_at(one, now=now, phase=phase, luck=luck)
    return None if at is None else at - now.timestamp()


@given(
    phase=st.floats(0, 1, exclude_max=True),
    luck=st.floats(-1, 1),
    interval=st.integers(10, 7 * 86_400),
    since=st.integers(0, 10**7),
)
def test_a_well_one_is_due_within_half_to_one_and_a_half_intervals(
    phase, luck, interval, since
):
    at = START + timedelta(seconds=since)
    one = record(policy=HealthPolicy(interval_s=interval), last_tested_at=at)

    waits = wait(one, now=at, phase=phase, luck=luck)

    assert 0.44 * interval <= waits <= 1.56 * interval


@given(phase=st.floats(0, 1, exclude_max=True), luck=st.floats(-1, 1))
def test_from_then_on_it_is_tested_once_in_every_interval(phase, luck):
    one = record(last_tested_at=START)
    first = due_at(one, now=START, phase=phase, luck=luck)
    at = START + timedelta(seconds=first - NOW_S)

    second = due_at(record(last_tested_at=at), now=at, phase=phase, luck=luck)

    assert second - first == pytest.approx(900, abs=0.01)


def test_a_failing_one_waits_for_its_retry_interval_then_longer():
    one, waits = record(), []
    for _ in range(3):
        one = observe(one, failed(), now=START)
        waits.append(wait(one))

    assert waits == [60, 120, 240]


def test_a_providers_own_waiting_time_is_never_cut_short():
    asked = diagnose(Category.RATE_LIMITED, retry_after_s=7200)
    probe = Probe(name=ProbeName.AUTH, status=ProbeStatus.FAILED, diagnosis=asked)
    one = observe(record(), Verdict(probes=(probe,), at=START), now=START)

    assert wait(one, luck=-1.0) >= 7200
    assert wait(one, luck=1.0) <= 7200 * 1.05


def test_a_mending_one_is_tested_soon_again():
    broken = record(status=Status.ERROR, failures=3, successes=1)

    assert wait(broken) == 60


def test_a_terminal_diagnosis_waits_for_a_new_revision():
    one = observe(record(), failed(Category.INVALID_CREDENTIALS), now=START)

    assert wait(one) is None


@pytest.mark.parametrize("changes", [{"status": Status.INACTIVE}, {"active": None}])
def test_what_does_not_run_is_not_tested(changes):
    assert wait(record(**changes)) is None


def test_what_was_never_tested_is_due_at_once():
    assert wait(record(last_tested_at=None, last_test=None)) == 0


def test_a_last_test_in_the_future_counts_as_if_it_were_now():
    """The clock was set back by a day: nothing waits for the day to pass again."""
    one = record(last_tested_at=START + timedelta(days=1))

    assert wait(one) <= 1.56 * 900


def test_what_is_overdue_is_spread_and_the_rest_is_left_alone():
    phases = [phase_of(f"c-{number}") for number in range(500)]

    late = [
        spread_out(NOW_S - 5, now_s=NOW_S, interval_s=86_400, phase=phase) - NOW_S
        for phase in phases
    ]

    assert all(0 <= moment < SPREAD_S for moment in late)
    assert max(late) - min(late) > 0.9 * SPREAD_S
    assert spread_out(NOW_S + 5, now_s=NOW_S, interval_s=60, phase=0.5) == NOW_S + 5


def test_phases_are_even_stable_and_another_servers_differ():
    names = [f"c-{number}" for number in range(1000)]
    tenths = [int(phase_of(name) * 10) for name in names]

    assert phase_of("binance-main") == phase_of("binance-main")
    assert all(60 <= tenths.count(tenth) <= 140 for tenth in range(10))
    assert phase_of("a", seed_of("eu")) != phase_of("a", seed_of("us"))


def test_what_is_suspended_is_tested_when_that_ends():
    until = START + timedelta(days=1)
    for_a_day = Suspension(who="alice", reason="incident 7", at=START, until=until)
    for_long = replace(for_a_day, until=None)

    assert wait(record(suspension=for_a_day)) == timedelta(days=1).total_seconds()
    assert wait(record(suspension=for_a_day), now=until) == wait(record(), now=until)
    assert wait(record(suspension=for_long), now=until) is None


@pytest.mark.parametrize(("lasted", "waits"), [
    (0, 60), (60, 60), (300, 300), (86_400, 900),
])  # fmt: skip
def test_what_we_cannot_test_is_tried_less_often_the_longer_it_lasts(lasted, waits):
    since = START - timedelta(seconds=lasted)
    unable = Unable(since=since, diagnosis=diagnose(Category.NO_KEY))

    assert wait(record(unable=unable)) == waits


def test_who_was_asked_to_wait_waits():
    until = START + timedelta(hours=2)
    reason = diagnose(Category.POSTPONED)
    unable = Unable(since=START, diagnosis=reason, until=until)

    assert wait(record(unable=unable)) == 7_200
