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
BYBIT = "https://api.bybit.com"
COINBASE = "https://api.coinbase.com"
BITGET = "https://api.bitget.com"
GATE = "https://api.gateio.ws/api/v4"
BINGX = "https://open-api.bingx.com/openApi"
MEXC = "https://api.mexc.com/api/v3"


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
    names = ("error", "code", "retCode", "label")
    return next((document[name] for name in names if document.get(name)), None)


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
    (f"{BYBIT}/v5/market/kline?category=spot&symbol=NOPE&interval=60", 10001),
    (f"{BYBIT}/v5/market/kline?category=spot&symbol=BTCUSDT&interval=7", 10001),
    (f"{BYBIT}/v5/market/kline?category=spot&symbol=BTCUSDT&interval=1&end=x", 10001),
    (f"{COINBASE}/api/v3/brokerage/market/products/NO-PE", "INVALID_ARGUMENT"),
    (
        f"{COINBASE}/api/v3/brokerage/market/products/BTC-USD/candles",
        "INVALID_ARGUMENT",
    ),
    (f"{BITGET}/api/v2/spot/market/candles?symbol=NOPE&granularity=1h", "40034"),
    (f"{BITGET}/api/v2/spot/market/candles?symbol=BTCUSDT&granularity=7m", "400171"),
    (f"{BITGET}/api/v2/nothing", "40404"),
    (f"{GATE}/spot/candlesticks?currency_pair=NO_PE", "INVALID_CURRENCY_PAIR"),
    (f"{GATE}/spot/candlesticks?currency_pair=BTC_USDT&from=x", "INVALID_PARAM_VALUE"),
    (f"{GATE}/spot/accounts", "MISSING_REQUIRED_HEADER"),
    (f"{BINGX}/spot/v1/market/kline?symbol=NO-PE&interval=1h", 109415),
    (f"{BINGX}/spot/v1/market/kline?symbol=BTC-USDT&interval=7m", 109400),
    (f"{BINGX}/spot/v1/account/balance?timestamp=1&signature=0", 100413),
    (f"{MEXC}/klines?symbol=NOPE&interval=60m", 10007),
    (f"{MEXC}/klines?symbol=BTCUSDT&interval=1h", -1121),
    (f"{MEXC}/account?timestamp=1&signature=0", 10072),
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


def coinbase_token(account, **changes):
    """Return a token as ccxt makes it, with some claims of our own."""
    import ccxt

    now = int(time.time())
    claims = {
        "iss": "cdp",
        "sub": account.api_key,
        "nbf": now,
        "exp": now + 120,
        "uri": "GET api.coinbase.com/api/v3/brokerage/accounts",
    }
    head = {"kid": account.api_key, "nonce": "1", "alg": "ES256"}
    claims |= {name: v for name, v in changes.items() if name in claims}
    head |= {name: v for name, v in changes.items() if name in head}
    secret = changes.get("secret", account.api_secret).encode()
    return ccxt.Exchange.jwt(claims, secret, "sha256", False, head)


def ask_coinbase(sandbox, token):
    url = f"{COINBASE}/api/v3/brokerage/accounts"

    async def dialogue():
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            client_session(sandbox) as session,
            session.get(url, headers=headers) as response,
        ):
            return response.status, await response.text()

    return asyncio.run(dialogue())


def test_coinbase_takes_a_token_that_is_right(sandbox):
    status, _ = ask_coinbase(sandbox, coinbase_token(sandbox_account("coinbase")))

    assert status == 200


BAD_TOKENS = {
    "of another key's making": {
        "secret": sandbox_account("coinbase", "trader").api_secret
    },
    "for another subject": {"sub": sandbox_account("coinbase", "trader").api_key},
    "for another path": {"uri": "GET api.coinbase.com/api/v3/brokerage/orders"},
    "for another method": {"uri": "POST api.coinbase.com/api/v3/brokerage/accounts"},
    "of another issuer": {"iss": "somebody"},
    "without an end": {"exp": None},
    "of nobody": {"kid": "organizations/0/apiKeys/0"},
}


@pytest.mark.parametrize("token", BAD_TOKENS)
def test_coinbase_says_one_word_to_a_token_that_is_wrong(sandbox, token):
    bad = coinbase_token(sandbox_account("coinbase"), **BAD_TOKENS[token])

    assert ask_coinbase(sandbox, bad) == (401, "Unauthorized\n")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "W10.W10.AA", "é.é.é"])
def test_what_is_no_token_is_refused_like_one(sandbox, token):
    assert ask_coinbase(sandbox, token) == (401, "Unauthorized\n")


def test_a_coinbase_token_lives_for_two_minutes_at_most(sandbox):
    account, now = sandbox_account("coinbase"), int(time.time())
    old = coinbase_token(account, nbf=now - 600, exp=now - 480)
    long = coinbase_token(account, exp=now + 86_400)
    ahead = coinbase_token(account, nbf=now + 600, exp=now + 700)

    for token in (old, long, ahead):
        status, text = ask_coinbase(sandbox, token)
        assert (status, "timestamp" in text) == (401, True)


def test_a_coinbase_signature_over_something_else_is_refused(sandbox):
    token = coinbase_token(sandbox_account("coinbase"))
    head, claims, _ = token.split(".")
    other = base64.urlsafe_b64encode(b"\x01" * 64).decode().rstrip("=")

    assert ask_coinbase(sandbox, f"{head}.{claims}.{other}")[0] == 401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "40001"),
        ({"ACCESS-KEY": "k"}, "40002"),
        ({"ACCESS-KEY": "k", "ACCESS-SIGN": "s"}, "40003"),
        ({"ACCESS-KEY": "k", "ACCESS-SIGN": "s", "ACCESS-TIMESTAMP": "1"}, "40011"),
    ],
)
def test_bitget_wants_all_its_headers(sandbox, headers, code):
    url = f"{BITGET}/api/v2/spot/account/assets"

    assert request(sandbox, "GET", url, headers=headers)[1]["code"] == code


def test_a_gate_parameter_added_after_signing_is_caught(sandbox):
    account, stamp = sandbox_account("gate"), str(int(time.time()))
    empty = hashlib.sha512(b"").hexdigest()
    text = f"GET\n/api/v4/spot/accounts\n\n{empty}\n{stamp}"
    signature = hmac.new(account.api_secret.encode(), text.encode(), hashlib.sha512)
    headers = {
        "KEY": account.api_key,
        "Timestamp": stamp,
        "SIGN": signature.hexdigest(),
    }

    def ask(query):
        url = f"{GATE}/spot/accounts{query}"
        return request(sandbox, "GET", url, headers=headers)

    assert ask("")[0] == 200
    assert ask("?currency=BTC")[1]["label"] == "INVALID_SIGNATURE"


def test_bybit_signs_the_window_too(sandbox):
    account, stamp = sandbox_account("bybit"), str(int(time.time() * 1000))
    text = f"{stamp}{account.api_key}5000"
    signature = hmac.new(account.api_secret.encode(), text.encode(), hashlib.sha256)
    headers = {
        "X-BAPI-API-KEY": account.api_key,
        "X-BAPI-TIMESTAMP": stamp,
        "X-BAPI-SIGN": signature.hexdigest(),
    }

    def ask(**more):
        url = f"{BYBIT}/v5/user/query-api"
        return request(sandbox, "GET", url, headers=headers | more)[1]["retCode"]

    assert ask(**{"X-BAPI-RECV-WINDOW": "5000"}) == 0
    assert ask(**{"X-BAPI-RECV-WINDOW": "60000"}) == 10004


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
