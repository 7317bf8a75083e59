"""What candles must look like, and how old they may be in which market."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reconciler.adapters.providers.ladder.candles import (
    always_open,
    bounded_limit,
    business_days,
    described,
    foreign_exchange,
    make_candle,
    prove_candles,
)
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.market import Mark

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
HOUR_MS = 3_600_000


def ms(at):
    return int(at.timestamp() * 1000)


def series(newest, count=5, step=HOUR_MS):
    times = [ms(newest) - step * back for back in reversed(range(count))]
    return [make_candle([at, 10, 12, 9, 11, 1]) for at in times]


def proven(candles, *, now=NOW, timeframe="1h", max_age=always_open):
    return prove_candles(
        candles, symbol="X", timeframe=timeframe, now_ms=ms(now), max_age=max_age
    )


def category_of(candles, **options):
    with pytest.raises(ProviderError) as caught:
        proven(candles, **options)
    return caught.value.diagnosis.category


def test_a_sound_series_leaves_a_mark():
    mark = proven(series(NOW))

    assert (mark.rows, mark.last_price) == (5, Decimal(11))
    assert mark.last_candle_at_ms == ms(NOW)


@pytest.mark.parametrize(
    "row",
    [
        [1, "n/a", 2, 3, 4, 5],
        [1, True, 2, 3, 4, 5],
        [1, None, 2, 3, 4, 5],
        [None, 1, 2, 3, 4, 5],
        ["later", 1, 2, 3, 4, 5],
        [1, [], 2, 3, 4, 5],
        [1, 1, 1, 1],
    ],
)
def test_a_field_that_is_no_number_is_refused(row):
    with pytest.raises(ProviderError) as caught:
        make_candle(row)

    assert caught.value.diagnosis.category is Category.MALFORMED_DATA


def test_numbers_in_text_are_numbers_and_a_missing_volume_is_none():
    candle = make_candle(["1000", "1.5", "2.5", "1.1", "2.0"])

    assert candle.high == Decimal("2.5")
    assert candle.volume == 0


def test_broken_series_are_refused():
    sound = series(NOW)
    upside_down = make_candle([ms(NOW) + 1, 10, 9, 12, 11, 1])
    infinite = make_candle([ms(NOW) + 1, 10, "Infinity", 9, 11, 1])
    future = series(NOW + timedelta(days=2))

    assert category_of([]) is Category.NO_DATA
    contradicting = replace(sound[-1], volume=sound[-1].volume + 1)
    assert category_of([*sound, contradicting]) is Category.MALFORMED_DATA
    assert category_of([*sound, upside_down]) is Category.MALFORMED_DATA
    assert category_of([*sound, infinite]) is Category.MALFORMED_DATA
    assert category_of(future) is Category.MALFORMED_DATA
    assert category_of(series(NOW)[::-1]) is Category.MALFORMED_DATA


def test_crypto_may_be_three_bars_or_a_quarter_of_an_hour_old():
    minute = 60_000
    assert always_open("1m", 0) == 15 * minute
    assert always_open("1h", 0) == 180 * minute
    assert category_of(series(NOW - timedelta(hours=4))) is Category.STALE_DATA
    assert proven(series(NOW - timedelta(hours=2)))


@pytest.mark.parametrize(
    ("now", "newest", "fresh"),
    [
        ("2026-11-18T12:00", "2026-11-18T11:59", True),  # Wednesday, open
        ("2026-11-18T12:00", "2026-11-18T09:00", False),
        ("2026-11-20T21:30", "2026-11-20T20:59", True),  # Friday, just closed
        ("2026-11-21T12:00", "2026-11-20T20:59", True),  # Saturday
        ("2026-11-21T12:00", "2026-11-19T12:00", False),  # ... but it stopped before
        ("2026-11-22T21:59", "2026-11-20T20:59", True),  # Sunday, before the opening
        ("2026-11-22T22:05", "2026-11-20T20:59", True),  # ... and just after it
        ("2026-11-23T09:00", "2026-11-20T20:59", False),  # Monday: nothing came
        ("2026-11-23T09:00", "2026-11-23T08:58", True),
    ],
)
def test_foreign_exchange_is_closed_at_the_weekend(now, newest, fresh):
    now, newest = (datetime.fromisoformat(f"{t}:00+00:00") for t in (now, newest))
    candles = series(newest, step=60_000)

    if fresh:
        assert proven(candles, now=now, timeframe="M1", max_age=foreign_exchange)
    else:
        found = category_of(candles, now=now, timeframe="M1", max_age=foreign_exchange)
        assert found is Category.STALE_DATA


def test_a_feed_of_unknown_hours_may_be_five_days_old():
    weekend = series(NOW - timedelta(days=4))
    holiday = series(NOW - timedelta(days=6))

    assert proven(weekend, max_age=business_days)
    assert category_of(holiday, max_age=business_days) is Category.STALE_DATA
    assert proven(holiday, timeframe="1w", max_age=business_days)


def test_limits_are_bounded():
    assert [bounded_limit(n) for n in (-1, 0, 7, 10**6)] == [1, 1, 7, 1000]


def test_gaps_and_rows_that_came_twice_are_told_in_one_line():
    mark = Mark(
        symbol="A", timeframe="1h", rows=3, last_candle_at_ms=0, last_price=None
    )

    assert described([mark]) == "1 series of candles"
    assert described([replace(mark, gaps=1), replace(mark, gaps=1, duplicates=1)]) == (
        "2 series of candles, 2 gaps, 1 row twice"
    )
