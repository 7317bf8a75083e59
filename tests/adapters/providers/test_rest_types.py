"""The two types that speak HTTP themselves: shapes, templates, and their traps."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import strange_answer
from reconciler.adapters.providers.custom_api import ADAPTER as CUSTOM
from reconciler.adapters.providers.custom_api import rows as custom_rows
from reconciler.adapters.providers.custom_api.feed import _OHLCV, _with_columns
from reconciler.adapters.providers.custom_api.templates import (
    fill_params,
    fill_path,
    spell_symbol,
)
from reconciler.adapters.providers.mtapi import ADAPTER as MTAPI
from reconciler.adapters.providers.mtapi import rows as mt_rows
from reconciler.adapters.providers.network.session import open_network
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.rest import PLAIN_CODES, refusal
from reconciler.adapters.providers.settings import Pacer
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import sandbox_account

KEY = sandbox_account("feed").api_key
FEED = Connection(
    name="feed",
    type="custom_api",
    provider="feed",
    credential_names=("api_key",),
    config={"endpoint": "https://feed.sandbox.example/v1"},
    symbols=("BTC/USDT",),
    timeframes=("1m",),
)


def with_config(**config):
    return replace(FEED, config={**FEED.config, **config})


def verdict_of(sandbox, connection, key=KEY):
    sealed = {"api_key": Secret(key)} if connection.credential_names else {}

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            CUSTOM.open(connection, sealed, network) as session,
        ):
            return await session.test()

    return asyncio.run(run())


def probe_of(verdict, name):
    return next(probe for probe in verdict.probes if probe.name is name)


# A key is proven or said not to be


def test_a_public_test_path_proves_nothing_and_the_data_decide(sandbox):
    connection = with_config(test={"path": "/public/health"})

    right = verdict_of(sandbox, connection)
    wrong = verdict_of(sandbox, connection, "wrong-key")

    assert right.passed
    assert probe_of(right, ProbeName.AUTH).status is ProbeStatus.UNPROVEN
    assert "proves nothing" in probe_of(right, ProbeName.AUTH).detail
    assert not wrong.passed
    assert wrong.diagnosis.category is Category.INVALID_CREDENTIALS


def test_a_key_sent_in_the_wrong_way_fails(sandbox):
    connection = with_config(authentication_method="header")

    diagnosis = verdict_of(sandbox, connection).diagnosis

    assert diagnosis.category is Category.INVALID_CREDENTIALS


def test_a_wrong_path_is_a_wrong_url(sandbox):
    connection = with_config(test={"path": "/nothing/here"})

    diagnosis = verdict_of(sandbox, connection).diagnosis

    assert diagnosis.category is Category.WRONG_URL


def test_an_expectation_that_does_not_hold_fails(sandbox):
    good = {"path": "/health", "expect": {"status": 200, "json": "status == 'ok'"}}
    bad = {"path": "/health", "expect": {"json": "status == 'down'"}}
    nonsense = {"path": "/health", "expect": {"json": "status ==="}}

    assert verdict_of(sandbox, with_config(test=good)).passed
    assert not verdict_of(sandbox, with_config(test=bad)).passed
    diagnosis = verdict_of(sandbox, with_config(test=nonsense)).diagnosis
    assert diagnosis.category is Category.BAD_REQUEST


def test_a_keyless_feed_skips_the_key(sandbox):
    connection = replace(
        with_config(authentication_method="none", test={"path": "/public/health"}),
        credential_names=(),
        symbols=(),
    )

    verdict = verdict_of(sandbox, connection)

    assert verdict.passed
    assert ProbeName.AUTH not in {probe.name for probe in verdict.probes}


def test_a_sealed_endpoint_that_is_no_url_is_named_and_not_shown(sandbox):
    connection = replace(FEED, credential_names=("api_key", "endpoint"), config={})
    sealed = {"api_key": Secret(KEY), "endpoint": Secret("ftp://canary.example")}

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            CUSTOM.open(connection, sealed, network),
        ):
            pass

    with pytest.raises(ProviderError) as caught:
        asyncio.run(run())
    assert caught.value.diagnosis.category is Category.BAD_URL
    assert "canary" not in str(caught.value.diagnosis)


def test_a_key_with_a_line_end_inside_is_never_sent(sandbox):
    sandbox.reset_requests()

    with pytest.raises(ProviderError) as caught:
        verdict_of(sandbox, FEED, "abc\r\nX-Injected: 1")

    assert caught.value.diagnosis.category is Category.INVALID_CREDENTIALS
    assert sandbox.requests == ()


# Templates


def test_values_cannot_leave_their_place_in_a_path():
    filled = fill_path("/bars/{symbol}/x", {"symbol": "../../admin?a=1#b"})

    assert filled == "/bars/..%2F..%2Fadmin%3Fa%3D1%23b/x"


def test_a_parameter_without_its_value_is_left_out():
    templates = {"s": "{symbol}", "from": "{since_s}", "n": 5}

    assert fill_params(templates, {"symbol": "{limit}"}) == {"s": "{limit}", "n": "5"}


@pytest.mark.parametrize(
    ("template", "symbol", "spelt"),
    [
        ("{base}{quote}", "BTC/USDT", "BTCUSDT"),
        ("{base}-{quote}", "BTC/USDT:USDT", "BTC-USDT"),
        ("{symbol}", "AAPL", "AAPL"),
        ("{base}{quote}", "AAPL", "AAPL"),
    ],
)
def test_symbols_are_spelt_as_the_provider_does(template, symbol, spelt):
    assert spell_symbol(template, symbol) == spelt


# Rows


def ohlcv(**own):
    return _with_columns({**_OHLCV, **own})


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("s", 1_700_000_000),
        ("s", "1700000000.0"),
        ("ms", 1_700_000_000_000),
        ("us", 1_700_000_000_000_000),
        ("ns", 1_700_000_000_000_000_000),
        ("iso8601", "2023-11-14T22:13:20Z"),
        ("iso8601", "2023-11-14T22:13:20"),
    ],
)
def test_every_unit_of_time_is_understood(unit, value):
    row = [value, 1, 2, 1, 2, 5]

    candle = custom_rows.read_candles([row], ohlcv(timestamp_unit=unit))[0]

    assert candle.opened_at_ms == 1_700_000_000_000


@pytest.mark.parametrize(
    "document",
    [
        {"candles": []},
        "text",
        [1, 2, 3],
        [[1, 2]],
        [{"o": 1}],
        [["x", 1, 2, 1, 2, 5]],
        [[2000, 1, 2, 1, 2, 5], [1000, 1, 2, 1, 2, 5]],
    ],
)
def test_what_is_no_list_of_sound_rows_is_refused(document):
    with pytest.raises(ProviderError) as caught:
        custom_rows.read_candles(document, ohlcv())

    assert caught.value.diagnosis.category is Category.MALFORMED_DATA


def test_the_order_is_what_the_file_says():
    down = [[2000, 1, 2, 1, 2, 5], [1000, 1, 2, 1, 2, 5]]

    for order in ("desc", "any"):
        times = [
            c.opened_at_ms for c in custom_rows.read_candles(down, ohlcv(order=order))
        ]
        assert times == [1000, 2000]
    with pytest.raises(ProviderError):
        custom_rows.read_candles(down[::-1], ohlcv(order="desc"))


# The bridge


def test_what_a_bridge_leaves_out_stays_out():
    account = mt_rows.read_account({"balance": 10})

    assert account.balance == 10
    assert (account.currency, account.leverage, account.server) == (None, None, None)
    assert account.read_only is None


@pytest.mark.parametrize("document", [{}, {"status": "ok"}, [], "OK", None])
def test_what_is_no_account_is_refused(document):
    with pytest.raises(ProviderError):
        mt_rows.read_account(document)


@pytest.mark.parametrize("at", [1_700_000_000, 1_700_000_000_000, "1700000000.0"])
def test_seconds_and_milliseconds_are_told_apart(at):
    row = {"time": at, "open": 1.1, "high": 1.2, "low": 1.0, "close": 1.15}

    candle = mt_rows.read_candles({"data": [row]})[0]

    assert candle.opened_at_ms == 1_700_000_000_000
    assert candle.close == Decimal("1.15")


def test_a_misspelt_symbol_is_suggested_as_the_account_spells_it(sandbox):
    account = sandbox_account("mtapi")
    connection = Connection(
        name="mt",
        type="mtapi",
        provider="mt",
        credential_names=("api_key", "account_id"),
        symbols=("eurusd",),
        timeframes=("M1",),
    )
    sealed = {
        "api_key": Secret(account.api_key),
        "account_id": Secret(account.account_id),
    }

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            MTAPI.open(connection, sealed, network) as session,
        ):
            return await session.test()

    diagnosis = asyncio.run(run()).diagnosis
    assert diagnosis.category is Category.BAD_SYMBOL
    assert "'EURUSD'" in diagnosis.fix


@pytest.mark.parametrize(
    ("status", "body", "category"),
    [
        (200, '{"error": "unauthorized", "message": "x"}', "invalid_credentials"),
        (201, '{"code": "INVALID_SYMBOL", "message": "x"}', "bad_symbol"),
        (201, '{"code": "QWERTZ", "message": "x"}', "unknown"),
        (200, '{"error": null, "data": []}', None),
        (200, '{"error": "", "data": []}', None),
        (200, "[]", None),
        (403, '{"message": "IP 1.2.3.4 not allowed"}', "ip_restricted"),
        (500, "{}", "exchange_unavailable"),
        (418, "{}", "ip_banned"),
    ],
)
def test_an_error_is_an_error_whatever_its_status(status, body, category):
    assert refusal(Answer(status=status, body=body), PLAIN_CODES) == category


def test_the_pacer_lets_bursts_through_and_then_waits():
    times = iter([0.0, 1.0, 60.5, 60.5, 60.5])
    pacer = Pacer(2, ticks=lambda: next(times))

    async def three():
        for _ in range(3):
            await pacer.turn()

    asyncio.run(asyncio.wait_for(three(), 1))


@pytest.mark.parametrize(
    ("body", "strange"),
    [
        ("[]", False),
        ("[" + "1," * 200_000 + "1]", False),
        ("[" + "1," * 200_000, True),
        ("{", True),
        ("  ", True),
        ("<!DOCTYPE html><p>hello", True),
        ("OK", True),
    ],
    ids=["list", "long", "long and cut", "cut", "blank", "page", "word"],
)
def test_half_an_answer_is_no_answer(body, strange):
    found = strange_answer(Answer(status=200, body=body), Scrubber())

    assert (found is not None) == strange
