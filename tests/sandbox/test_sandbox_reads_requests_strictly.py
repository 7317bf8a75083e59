"""Requests that no well-behaved client sends are refused in the exchange's words."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time

import pytest

from reconciler.sandbox import sandbox_account
from tests.sandbox.sandbox_clients import client_session

BINANCE = "https://api.binance.com"
OKX = "https://www.okx.com"
KRAKEN = "https://api.kraken.com"
KUCOIN = "https://api.kucoin.com"


def request(sandbox, method, url, **kwargs):
    """Return status and parsed body of one request."""

    async def dialogue():
        async with (
            client_session(sandbox) as session,
            session.request(method, url, **kwargs) as response,
        ):
            return response.status, await response.json()

    return asyncio.run(dialogue())


def code_of(document):
    """Return the code or words by which an exchange names an error."""
    return document.get("error") or document.get("code")


BAD_PARAMETERS = [
    (f"{BINANCE}/api/v3/klines?interval=1h", -1102),
    (f"{BINANCE}/api/v3/klines?symbol=NOPE&interval=1h", -1121),
    (f"{BINANCE}/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=x", -1100),
    (f"{BINANCE}/api/v3/ticker/price?symbol=btcusdt", -1121),
    (f"{OKX}/api/v5/market/candles?instId=NOPE&bar=1H", "51001"),
    (f"{OKX}/api/v5/market/candles?instId=BTC-USDT&bar=7m", "51000"),
    (f"{OKX}/api/v5/market/candles?instId=BTC-USDT&after=x", "51000"),
    (f"{KRAKEN}/0/public/Ticker?pair=NOPE", ["EQuery:Unknown asset pair"]),
    (f"{KRAKEN}/0/public/OHLC?interval=1", ["EGeneral:Invalid arguments"]),
    (f"{KRAKEN}/0/public/Nothing", ["EGeneral:Unknown method"]),
    (f"{KUCOIN}/api/v1/market/stats?symbol=NOPE", "900001"),
    (f"{KUCOIN}/api/v1/market/candles?symbol=BTC-USDT&type=7min", "400100"),
    (f"{KUCOIN}/api/v1/market/candles?symbol=BTC-USDT&type=1min&startAt=x", "400100"),
    (f"{KUCOIN}/api/v1/nothing", "404"),
    (f"{OKX}/api/v5/nothing", "50404"),
]


@pytest.mark.parametrize(("url", "code"), BAD_PARAMETERS)
def test_a_bad_parameter_is_named(sandbox, url, code):
    assert code_of(request(sandbox, "GET", url)[1]) == code


@pytest.mark.parametrize(
    ("headers", "query", "code"),
    [
        ({}, "timestamp=1&signature=0", -2014),
        ({"X-MBX-APIKEY": ""}, "timestamp=1&signature=0", -2014),
        ({"X-MBX-APIKEY": sandbox_account("binance").api_key}, "timestamp=1", -1102),
        (
            {"X-MBX-APIKEY": sandbox_account("binance").api_key},
            "a=1&signature=0",
            -1102,
        ),
        (
            {"X-MBX-APIKEY": sandbox_account("binance").api_key},
            "timestamp=1&signature=0",
            -1021,
        ),
    ],
)
def test_binance_reads_a_signed_request_strictly(sandbox, headers, query, code):
    url = f"{BINANCE}/api/v3/account?{query}"

    assert request(sandbox, "GET", url, headers=headers)[1]["code"] == code


def test_a_binance_parameter_added_after_signing_is_caught(sandbox):
    account = sandbox_account("binance")
    signed = f"timestamp={int(time.time() * 1000)}"
    key = account.api_secret.encode()
    signature = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
    headers = {"X-MBX-APIKEY": account.api_key}

    def ask(query):
        url = f"{BINANCE}/api/v3/account?{query}&signature={signature}"
        return request(sandbox, "GET", url, headers=headers)

    assert ask(signed)[0] == 200
    assert ask(signed + "&recvWindow=60000")[1]["code"] == -1022


def okx_headers(*, stamp="2020-01-01T00:00:00.000Z", **changes):
    headers = {
        "OK-ACCESS-KEY": sandbox_account("okx").api_key,
        "OK-ACCESS-SIGN": "c2lnbg==",
        "OK-ACCESS-TIMESTAMP": stamp,
        "OK-ACCESS-PASSPHRASE": sandbox_account("okx").api_passphrase,
    }
    return {name: v for name, v in (headers | changes).items() if v}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"OK-ACCESS-KEY": ""}, "50103"),
        ({"OK-ACCESS-PASSPHRASE": ""}, "50104"),
        ({"OK-ACCESS-SIGN": ""}, "50106"),
        ({"stamp": ""}, "50107"),
        ({"stamp": "yesterday"}, "50112"),
        ({}, "50102"),
    ],
)
def test_okx_reads_its_headers_strictly(sandbox, changes, code):
    url = f"{OKX}/api/v5/account/balance"

    answer = request(sandbox, "GET", url, headers=okx_headers(**changes))

    assert answer[1]["code"] == code


def test_kucoin_wants_all_its_headers(sandbox):
    headers = {"KC-API-KEY": sandbox_account("kucoin").api_key}

    answer = request(sandbox, "GET", f"{KUCOIN}/api/v1/accounts", headers=headers)

    assert (answer[0], answer[1]["code"]) == (400, "400001")


def test_a_kucoin_key_of_version_1_sends_its_passphrase_in_the_clear(sandbox):
    account, stamp = sandbox_account("kucoin"), str(int(time.time() * 1000))
    text = f"{stamp}GET/api/v1/user/api-key"
    digest = hmac.new(account.api_secret.encode(), text.encode(), hashlib.sha256)
    headers = {
        "KC-API-KEY": account.api_key,
        "KC-API-SIGN": base64.b64encode(digest.digest()).decode(),
        "KC-API-TIMESTAMP": stamp,
        "KC-API-PASSPHRASE": account.api_passphrase,
    }

    answer = request(sandbox, "GET", f"{KUCOIN}/api/v1/user/api-key", headers=headers)

    assert answer[1]["data"]["remark"] == "reader"


def test_kraken_wants_a_nonce(sandbox):
    headers = {"API-Key": sandbox_account("kraken").api_key, "API-Sign": "eA=="}

    answer = request(
        sandbox, "POST", f"{KRAKEN}/0/private/Balance", headers=headers, data={"a": "b"}
    )

    assert answer[1]["error"] == ["EAPI:Invalid nonce"]


def test_kraken_knows_a_pair_by_its_other_name(sandbox):
    answer = request(sandbox, "GET", f"{KRAKEN}/0/public/Ticker?pair=XBTUSD")

    assert list(answer[1]["result"]) == ["XXBTZUSD"]


def test_everything_is_listed_when_no_market_is_named(sandbox):
    binance = request(sandbox, "GET", f"{BINANCE}/api/v3/ticker/24hr")[1]
    okx = request(sandbox, "GET", f"{OKX}/api/v5/market/tickers?instType=SPOT")[1]
    kraken = request(sandbox, "GET", f"{KRAKEN}/0/public/Ticker")[1]

    assert min(len(binance), len(okx["data"]), len(kraken["result"])) >= 8


def test_the_feed_reads_a_damaged_basic_header_as_no_key(sandbox):
    headers = {"Authorization": "Basic !!!"}
    url = "https://feed.sandbox.example/v1/health"

    status, document = request(sandbox, "GET", url, headers=headers)

    assert (status, document["error"]["code"]) == (401, "invalid_key")
