"""The rules that all doors to MetaTrader share: the week, spellings, offline checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.providers.metatrader.hours import (
    closed_sentence,
    reopening,
    window_end_ms,
    window_start_ms,
)
from reconciler.adapters.providers.metatrader.series import (
    spelt_alike,
)
from reconciler.adapters.providers.metatrader.zones import (
    utc_offset_of,
)
from reconciler.adapters.providers.mtapi import ADAPTER
from reconciler.adapters.providers.mtapi.dialects import dialect_of, platform_of
from reconciler.core.connection import Connection

HOUR_MS = 3_600_000
SUNDAY = datetime(2026, 11, 22, 22, tzinfo=UTC)
moments = st.integers(1_577_836_800, 2_051_222_400).map(
    lambda seconds: datetime.fromtimestamp(seconds, tz=UTC)
)
spans = st.integers(min_value=0, max_value=4_000 * HOUR_MS)


def ms(moment):
    return int(moment.timestamp() * 1000)


def open_ms(start, end):
    """Return the open market between two moments, hour by hour."""
    hours = range(start, end, HOUR_MS)
    return sum(
        HOUR_MS
        for at in hours
        if reopening(datetime.fromtimestamp(at / 1000, tz=UTC)) is None
    )


# The week


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (datetime(2026, 11, 20, 20, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 20, 21, 0, tzinfo=UTC), SUNDAY),
        (datetime(2026, 11, 22, 21, 59, tzinfo=UTC), SUNDAY),
        (datetime(2026, 11, 22, 22, 0, tzinfo=UTC), None),
        (datetime(2026, 11, 25, 3, 0, tzinfo=UTC), None),
    ],
)
def test_the_week_ends_on_friday_and_begins_on_sunday_evening(moment, opens):
    assert reopening(moment) == opens
    assert bool(closed_sentence(moment)) is bool(opens)


@given(end=moments, span=spans)
def test_a_window_holds_as_much_open_market_as_asked(end, span):
    end_ms = ms(end.replace(minute=0, second=0))
    span -= span % HOUR_MS

    start_ms = window_start_ms(end_ms, span)

    assert open_ms(start_ms, end_ms) == span


@given(start=moments, span=spans)
def test_a_window_forward_holds_as_much_too(start, span):
    start_ms = ms(start.replace(minute=0, second=0))
    span -= span % HOUR_MS

    assert open_ms(start_ms, window_end_ms(start_ms, span)) == span


def test_a_window_never_begins_before_1971():
    assert window_start_ms(ms(datetime(2026, 1, 1, tzinfo=UTC)), 10**15) > 0


# Zones and spellings


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        *((0, 0), (2, 2), (-5, -5), (5.5, 5.5), (120, 2), (-300, -5), (10_800, 3)),
        *(
            ("+03:00", 3),
            ("-05:30", -5.5),
            ("GMT+2", 2),
            ("utc", 0),
            ("UTC+5:45", 5.75),
        ),
    ],
)
def test_a_servers_zone_is_understood_in_every_unit(value, hours):
    assert utc_offset_of(value) == timedelta(hours=hours)


@pytest.mark.parametrize("value", [None, True, "", "EET", 15.5, 60_000, [2], "1:x"])
def test_what_is_no_zone_is_unknown(value):
    assert utc_offset_of(value) is None


@pytest.mark.parametrize(
    ("symbol", "found"),
    [
        ("EURUSD", ("EURUSD.", "EURUSDm")),
        ("eur/usd", ("EURUSD.", "EURUSDm")),
        ("EURUSX", ("EURUSDm",)),
        ("xauusdM", ("XAUUSDm",)),
        ("GBPUSDm", ("GBPUSD",)),
        ("NOSUCH/THING", ()),
    ],
)
def test_spellings_of_the_account_are_found(symbol, found):
    names = ["XAUUSDm", "EURUSDm", "EURUSD.", "GBPUSD"]

    assert spelt_alike(symbol, names) == found


# Dialects


def mt(names=("account_id", "password"), timeframes=("H1",), provider="x", **config):
    return Connection(
        name="x",
        type="mtapi",
        provider=provider,
        credential_names=tuple(names),
        config=config,
        timeframes=timeframes,
    )


V1 = ("api_key", "account_id")


@pytest.mark.parametrize(
    ("connection", "dialect"),
    [
        (mt(V1), "v1"),
        (mt(V1, base_url="https://bridge.example"), "v1"),
        (mt(V1, server="Demo"), "native"),
        (mt((*V1, "server")), "native"),
        (mt(V1, host="1.2.3.4"), "native"),
        (mt(V1, base_url="https://mt4.mtapi.io"), "native"),
        (mt(V1, base_url="https://mt4.mtapi.io", dialect="v1"), "v1"),
        (mt(V1, dialect="native"), "native"),
        (mt(), "native"),
        (mt((*V1, "password")), "v1"),
        (mt(V1, dialect="auto", base_url="https://evil-mt4.mtapi.io.example"), "v1"),
    ],
)
def test_the_dialect_follows_from_the_file(connection, dialect):
    assert dialect_of(connection) == dialect


@pytest.mark.parametrize(
    ("connection", "platform"),
    [
        (mt(), "mt5"),
        (mt(provider="mt4_account_123"), "mt4"),
        (mt(provider="mt4_x", platform="mt5"), "mt5"),
        (mt(base_url="https://mt4.mtapi.io"), "mt4"),
    ],
)
def test_the_platform_follows_from_the_file(connection, platform):
    assert platform_of(connection) == platform


FINE = {"server": "ICMarketsSC-Demo"}
PROBLEMS = [
    (mt(("account_id",), **FINE), "R306", ("credentials",)),
    (mt(("password",), **FINE), "R306", ("credentials",)),
    (mt(("account_id", "password", "pin"), **FINE), "R307", ("credentials", "pin")),
    (mt((*V1, "password")), "R307", ("credentials", "password")),
    (mt(), "R406", ("config", "server")),
    (mt(host="1.2.3.4", **FINE), "R406", ("config", "server")),
    (mt(host="https://1.2.3.4"), "R406", ("config", "host")),
    (mt(host="1.2.3.4", port=0), "R406", ("config", "port")),
    (mt(host="1.2.3.4", port="443"), "R406", ("config", "port")),
    (mt(platform="mt6", **FINE), "R406", ("config", "platform")),
    (mt(utc_offset=15, **FINE), "R406", ("config", "utc_offset")),
    (mt(utc_offset="EET", **FINE), "R406", ("config", "utc_offset")),
    (mt(connect_timeout=0, **FINE), "R406", ("config", "connect_timeout")),
    (mt(keep_session="yes", **FINE), "R406", ("config", "keep_session")),
    (mt(broker="x", **FINE), "R405", ("config", "broker")),
    (mt(V1, dialect="v1", server="x"), "R405", ("config", "server")),
    (mt((*V1, "server"), dialect="v1"), "R307", ("credentials", "server")),
    (mt(timeframes=("M2",), platform="mt4", **FINE), "R404", None),
    (mt(V1, timeframes=("M2",)), "R404", None),
    (mt(timeframes=("1h",), **FINE), "R404", None),
]


@pytest.mark.parametrize(("connection", "code", "path"), PROBLEMS)
def test_a_problem_is_found_with_its_place(connection, code, path):
    findings = [(f.code, f.path) for f in ADAPTER.check(connection)]

    assert code in {found for found, _ in findings}
    if path is not None:
        assert (code, path) in findings
    assert all(f.hint for f in ADAPTER.check(connection) if f.code != "R406")


@pytest.mark.parametrize(
    "connection",
    [
        mt(**FINE),
        mt(timeframes=("M2", "H12", "MN"), **FINE),
        mt(("account_id", "password", "api_key"), **FINE),
        mt(("account_id", "password", "server")),
        mt(host="mt.example", port=443, platform="mt4", timeframes=("MN1",)),
        mt(V1, platform="mt5", timeframes=("M2",)),
    ],
)
def test_what_is_right_is_accepted(connection):
    assert list(ADAPTER.check(connection)) == []
