"""What is unusual about a connection's use, and only that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.codec import to_json
from reconciler.core.usage import (
    DAYS,
    PLACES,
    UnusualKind,
    unusual,
    used,
    uses_of_day,
)

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def history(*counts, who="bot@server", usage=None, start=0):
    """Use it so many times on each day in turn."""
    for number, times in enumerate(counts, start=start):
        for _ in range(times):
            usage = used(usage, at=START + number * DAY, who=who)
    return usage


def kinds(usage, day):
    return [one.kind for one in unusual(usage, now=START + day * DAY)]


def test_ten_times_the_usual_of_a_day_is_unusual():
    usage = history(*[4] * 10, 40)

    (found,) = unusual(usage, now=START + 10 * DAY)

    assert found.kind is UnusualKind.OFTEN
    assert found.text == "used 40 times today, usually 4 times a day"


@pytest.mark.parametrize("counts", [
    [4] * 11,
    [*[4] * 10, 39],
    [*[4] * 5, 400],  # nobody knows yet what is usual
    [*[0] * 9, 1, 9],
])  # fmt: skip
def test_less_than_that_is_not(counts):
    assert kinds(history(*counts), len(counts) - 1) == []


def test_the_day_after_it_is_over():
    assert kinds(history(*[4] * 10, 40, 4), 11) == []


def test_a_place_that_is_new_after_a_week_is_unusual_for_a_day():
    usage = history(*[2] * 10)
    usage = used(usage, at=START + 10 * DAY, who="eve@laptop")

    (found,) = unusual(usage, now=START + 10 * DAY)
    assert found.kind is UnusualKind.NEW_PLACE
    assert "eve@laptop" in found.text
    assert kinds(usage, 12) == []


def test_the_places_of_the_first_week_are_the_usual_ones():
    usage = history(*[2] * 3)
    usage = used(usage, at=START + 3 * DAY, who="other@server")

    assert kinds(history(*[2] * 7, usage=usage, start=4), 10) == []


def test_where_new_places_come_all_the_time_one_more_is_not_unusual():
    usage = None
    for day in range(10):
        usage = used(usage, at=START + day * DAY, who=f"bot@container-{day}")

    assert kinds(usage, 9) == []


def test_what_was_used_daily_and_is_not_for_two_weeks_is_unusual():
    usage = history(*[3] * 10)

    assert kinds(usage, 22) == []
    assert kinds(usage, 24) == [UnusualKind.SILENT]


def test_what_is_used_once_a_week_may_be_silent_for_longer():
    usage = history(*[1, 0, 0, 0, 0, 0, 0] * 4)

    assert kinds(usage, 60) == []
    assert kinds(usage, 95) == [UnusualKind.SILENT]


def test_what_was_never_used_is_not_unusual():
    assert unusual(None, now=START) == ()


def test_todays_uses_are_counted_from_midnight_utc():
    usage = history(5, 3)

    assert uses_of_day(usage, now=START + DAY) == 3
    assert uses_of_day(usage, now=START + 2 * DAY) == 0


def test_a_day_of_a_clock_that_was_set_back_counts_for_the_newest():
    usage = history(5, 3)
    usage = used(usage, at=START - 5 * DAY, who="bot@server")

    assert uses_of_day(usage, now=START + DAY) == 4


@pytest.mark.parametrize("kept", ["", "rubbish"])
def test_counts_that_nobody_can_read_are_none(kept):
    usage = replace(history(5), counts=kept)

    assert uses_of_day(usage, now=START) == 0
    assert used(usage, at=START, who="bot@server").counts == "1"


@given(
    uses=st.lists(
        st.tuples(st.integers(-9, 400), st.sampled_from("abcdefghijkl")), max_size=60
    )
)
def test_whatever_happens_it_stays_small(uses):
    usage = None
    for day, who in uses:
        usage = used(usage, at=START + day * DAY, who=f"{who}@host")
        unusual(usage, now=START + day * DAY)

    if usage is not None:
        assert len(usage.counts.split()) <= DAYS
        assert len(usage.places) <= PLACES
        assert len(to_json(usage)) < 1_200
