"""Windows of time, held to a clock on the wall that knows nothing of them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.windows import (
    DAY_MINUTES,
    Once,
    Weekly,
    begins_next,
    ends_at,
    is_inside,
)

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Tokyo",
)
MINUTE = timedelta(minutes=1)

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(second=0, microsecond=0))
minutes = st.integers(0, DAY_MINUTES - 1)
weeklies = st.builds(
    Weekly,
    name=st.just("w"),
    days=st.sets(st.integers(0, 6), min_size=1, max_size=6).map(
        lambda days: tuple(sorted(days))
    ),
    begins=minutes,
    ends=st.integers(1, DAY_MINUTES),
    zone=st.sampled_from(ZONES),
).filter(lambda window: window.begins != window.ends)
windows = st.one_of(
    weeklies,
    st.builds(
        lambda starts, length: Once(name="o", starts=starts, ends=starts + length),
        moments,
        st.timedeltas(MINUTE, timedelta(days=9)),
    ),
)


def reads_within(window, moment):
    """What somebody says who looks at the clock, and at the calendar beside it."""
    wall = moment.astimezone(ZoneInfo(window.zone))
    today, minute = wall.weekday(), wall.hour * 60 + wall.minute
    if window.begins < window.ends:
        return today in window.days and window.begins <= minute < window.ends
    started = today in window.days and minute >= window.begins
    yesterday = (today - 1) % 7 in window.days and minute < window.ends
    return started or yesterday


def is_near_a_jump(window, moment):
    zone, hours = ZoneInfo(window.zone), timedelta(hours=3)
    around = (moment - hours, moment + hours)
    return len({one.astimezone(zone).utcoffset() for one in around}) > 1


@settings(deadline=None)
@given(weeklies, moments)
def test_a_window_covers_what_the_clock_on_the_wall_reads_within_it(window, moment):
    if reads_within(window, moment):
        assert is_inside(window, moment)


@settings(deadline=None)
@given(weeklies, moments)
def test_a_window_covers_more_only_where_the_clock_is_put_back(window, moment):
    if is_inside(window, moment) and not reads_within(window, moment):
        assert is_near_a_jump(window, moment)


@settings(deadline=None)
@given(windows, moments)
def test_an_open_window_is_open_until_its_end_and_not_then(window, moment):
    end = ends_at(window, moment)
    if end is None:
        return

    assert moment < end
    assert not is_inside(window, end)
    for share in (0.1, 0.5, 0.9):
        assert ends_at(window, moment + share * (end - moment)) == end
    assert is_inside(window, end - timedelta(seconds=1))


@settings(deadline=None)
@given(windows, moments)
def test_between_now_and_the_next_beginning_nothing_else_opens(window, moment):
    begin, since = begins_next(window, moment), ends_at(window, moment) or moment
    if begin is None:
        assert isinstance(window, Once)
        assert moment >= window.starts
        return

    assert is_inside(window, begin)
    assert not is_inside(window, begin - timedelta(seconds=1))
    for share in (0.0, 0.3, 0.9):
        assert not is_inside(window, since + share * (begin - since))


LONDON = {"name": "w", "zone": "Europe/London"}


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("window", "first", "end"),
    [
        # Sunday 29 March 2026: from 01:00 to 02:00 there is no time on the wall.
        (Weekly(**LONDON, days=(6,), begins=90, ends=180), "01:00Z", "02:00Z"),
        (Weekly(**LONDON, days=(6,), begins=0, ends=90), "00:00Z", "01:00Z"),
        (Weekly(**LONDON, days=(6,), begins=0, ends=180), "00:00Z", "02:00Z"),
    ],
)
def test_a_window_in_the_hour_that_summer_time_leaves_out_begins_or_ends_with_the_jump(
    window, first, end
):
    day = "2026-03-29T"

    assert begins_next(window, at(f"{day}00:00Z") - MINUTE) == at(day + first)
    assert ends_at(window, at(day + first)) == at(day + end)


def test_a_window_that_the_jump_leaves_no_room_for_comes_a_week_later():
    window = Weekly(**LONDON, days=(6,), begins=75, ends=105)

    begin = begins_next(window, at("2026-03-28T12:00Z"))

    assert begin == at("2026-04-05T00:15Z")


def test_a_window_in_the_hour_that_comes_twice_lasts_until_its_second_end():
    window = Weekly(**LONDON, days=(6,), begins=75, ends=105)

    begin = begins_next(window, at("2026-10-24T12:00Z"))

    assert begin == at("2026-10-25T00:15Z")
    assert ends_at(window, begin) == at("2026-10-25T01:45Z")


def test_a_window_that_crosses_midnight_belongs_to_the_day_it_begins_on():
    window = Weekly(name="w", days=(4,), begins=22 * 60, ends=6 * 60)

    assert ends_at(window, at("2026-11-28T05:59Z")) == at("2026-11-28T06:00Z")
    assert not is_inside(window, at("2026-11-27T05:59Z"))
    assert not is_inside(window, at("2026-11-28T22:30Z"))


def test_whole_days_that_touch_are_one_window():
    window = Weekly(name="w", days=(5, 6), zone="Europe/London")

    assert ends_at(window, at("2026-11-28T09:00Z")) == at("2026-11-30T00:00Z")
    assert begins_next(window, at("2026-11-28T09:00Z")) == at("2026-12-05T00:00Z")


def test_a_window_that_comes_once_never_comes_again():
    window = Once(
        name="o", starts=at("2026-12-24T12:00Z"), ends=at("2026-12-27T06:00Z")
    )

    assert begins_next(window, at("2026-12-01T00:00Z")) == window.starts
    assert begins_next(window, window.starts) is None
    assert begins_next(window, window.ends) is None
