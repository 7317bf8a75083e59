"""The pretend MT4 bridge and MetaApi, asked with a plain HTTP client."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.sandbox import Fault, sandbox_account
from tests.sandbox.sandbox_clients import client_session

MT4, MT5 = "https://mt4.mtapi.io", "https://mt5.mtapi.io"
STATE = "https://mt-provisioning-api-v1.agiliumtrade.agiliumtrade.ai"
CLIENT = "https://mt-client-api-v1.new-york.agiliumtrade.ai"
MARKET = "https://mt-market-data-client-api-v1.new-york.agiliumtrade.ai"


def get(sandbox, url, *, headers=None, **params):
    """Return status and body of one GET: JSON where it is, else text."""

    async def dialogue():
        async with (
            client_session(sandbox) as session,
            session.get(url, params=params, headers=headers or {}) as response,
        ):
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()

    return asyncio.run(dialogue())


def hosted(sandbox, base, path="", *, name="reader", **params):
    account = sandbox_account("metaapi", name)
    url = f"{base}/users/current/accounts/{account.account_id}{path}"
    return get(sandbox, url, headers={"auth-token": account.api_key}, **params)


def now():
    return datetime.fromtimestamp(time.time(), UTC).replace(tzinfo=None)


# MT4


def test_mt4_has_bars_by_number_and_newest_first(sandbox):
    account = sandbox_account("mtapi-native")
    login = {"user": account.account_id, "password": account.api_secret}
    _, token = get(sandbox, f"{MT4}/Connect", **login, host="127.0.0.1", port="443")
    asked = {"id": token, "symbol": "EURUSDm", "timeframe": "H1", "count": "5"}
    until = now().isoformat(timespec="seconds")

    status, rows = get(sandbox, f"{MT4}/QuoteHistory", **asked, **{"from": until})

    times = [datetime.fromisoformat(row["time"]) for row in rows]
    assert (status, len(rows)) == (200, 5)
    assert times == sorted(times, reverse=True)
    assert now() - times[0] < timedelta(hours=1)
    assert rows[0]["low"] <= rows[0]["close"] <= rows[0]["high"]


@pytest.mark.parametrize(
    ("host", "path"), [(MT4, "PriceHistory"), (MT4, "Symbols"), (MT5, "QuoteHistory")]
)
def test_each_platform_has_its_own_calls(sandbox, host, path):
    account = sandbox_account("mtapi-native")
    login = {"user": account.account_id, "password": account.api_secret}
    _, token = get(sandbox, f"{host}/ConnectEx", **login, server="Sandbox-Demo")

    assert get(sandbox, f"{host}/{path}", id=token)[0] == 404


# MetaApi


def test_metaapi_tells_where_an_account_runs(sandbox):
    status, state = hosted(sandbox, STATE)

    assert status == 200
    assert (state["state"], state["connectionStatus"]) == ("DEPLOYED", "CONNECTED")
    assert state["region"] in CLIENT


def test_metaapi_tells_an_investor_from_a_trader(sandbox):
    _, reader = hosted(sandbox, CLIENT, "/account-information")
    _, trader = hosted(sandbox, CLIENT, "/account-information", name="trader")

    assert (reader["investorMode"], trader["investorMode"]) == (True, False)


def test_metaapi_has_prices_and_fresh_bars_in_both_times(sandbox):
    _, names = hosted(sandbox, CLIENT, "/symbols")
    _, price = hosted(sandbox, CLIENT, f"/symbols/{names[0]}/current-price")
    path = f"/historical-market-data/symbols/{names[0]}/timeframes/1h/candles"
    _, rows = hosted(sandbox, MARKET, path, limit="3")

    opened = datetime.fromisoformat(rows[-1]["time"]).replace(tzinfo=None)
    at_broker = datetime.fromisoformat(rows[-1]["brokerTime"])
    assert price["bid"] < price["ask"]
    assert len(rows) == 3
    assert now() - opened < timedelta(hours=1)
    assert at_broker - opened == timedelta(hours=3)


def test_metaapi_loads_bars_backwards_from_a_time(sandbox):
    path = "/historical-market-data/symbols/EURUSD/timeframes/1d/candles"
    until = "2026-01-10T12:00:00.000Z"

    _, rows = hosted(sandbox, MARKET, path, limit="2", startTime=until)

    assert [row["time"][:10] for row in rows] == ["2026-01-09", "2026-01-10"]


@pytest.mark.parametrize(
    ("base", "path", "status", "name"),
    [
        (CLIENT, "", 404, "NotFoundError"),
        (STATE, "/symbols", 404, "NotFoundError"),
        (CLIENT, "/symbols/NOSUCH/current-price", 404, "NotFoundError"),
        (CLIENT, "/trade", 404, "NotFoundError"),
        (CLIENT.replace("new-york", "london"), "/symbols", 404, "NotFoundError"),
        (
            MARKET,
            "/historical-market-data/symbols/EURUSD/timeframes/17x/candles",
            400,
            "ValidationError",
        ),
        (
            MARKET,
            "/historical-market-data/symbols/EURUSD/timeframes/1h/candles?limit=5000",
            400,
            "ValidationError",
        ),
    ],
)
def test_metaapi_refuses_in_its_own_words(sandbox, base, path, status, name):
    found, document = hosted(sandbox, base, path)

    assert (found, document["error"]) == (status, name)


def test_metaapi_knows_its_tokens_and_what_they_own(sandbox):
    account = sandbox_account("metaapi")
    mine = f"{CLIENT}/users/current/accounts/{account.account_id}/symbols"
    theirs = f"{CLIENT}/users/current/accounts/9/symbols"
    right = {"auth-token": account.api_key}

    assert get(sandbox, mine)[0] == 401
    assert get(sandbox, mine, headers={"auth-token": "x"})[0] == 401
    assert get(sandbox, theirs, headers=right)[0] == 404
    assert get(sandbox, mine, headers=right)[0] == 200


def test_metaapi_says_when_to_come_back(sandbox):
    sandbox.set_fault("metaapi", Fault.RATE_LIMITED, seconds=60)

    status, document = hosted(sandbox, STATE)

    until = datetime.fromisoformat(document["metadata"]["recommendedRetryTime"])
    wait = until.replace(tzinfo=None) - now()
    assert (status, document["error"]) == (429, "TooManyRequestsError")
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)
