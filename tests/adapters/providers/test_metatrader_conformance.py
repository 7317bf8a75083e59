"""The doors to MetaTrader against the conformance kit: bridges of MT5 and MT4."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.conformance import (
    AdapterContract,
    Subject,
    with_session,
)

C = Category
# The vendor words a disabled account, maintenance and a barred address in its own way.
VENDOR = {
    "permission_denied": frozenset({C.ACCOUNT_SUSPENDED}),
    "maintenance": frozenset({C.EXCHANGE_UNAVAILABLE}),
    "ip_not_allowed": frozenset({C.WAF_BLOCKED}),
}


def native(platform, **where):
    account = sandbox_account("mtapi-native")
    credentials = {"account_id": account.account_id, "password": account.api_secret}
    return Subject(
        adapter=find_adapters()["mtapi"],
        connection=Connection(
            name=f"{platform}-native",
            type="mtapi",
            provider=f"{platform}_broker",
            credential_names=tuple(credentials),
            config={"connect_timeout": 2, **where},
            symbols=("EURUSDm", "USDJPYm"),
            timeframes=("M5", "H1", "D1", "MN"),
        ),
        credentials=credentials,
        provider="mtapi-native",
        proofs=("account_id", "password"),
        own=VENDOR,
    )


def metaapi(**config):
    account = sandbox_account("metaapi")
    credentials = {"token": account.api_key, "account_id": account.account_id}
    return Subject(
        adapter=find_adapters()["metaapi"],
        connection=Connection(
            name="metaapi",
            type="metaapi",
            provider="my-broker",
            credential_names=tuple(credentials),
            config=config,
            symbols=("EURUSD", "USDJPY"),
            timeframes=("5m", "1h", "1d", "1mn", "1M"),
        ),
        credentials=credentials,
        provider="metaapi",
        proofs=("token", "account_id"),
        own={"ip_not_allowed": frozenset({C.WAF_BLOCKED})},
    )


SUBJECTS = {
    "mt5": native("mt5", server="Sandbox-Demo"),
    "mt4": native("mt4", host="127.0.0.1", port=443),
    "metaapi": metaapi(),
    "metaapi-region": metaapi(region="new-york"),
}


class TestMetaTrader(AdapterContract):
    @pytest.fixture(params=SUBJECTS)
    def subject(self, request):
        return SUBJECTS[request.param]

    def test_candles_begin_where_asked(self, subject, sandbox):
        # Midweek: of a weekend the sandbox shows bars that no broker has.
        now = datetime.now(UTC)
        since = now.replace(hour=12, minute=0, second=0, microsecond=0)
        since -= timedelta(days=(since.weekday() - 2) % 7)
        since -= timedelta(days=7 * (since > now - timedelta(days=1)))
        since_ms = int(since.timestamp() * 1000)

        candles = with_session(
            subject,
            sandbox,
            lambda s: s.candles(
                subject.symbol, subject.timeframe, limit=4, since_ms=since_ms
            ),
        )

        assert candles[0].opened_at_ms == since_ms
        assert len(candles) == 4
