"""Uptime is a share of time; everything that is counted stays small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from operator import le

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.codec import to_json
from reconciler.core.statistics import (
    LATENCIES,
    Statistics,
    counted,
    latencies_of,
    latency,
    uptime,
)

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = 60, 3_600, 86_400


def after(*steps, speaks_for_s=DAY, found=None):
    """Count `(seconds since the start, passed or failed or None)`."""
    found = found or Statistics()
    for seconds, up in steps:
        at = START + timedelta(seconds=seconds)
        found = counted(found, at=at, up=up, speaks_for_s=speaks_for_s, latency_ms=4.4)
    return found


def seen(found, seconds, speaks_for_s=DAY):
    now = START + timedelta(seconds=seconds)
    return uptime(found, now=now, speaks_for_s=speaks_for_s)


def test_a_failure_counts_for_as_long_as_it_lasted():
    found = after((0, True), (9 * HOUR, False), (10 * HOUR, True))

    assert seen(found, 20 * HOUR).day == 0.95


def test_many_quick_failures_weigh_no_more_than_their_time():
    quick = [(9 * HOUR + n * MINUTE, False) for n in range(60)]
    found = after((0, True), *quick, (10 * HOUR, True))

    assert seen(found, 20 * HOUR).day == 0.95


def test_time_for_which_no_test_spoke_is_unknown():
    found = after((0, True), (5 * HOUR, False), (6 * HOUR, True), speaks_for_s=HOUR)

    assert seen(found, 6 * HOUR, speaks_for_s=HOUR).day == 0.5


def test_what_we_could_not_test_is_neither_up_nor_down():
    found = after((0, True), (HOUR, None), (3 * HOUR, True))

    assert seen(found, 4 * HOUR).day == 1


def test_nobody_knows_the_uptime_of_what_was_never_tested():
    assert seen(Statistics(), 0).month is None


def test_the_last_test_still_speaks_while_nothing_new_is_known():
    found = after((0, True), (HOUR, False))

    assert seen(found, 2 * HOUR).day == 0.5


def test_an_outage_leaves_the_day_first_then_the_week_then_the_month():
    found = after((0, False), (DAY, True))
    days = [(n * DAY, True) for n in range(2, 41)]
    later = {
        n: seen(after(*days[: n - 1], found=found), n * DAY) for n in (2, 5, 9, 40)
    }

    assert later[2].day == 1
    assert later[5].week < 1
    assert later[9].week == 1
    assert later[9].month < 1
    assert later[40].month == 1


def test_a_clock_that_ran_ahead_does_not_stop_the_counting():
    found = after((0, True), (400 * DAY, True), (HOUR, True), (2 * HOUR, True))

    assert seen(found, 3 * HOUR).day == 1


@pytest.mark.parametrize(("times", "p50", "p95", "p99"), [
    ([7], 7, 7, 7),
    (list(range(1, 101)), 50, 95, 99),
    ([5] * 99 + [900], 5, 5, 5),
    ([900] * 10 + [5] * 90, 5, 900, 900),
])  # fmt: skip
def test_percentiles_are_the_nearest_ranks(times, p50, p95, p99):
    found = latency(Statistics(latencies_ms=" ".join(map(str, times))))

    assert (found.p50_ms, found.p95_ms, found.p99_ms) == (p50, p95, p99)
    assert found.tests == len(times)


def test_without_a_passing_test_there_is_no_latency():
    assert latency(after((0, False))) is None


SPANS = st.lists(
    st.tuples(st.integers(-3 * DAY, 9 * DAY), st.sampled_from([True, False, None])),
    max_size=40,
)


@given(spans=SPANS)
def test_whatever_the_clock_does_a_share_is_a_share_and_nothing_grows(spans):
    found, moment = Statistics(), 0
    for gap, up in spans:
        moment += gap
        found = after((moment, up), found=found)

    shares = seen(found, moment)
    for share in (shares.day, shares.week, shares.month):
        assert share is None or 0 <= share <= 1
    for buckets, size, most in ((found.hours, HOUR, 24), (found.days, DAY, 30)):
        known = [int(seconds) for seconds in buckets.known_s.split()]
        down = [int(seconds) for seconds in buckets.down_s.split()]
        assert len(known) <= most
        assert len(down) in {0, len(known)}
        assert all(0 <= seconds <= size for seconds in known)
        assert all(map(le, down, known))
    assert len(latencies_of(found)) <= LATENCIES


@given(minutes=st.lists(st.integers(1, 600), min_size=1, max_size=60))
def test_what_always_passed_was_always_up(minutes):
    found, moment = after((0, True)), 0
    for step in minutes:
        moment += step * MINUTE
        found = after((moment, True), found=found)

    assert seen(found, moment).month in {1, None}


def test_the_sample_of_latencies_keeps_the_newest():
    found = Statistics()
    for number in range(LATENCIES + 5):
        found = counted(
            found, at=START, up=True, speaks_for_s=DAY, latency_ms=float(number)
        )

    assert latencies_of(found) == tuple(range(5, LATENCIES + 5))


def test_a_month_of_tests_takes_about_a_kilobyte():
    found = after(*((n * 15 * MINUTE, n % 7 > 0) for n in range(30 * 96)))

    assert len(to_json(found)) < 1_100
