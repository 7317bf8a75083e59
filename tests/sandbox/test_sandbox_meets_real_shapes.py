"""What the sandbox answers has the names and types of what real providers answer.

The recorded answers are third-party data beside the repository; without them
these tests are skipped. Only names and JSON types are compared.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from reconciler.sandbox import sandbox_account
from tests.sandbox.sandbox_clients import client_session, exchange

RECORDED = Path(__file__).parents[3] / "shared/data/providers"
pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="no recorded answers")

# Recorded answers, and how ours is asked for; LATER names are newer.
SHAPES = {
    "binance/spot_exchangeInfo.json": ("publicGetExchangeInfo", {}),
    "binance/fapi_exchangeInfo.json": ("fapiPublicGetExchangeInfo", {}),
    "binance/spot_account.json": ("privateGetAccount", {}),
    "binance/sapi_capital_config_getall.json": ("sapiGetCapitalConfigGetall", {}),
    "binance/doc_apiRestrictions_read_only.json": (
        "sapiGetAccountApiRestrictions",
        {},
    ),
    "coinbase/doc_key_permissions_read_only.json": (
        "v3PrivateGetBrokerageKeyPermissions",
        {},
    ),
    "kraken/doc_BalanceEx.json": ("privatePostBalanceEx", {}),
    "kraken/doc_GetApiKeyInfo_read_only.json": ("privatePostGetApiKeyInfo", {}),
    "kucoin/doc_accounts.json": ("privateGetAccounts", {"type": "trade"}),
    "kucoin/doc_allTickers.json": ("publicGetMarketAllTickers", {}),
    "kucoin/doc_apikey.json": ("privateGetUserApiKey", {}),
    "kucoin/doc_candles.json": (
        "publicGetMarketCandles",
        {"symbol": "BTC-USDT", "type": "1hour"},
    ),
    "kucoin/doc_stats.json": ("publicGetMarketStats", {"symbol": "BTC-USDT"}),
    "kucoin/doc_symbols.json": ("publicGetSymbols", {}),
    "okx/doc_account_config_read_only.json": ("privateGetAccountConfig", {}),
    "okx/doc_ticker.json": ("publicGetMarketTicker", {"instId": "BTC-USDT"}),
}
LATER = {"timezone", "optionSymbols", "autoLoan", "roleType", "uid", "permissions"}


def shape(document):
    """Return names and JSON types, lists by their first element."""
    match document:
        case dict():
            return {name: shape(value) for name, value in document.items()}
        case [first, *_]:
            return [shape(first)]
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case _:
            return type(document).__name__


def differences(ours, real, path=""):
    """Yield where ours has a name or type that the real answer has not."""
    if isinstance(ours, dict) and isinstance(real, dict):
        for name in ours.keys() - LATER:
            if name in real:
                yield from differences(ours[name], real[name], f"{path}.{name}")
            elif not path.endswith("result"):  # Kraken: named by the asset held
                yield f"{path}.{name} is not in the recording"
    elif isinstance(ours, list) and isinstance(real, list) and ours and real:
        yield from differences(ours[0], real[0], f"{path}[]")
    elif type(ours) is not type(real) or (isinstance(ours, str) and ours != real):
        yield f"{path}: {ours} is not {real}"


def answer_of(sandbox, name, method, params):
    async def dialogue():
        async with exchange(sandbox, name) as client:
            answer = await getattr(client, method)(params)
            return json.loads(json.dumps(answer))

    return asyncio.run(dialogue())


@pytest.mark.parametrize("recording", SHAPES)
def test_an_exchange_answers_in_the_recorded_shape(sandbox, recording):
    method, params = SHAPES[recording]
    real = json.loads((RECORDED / recording).read_text())

    ours = answer_of(sandbox, recording.split("/")[0], method, params)

    assert list(differences(shape(ours), shape(real))) == []


def test_binance_bars_are_in_the_recorded_shape(sandbox):
    real = json.loads((RECORDED / "binance/spot_klines.json").read_text())["body"]
    params = {"symbol": "BTCUSDT", "interval": "1h"}

    ours = answer_of(sandbox, "binance", "publicGetKlines", params)

    assert [shape(cell) for cell in ours[0]] == [shape(cell) for cell in real[0]]


BRIDGE = {
    "mtapi/v1_account_ok.json": "",
    "mtapi/v1_history_ok.json": "/history?symbol=EURUSD&timeframe=H1",
    "mtapi/v1_symbols_ok.json": "/symbols",
}


@pytest.mark.parametrize("recording", BRIDGE)
def test_the_bridge_answers_with_every_recorded_name(sandbox, recording):
    account = sandbox_account("mtapi")
    url = f"https://api.mtapi.io/v1/accounts/{account.account_id}{BRIDGE[recording]}"
    headers = {"Authorization": f"Bearer {account.api_key}"}
    real = json.loads((RECORDED / recording).read_text())

    async def dialogue():
        async with (
            client_session(sandbox) as session,
            session.get(url, headers=headers) as response,
        ):
            return await response.json()

    ours = asyncio.run(dialogue())

    assert list(differences(shape(real), shape(ours))) == []
