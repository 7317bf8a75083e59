"""Rows judged as they came, and the calls that one answer spares."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.providers.ccxt_crypto.introspection import introspection_of
from reconciler.adapters.providers.ccxt_crypto.private_reads import (
    _READS,
    prove_key,
    read_of,
)
from reconciler.adapters.providers.ccxt_crypto.rows import (
    cut_to_newest,
    prove_rows,
    quick_mark,
    read_candles,
)
from reconciler.adapters.providers.ladder.candles import always_open, prove_candles
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName
from reconciler.sandbox import sandbox_account

HOUR_MS = 3_600_000
NOW_MS = 480_000 * HOUR_MS
SOUND = [
    [NOW_MS - back * HOUR_MS, 2.0, 3.0, 1.0, 2.5, 7.0] for back in range(20, -1, -1)
]
prices = st.one_of(
    st.sampled_from([2.0, 2.0, 2.5, 1.0, 3.0, 0.0, -1.0, 0.1 + 0.2]),
    st.floats(),
    st.none(),
    st.just("2.1"),
    st.integers(0, 3),
)
times = st.one_of(
    st.integers(-3, 24).map(lambda back: NOW_MS - back * HOUR_MS),
    st.integers(0, NOW_MS * 2),
    st.floats(allow_nan=False, allow_infinity=False),
)
odd_rows = st.lists(prices, min_size=3, max_size=6)
rows_of_all_kinds = st.lists(
    st.one_of(
        st.sampled_from(SOUND),
        st.tuples(times, odd_rows).map(lambda pair: [pair[0], *pair[1]]),
    ),
    max_size=6,
)
timeframes = st.sampled_from(["1m", "5m", "15m", "1h", "1d", "1w", "1M", "7x"])


def what(timeframe):
    return {
        "symbol": "BTC/USDT",
        "timeframe": timeframe,
        "now_ms": NOW_MS,
        "max_age": always_open,
        "spelling": "BTCUSDT",
    }


@given(rows_of_all_kinds, timeframes)
def test_rows_that_are_judged_quickly_are_judged_alike(rows, timeframe):
    quick = quick_mark(rows, **what(timeframe))

    if quick is not None:
        assert quick == prove_candles(read_candles(rows), **what(timeframe))


@given(st.lists(st.sampled_from(SOUND), min_size=1, unique_by=lambda row: row[0]))
def test_sound_rows_are_judged_quickly(rows):
    rows = sorted([*rows, SOUND[-1]])
    rows = [row for row, after in zip(rows, [*rows[1:], None], strict=True)
            if row is not after]  # fmt: skip

    assert quick_mark(rows, **what("1h")) == prove_rows(rows, count=99, **what("1h"))
    assert quick_mark(rows, **what("1h")) is not None


@pytest.mark.parametrize("rows", [None, {}, "rows", [[]], [None], []])
def test_what_is_no_list_of_rows_is_refused(rows):
    with pytest.raises(ProviderError):
        prove_rows(rows, count=20, **what("1h"))


def test_more_rows_than_were_asked_for_are_cut_to_the_newest():
    mark = prove_rows(SOUND, count=5, **what("1h"))

    assert mark.rows == 5
    assert mark.last_candle_at_ms == NOW_MS


@pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
def test_no_rows_are_parsed_that_nobody_asked_for(order):
    import ccxt

    exchange, seen = ccxt.kraken(), []
    one = exchange.parse_ohlcv
    exchange.parse_ohlcv = lambda row, market=None: seen.append(row) or one(row, market)
    rows = [[at, "1", "3", "1", "2", "2", "9", 4] for at in range(1000, 1720)][::order]
    whole = exchange.parse_ohlcvs(rows, None, "1h", None, 20)
    seen.clear()

    parse = cut_to_newest(exchange.parse_ohlcvs)

    assert parse(rows, None, "1h", None, 20) == whole
    assert len(seen) == 22
    assert parse(rows, None, "1h", 1_500_000, 20)[0][0] == 1_500_000


class Asked:
    """Stands for an exchange; notes which of its methods are called."""

    def __init__(self):
        self.names = []

    def __getattr__(self, name):
        self.names.append(name)
        raise RuntimeError


@pytest.mark.parametrize(
    "name", [name for name, read in _READS.items() if read.tells_rights]
)
def test_a_read_that_is_said_to_tell_the_rights_is_the_call_that_does(name):
    exchange = Asked()
    with contextlib.suppress(RuntimeError):
        asyncio.run(introspection_of(name).ask(exchange))

    assert exchange.names == [_READS[name].method]
    assert not _READS[name].params


class Lacking:
    """An exchange of a release that has none of the calls that we would rather use."""

    id = "coinbase"
    apiKey = "key"  # noqa: N815  # ccxt's name

    async def fetch_balance(self, _params):
        return {"info": {}}


def test_a_release_without_the_call_proves_the_key_by_what_it_has():
    assert read_of(Lacking()).method == "fetch_balance"
    assert not read_of(Lacking()).tells_rights
    assert asyncio.run(prove_key(Lacking())) == {"info": {}}


@pytest.mark.parametrize("name", ["coinbase", "kraken", "htx", "mexc"])
def test_a_release_without_the_call_says_that_it_cannot_ask_about_keys(name):
    with pytest.raises(ProviderError) as caught:
        asyncio.run(introspection_of(name).ask(Lacking()))

    assert caught.value.diagnosis.category is Category.NOT_HERE
    assert "cannot ask coinbase about its keys" in caught.value.diagnosis.summary
    assert caught.value.diagnosis.fix == "install a newer release of ccxt"


@pytest.mark.parametrize("name", ["bybit", "coinbase"])
def test_one_answer_proves_the_key_and_tells_its_rights(sandbox, name):
    from reconciler.adapters.providers.ccxt_crypto.session import open_session

    account = sandbox_account(name, "reader")
    names = ("api_key", "api_secret")
    connection = Connection(
        name="one",
        type="ccxt_crypto",
        provider=name,
        credential_names=names,
        symbols=("BTC/USDT",),
        timeframes=("1h",),
    )
    credentials = {each: Secret(getattr(account, each)) for each in names}

    sandbox.reset_requests()

    async def run():
        async with (
            open_network(sandbox.file) as network,
            open_session(connection, credentials, network) as session,
        ):
            return await session.test()

    verdict = asyncio.run(run())

    assert verdict.passed, verdict.diagnosis
    assert verdict.key is not None
    assert ProbeName.PERMISSION in {probe.name for probe in verdict.probes}
    assert sum(one.authenticated for one in sandbox.requests) == 1
