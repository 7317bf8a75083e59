"""Data ages only while its market is open, from the end of its newest bar on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reconciler.adapters.providers.ladder.calendars import open_until_ms
from reconciler.adapters.providers.running.freshness import stale_at
from reconciler.core.connection import Connection, HealthPolicy
from reconciler.core.market import Mark

HOUR = 3_600_000


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def seen(timeframe, opened):
    return Mark(
        symbol="S",
        timeframe=timeframe,
        rows=20,
        last_candle_at_ms=int(at(opened).timestamp() * 1000) if opened else None,
        last_price=Decimal(1),
    )


def found(*marks, type_="custom_api", market="", hours=1):
    connection = Connection(
        name="x",
        type=type_,
        provider="p",
        market=market,
        health=HealthPolicy(stale_after_s=hours * 3_600),
    )
    return stale_at(connection, marks)


def test_what_never_closes_ages_by_the_clock():
    mark = seen("1m", "2026-11-27 20:59")

    assert found(mark, type_="ccxt_crypto") == at("2026-11-27 22:00")
    assert found(mark, market="24/7") == at("2026-11-27 22:00")


def test_foreign_exchange_does_not_age_over_the_weekend():
    mark = seen("1m", "2026-11-27 20:29")  # a Friday, half an hour before the close

    assert found(mark, type_="mtapi") == at("2026-11-29 22:30")
    assert found(mark, type_="metaapi") == at("2026-11-29 22:30")


# New York: 14:30 to 21:00 UTC; closed on 26 November 2026, and from 18:00 on the 27th.
@pytest.mark.parametrize(("bar", "hours", "stale"), [
    ("2026-11-20 20:59", 1, "2026-11-23 15:30"),
    ("2026-11-23 15:29", 1, "2026-11-23 16:30"),
    ("2026-11-25 20:29", 1, "2026-11-27 15:00"),
    ("2026-11-23 14:29", 13, "2026-11-24 21:00"),
])  # fmt: skip
def test_an_exchange_ages_in_its_sessions(bar, hours, stale):
    pytest.importorskip("exchange_calendars")

    assert found(seen("1m", bar), market="XNYS", hours=hours) == at(stale)


def test_beyond_its_calendar_an_exchange_is_open_as_much_as_before():
    pytest.importorskip("exchange_calendars")
    start = int(at("2026-11-23 14:30").timestamp() * 1000)

    month = open_until_ms("XNYS", start, 21 * 6 * HOUR) - start

    assert timedelta(days=25) < timedelta(milliseconds=month) < timedelta(days=35)


def test_where_nobody_knows_the_hours_a_long_closing_is_no_fault():
    mark = seen("1m", "2026-11-27 20:59")

    assert found(mark) == at("2026-12-02 21:00")
    assert found(mark, hours=240) == at("2026-12-07 21:00")


def test_a_bar_ages_from_its_end_on():
    assert found(seen("1d", "2026-11-23 00:00"), market="24/7") == at(
        "2026-11-24 01:00"
    )


def test_the_shortest_bars_tell_most():
    marks = [seen("1d", "2026-11-23 00:00"), seen("1m", "2026-11-23 09:59")]

    assert found(*marks, market="24/7") == at("2026-11-23 11:00")


def test_the_newest_of_several_symbols_counts():
    marks = [seen("1m", "2026-11-23 08:59"), seen("1m", "2026-11-23 09:59")]

    assert found(*marks, market="24/7") == at("2026-11-23 11:00")


def test_without_a_bar_nothing_is_said():
    assert found() is None
    assert found(seen("1m", None)) is None
