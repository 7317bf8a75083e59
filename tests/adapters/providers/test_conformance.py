"""The three adapters of ours against the sandbox: ten exchanges, bridge and feed."""

from __future__ import annotations

import asyncio

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.network.session import open_network
from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.connection import Connection, Permissions
from reconciler.core.diagnosis import Category
from reconciler.core.secret import Secret
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.conformance import AdapterContract, Subject

C = Category


SILENT = ("gate",)
"""It does not tell whether a key may withdraw, which would be a warning."""


def exchange(provider, *, names_wait=True, **own):
    account = sandbox_account(provider)
    credentials = {"api_key": account.api_key, "api_secret": account.api_secret}
    if account.api_passphrase:
        credentials["api_passphrase"] = account.api_passphrase
    return Subject(
        adapter=find_adapters()["ccxt_crypto"],
        connection=Connection(
            name=f"{provider}-main",
            type="ccxt_crypto",
            provider=provider,
            credential_names=tuple(credentials),
            permissions=Permissions(forbid=()) if provider in SILENT else Permissions(),
            symbols=("BTC/USDT", "ETH/USDT"),
            timeframes=("1m", "1h", "1d"),
        ),
        credentials=credentials,
        provider=provider,
        proofs=tuple(credentials),
        own=own,
        names_wait=names_wait,
    )


def bridge():
    account = sandbox_account("mtapi")
    credentials = {
        "api_key": account.api_key,
        "account_id": account.account_id,
        "timeout": "30",
    }
    return Subject(
        adapter=find_adapters()["mtapi"],
        connection=Connection(
            name="mt4",
            type="mtapi",
            provider="mt4_account_123",
            credential_names=tuple(credentials),
            symbols=("EURUSD", "GBPUSD", "USDJPY"),
            timeframes=("M1", "M5", "H1", "H4"),
        ),
        credentials=credentials,
        provider="mtapi",
        proofs=("api_key", "account_id"),
    )


def feed(name="reader", **config):
    account = sandbox_account("feed", name)
    credentials = {
        "api_key": account.api_key,
        "endpoint": "https://api.custom-data-provider.com/v1",
    }
    if account.method == "basic":
        credentials["api_secret"] = account.api_secret
    return Subject(
        adapter=find_adapters()["custom_api"],
        connection=Connection(
            name="feed",
            type="custom_api",
            provider="custom-market-data",
            credential_names=tuple(credentials),
            config={"authentication_method": account.method, **config},
            symbols=("BTC/USDT", "EUR/USD"),
            timeframes=("1m", "5m", "1h"),
        ),
        credentials=credentials,
        provider="feed",
        proofs=tuple(n for n in credentials if n != "endpoint"),
    )


NAMED_COLUMNS = {
    "path": "/candles",
    "params": {
        "symbol": "{symbol}",
        "interval": "{timeframe}",
        "limit": "{limit}",
        "start": "{since_ms}",
    },
    "rows": "data.candles",
    "columns": {
        "timestamp": "time",
        "open": "o",
        "high": "h",
        "low": "l",
        "close": "c",
        "volume": "v",
    },
    "symbol_template": "{base}-{quote}",
}
SUBJECTS = {
    "binance": exchange("binance"),
    "okx": exchange("okx"),
    # Kraken has one answer for a wrong key and a wrong address, and no Retry-After.
    "kraken": exchange(
        "kraken", names_wait=False, ip_not_allowed={C.INVALID_CREDENTIALS}
    ),
    # KuCoin is asked for a span of time: a stalled feed has nothing in it.
    "kucoin": exchange("kucoin", stale_candles={C.STALE_DATA, C.NO_DATA}),
    "bybit": exchange("bybit"),
    # Coinbase answers whatever is wrong with a token, or its sender, with one word.
    "coinbase": exchange("coinbase", ip_not_allowed={C.INVALID_CREDENTIALS}),
    # Bitget tells no end of a limit, and BingX in a header that only it has.
    "bitget": exchange("bitget", names_wait=False),
    "gate": exchange("gate"),
    "bingx": exchange("bingx", names_wait=False),
    "mexc": exchange("mexc"),
    "mtapi": bridge(),
    "feed-bearer": feed(rate_limit=100),
    "feed-header": feed("header"),
    "feed-query": feed("query", ohlcv=NAMED_COLUMNS),
    "feed-basic": feed("basic"),
}


class TestOurAdapters(AdapterContract):
    @pytest.fixture(params=SUBJECTS)
    def subject(self, request):
        return SUBJECTS[request.param]


@pytest.mark.parametrize("name", ["binance", "mtapi", "feed-bearer"])
def test_a_proxy_that_is_not_there_is_named_as_the_cause(name):
    subject = SUBJECTS[name]
    sealed = {k: Secret(v) for k, v in subject.credentials.items()}
    sealed["proxy"] = Secret("http://user:canary-password@127.0.0.1:1")

    async def run():
        async with (
            open_network(clock=SystemClock(), allow=["127.0.0.1"]) as network,
            subject.adapter.open(subject.connection, sealed, network) as session,
        ):
            return await session.test()

    verdict = asyncio.run(run())

    assert verdict.diagnosis.category is C.PROXY_UNREACHABLE
    assert "canary" not in str(verdict)
