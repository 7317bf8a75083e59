from decimal import Decimal

import pytest

from reconciler.core.market import Candle, check_candles, timeframe_ms

HOUR = 3_600_000
NOW = 1_700_000_000_000 // HOUR * HOUR


def bar(at, o=10, h=12, low=9, c=11, v=5):
    return Candle(at, *(Decimal(str(x)) for x in (o, h, low, c, v)))


def series(count=3):
    return [bar(NOW - (count - 1 - index) * HOUR) for index in range(count)]


def broken(candles):
    return check_candles(candles, timeframe="1h", now_ms=NOW).broken


def test_sound_candles_have_no_fault():
    assert broken(series()) == ""


@pytest.mark.parametrize(
    ("candles", "fault"),
    [
        ([bar(NOW, h=8)], "high and low"),
        ([bar(NOW, low=11)], "high and low"),
        ([bar(NOW, o=0)], "above zero"),
        ([bar(NOW, v=-1)], "volume"),
        ([bar(NOW, c="NaN")], "not finite"),
        ([bar(NOW), bar(NOW, v=6)], "row 2"),
        (list(reversed(series())), "row 2"),
        ([bar(NOW + 5 * HOUR)], "future"),
        ([bar(NOW // 1000)], "1970"),
    ],
)
def test_rubbish_is_named(candles, fault):
    assert fault in broken(candles)


@pytest.mark.parametrize(
    ("timeframe", "off_ms", "fault"),
    [
        ("1m", 30_000, "not where a bar begins"),
        ("15m", 60_000, "not where a bar begins"),
        ("M5", 1, "not where a bar begins"),
        ("15m", 0, ""),
        ("1h", 30 * 60_000, ""),  # New York opens at half past
        ("7m", 60_000, ""),  # counted from midnight, not from 1970
    ],
)
def test_short_bars_begin_on_their_own_grid(timeframe, off_ms, fault):
    candles = [bar(NOW - HOUR + off_ms)]

    found = check_candles(candles, timeframe=timeframe, now_ms=NOW).broken

    assert (fault in found) if fault else found == ""


def test_rows_that_came_twice_are_counted():
    candles = [bar(NOW - HOUR), bar(NOW - HOUR), bar(NOW)]

    faults = check_candles(candles, timeframe="1h", now_ms=NOW)

    assert (faults.broken, faults.duplicates, faults.gaps) == ("", 1, 0)


def test_gaps_and_age_are_counted_and_not_judged():
    candles = [bar(NOW - 5 * HOUR), bar(NOW - 2 * HOUR)]

    faults = check_candles(candles, timeframe="1h", now_ms=NOW)

    assert (faults.broken, faults.gaps, faults.newest_age_ms) == ("", 1, 2 * HOUR)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1m", 60_000),
        ("M1", 60_000),
        ("4h", 4 * HOUR),
        ("H4", 4 * HOUR),
        ("D1", 24 * HOUR),
        ("1w", 168 * HOUR),
        ("MN", 720 * HOUR),
        ("1M", 720 * HOUR),
        ("hourly", None),
        ("", None),
    ],
)
def test_timeframes_of_both_spellings_have_a_length(text, ms):
    assert timeframe_ms(text) == ms
