"""Freshness in market time: a closed market makes no bar old."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.adapters.providers.ladder.calendars import age_rule, oldest_fresh_ms
from reconciler.adapters.providers.ladder.candles import business_days
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError

HOUR = 3_600_000
CONNECTION = Connection(name="x", type="custom_api", provider="p")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def is_fresh(market, timeframe, bar, now):
    rule = age_rule(replace(CONNECTION, market=market), business_days)
    return at(now) - at(bar) <= rule(timeframe, at(now))


# New York: 14:30 to 21:00 UTC in November; closed on Thanksgiving, 26 November 2026,
# and from 18:00 on the day after.
@pytest.mark.parametrize(("timeframe", "bar", "now", "fresh"), [
    ("1m", "2026-11-20 20:59", "2026-11-22 12:00", True),
    ("1h", "2026-11-20 20:00", "2026-11-23 14:29", True),
    ("1h", "2026-11-19 20:30", "2026-11-22 12:00", False),
    ("1m", "2026-11-23 14:00", "2026-11-23 16:00", False),
    ("1m", "2026-11-23 15:30", "2026-11-23 16:00", True),
    ("5m", "2026-11-25 20:55", "2026-11-27 14:00", True),
    ("5m", "2026-11-25 20:55", "2026-11-27 17:00", False),
    ("1h", "2026-11-27 17:00", "2026-11-29 23:00", True),
    ("1d", "2026-11-20 00:00", "2026-11-23 10:00", True),
    ("1d", "2026-11-25 05:00", "2026-11-29 10:00", True),
    ("1d", "2026-11-12 00:00", "2026-11-23 10:00", False),
])  # fmt: skip
def test_new_york_closes_at_night_on_weekends_and_on_holidays(
    timeframe, bar, now, fresh
):
    pytest.importorskip("exchange_calendars")

    assert is_fresh("XNYS", timeframe, bar, now) is fresh


def test_two_markets_have_two_calendars():
    pytest.importorskip("exchange_calendars")
    tuesday = ("1h", "2026-11-24 07:00", "2026-11-24 12:00")

    assert is_fresh("XTKS", *tuesday)  # Tokyo closed at 06:30
    assert not is_fresh("XLON", *tuesday)  # London has been open since 08:00


@pytest.mark.parametrize(("market", "fresh"), [("fx", True), ("24/7", False)])
def test_a_friday_candle_is_fresh_on_sunday_where_the_market_was_closed(market, fresh):
    assert is_fresh(market, "1h", "2026-11-20 20:00", "2026-11-22 12:00") is fresh


def test_without_a_market_the_type_decides():
    assert age_rule(CONNECTION, business_days) is business_days


def test_an_unknown_exchange_is_named_with_those_that_are_known():
    pytest.importorskip("exchange_calendars")
    rule = age_rule(replace(CONNECTION, market="XXXX"), business_days)

    with pytest.raises(ProviderError) as caught:
        rule("1h", at("2026-11-20 20:00"))

    assert caught.value.diagnosis.category is Category.BAD_REQUEST
    assert "XNYS" in caught.value.diagnosis.fix


def test_only_open_time_counts():
    sessions = [(0, 2 * HOUR), (10 * HOUR, 12 * HOUR), (20 * HOUR, 22 * HOUR)]

    assert oldest_fresh_ms(sessions, "1h", 15 * HOUR) == 1 * HOUR
    assert oldest_fresh_ms(sessions, "1m", 15 * HOUR) == 11 * HOUR
    assert oldest_fresh_ms(sessions, "1m", 21 * HOUR) == 20 * HOUR
    assert oldest_fresh_ms(sessions, "4h", 15 * HOUR) == 0
    assert oldest_fresh_ms([], "1m", 15 * HOUR) == 0
