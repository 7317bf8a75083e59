"""The in-house feed and the MT bridge, asked with a plain HTTP client."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from reconciler.sandbox import Fault, sandbox_account
from tests.sandbox.sandbox_clients import client_session

FEED = "https://feed.sandbox.example/v1"
BRIDGE = "https://api.mtapi.io/v1/accounts"


def get(sandbox, url, **kwargs):
    """Return status, headers and parsed body of one GET."""

    async def dialogue():
        async with (
            client_session(sandbox) as session,
            session.get(url, **kwargs) as response,
        ):
            return response.status, response.headers.copy(), await response.json()

    return asyncio.run(dialogue())


def bearer(account):
    return {"Authorization": f"Bearer {account.api_key}"}


def basic(user, password):
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def read_feed(sandbox, path, *, name="reader", **params):
    account = sandbox_account("feed", name)
    return get(sandbox, FEED + path, headers=bearer(account), params=params)


def read_bridge(sandbox, path="", *, name="reader", **params):
    account = sandbox_account("mtapi", name)
    url = f"{BRIDGE}/{account.account_id}{path}"
    return get(sandbox, url, headers=bearer(account), params=params)


# The feed


def test_the_feed_proves_a_key_on_one_health_page_and_not_on_the_other(sandbox):
    assert get(sandbox, FEED + "/public/health")[0] == 200
    assert get(sandbox, FEED + "/health")[0] == 401
    assert read_feed(sandbox, "/health")[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "api.custom-data-provider.com",
        "feed.sandbox.example",
        "feed-backup.sandbox.example",
    ],
)
def test_the_feed_has_three_addresses(sandbox, host):
    status, _, document = get(sandbox, f"https://{host}/v1/public/health")

    assert (status, document["status"]) == (200, "ok")
    assert abs(document["time"] - time.time() * 1000) < 2_000


def test_the_backup_lives_when_the_feed_is_down(sandbox):
    sandbox.set_fault("feed", Fault.UNAVAILABLE)
    account = sandbox_account("feed-backup")
    backup = "https://feed-backup.sandbox.example/v1/health"

    assert get(sandbox, backup, headers=bearer(account))[0] == 200


def shown(name):
    """Return request arguments that show a key the way `name` is registered."""
    account = sandbox_account("feed", name)
    return {
        "reader": {"headers": bearer(account)},
        "header": {"headers": {"X-Api-Key": account.api_key}},
        "query": {"params": {"apikey": account.api_key}},
        "basic": {"headers": basic(account.api_key, account.api_secret)},
    }[name]


@pytest.mark.parametrize("name", ["reader", "header", "query", "basic"])
def test_a_key_is_accepted_the_way_it_is_registered(sandbox, name):
    assert get(sandbox, FEED + "/account", **shown(name))[0] == 200
    assert sandbox.requests[-1].authenticated


def test_a_key_sent_another_way_is_refused_and_told_why(sandbox):
    account = sandbox_account("feed", "header")

    status, _, document = get(sandbox, FEED + "/account", headers=bearer(account))

    assert status == 401
    assert document["error"]["code"] == "wrong_method"
    assert "'header'" in document["error"]["message"]


def test_a_wrong_password_is_refused(sandbox):
    account = sandbox_account("feed", "basic")
    headers = basic(account.api_key, "not this")

    status, _, document = get(sandbox, FEED + "/account", headers=headers)

    assert (status, document["error"]["code"]) == (401, "wrong_secret")


def test_the_account_page_tells_permissions(sandbox):
    page = read_feed(sandbox, "/account", name="trader")[2]

    assert page["account"]["permissions"] == ["read", "trade", "withdraw"]


@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTC-USDT", "BTC_USDT", "BTCUSDT"])
def test_feed_bars_come_wrapped_by_interval(sandbox, symbol):
    _, _, document = read_feed(
        sandbox, "/candles", symbol=symbol, interval="5m", limit=20
    )

    rows = document["data"]["candles"]
    assert document["data"]["symbol"] == "BTC/USDT"
    assert len(rows) == 20
    assert {b["time"] - a["time"] for a, b in pairwise(rows)} == {300_000}
    assert all(row["l"] <= row["o"] <= row["h"] for row in rows)


def test_feed_bars_come_plain_by_timeframe(sandbox):
    rows = read_feed(sandbox, "/candles", symbol="ETH/USDT", timeframe="1h")[2]

    assert len(rows) == 100
    assert {len(row) for row in rows} == {6}
    assert 0 <= time.time() - rows[-1][0] / 1000 < 3_602


def test_feed_bars_start_where_asked(sandbox):
    since = int(time.time() - 7_200) * 1000

    rows = read_feed(
        sandbox, "/candles", symbol="BTC/USDT", timeframe="5m", since=since, limit=3
    )[2]

    assert len(rows) == 3
    assert 0 <= rows[0][0] - since < 300_000


def test_the_feed_quotes_and_lists_what_it_has(sandbox):
    symbols = read_feed(sandbox, "/symbols")[2]["symbols"]
    quote = read_feed(sandbox, "/ticker", symbol=symbols[0])[2]["data"]

    assert quote["symbol"] == symbols[0]
    assert quote["bid"] < quote["last"] < quote["ask"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"symbol": "NOPE/USD", "interval": "1h"}, "unknown_symbol"),
        ({"symbol": "BTC/USDT", "interval": "7m"}, "unknown_interval"),
        ({"symbol": "BTC/USDT", "interval": "1h", "limit": "x"}, "bad_request"),
    ],
)
def test_the_feed_names_a_bad_parameter(sandbox, params, code):
    status, _, document = read_feed(sandbox, "/candles", **params)

    assert (status, document["error"]["code"]) == (400, code)


FEED_REFUSALS = {
    Fault.BAD_KEY: (401, "invalid_key"),
    Fault.IP_NOT_ALLOWED: (403, "ip_not_allowed"),
    Fault.PERMISSION_DENIED: (403, "forbidden"),
    Fault.RATE_LIMITED: (429, "rate_limited"),
    Fault.BANNED: (403, "blocked"),
    Fault.MAINTENANCE: (503, "maintenance"),
}


@pytest.mark.parametrize("fault", FEED_REFUSALS)
def test_the_feed_words_its_refusals(sandbox, fault):
    sandbox.set_fault("feed", fault)

    status, _, document = read_feed(
        sandbox, "/candles", symbol="BTC/USDT", timeframe="1h"
    )

    assert (status, document["error"]["code"]) == FEED_REFUSALS[fault]


def test_rubbish_bars_of_the_feed_hold_text_where_a_number_belongs(sandbox):
    sandbox.set_fault("feed", Fault.RUBBISH_CANDLES)

    rows = read_feed(sandbox, "/candles", symbol="BTC/USDT", timeframe="1h")[2]

    assert "n/a" in [row[4] for row in rows]
    assert rows[0][0] > rows[-1][0], "descending"


# The bridge


def test_the_bridge_tells_an_account_of_its_owner(sandbox):
    status, _, document = read_bridge(sandbox)

    assert status == 200
    assert document["balance"] == 10_000.0
    assert document["read_only"] is True
    assert read_bridge(sandbox, name="trader")[2]["read_only"] is False


def test_the_bridge_wants_a_key(sandbox):
    status, _, document = get(sandbox, f"{BRIDGE}/1001")

    assert (status, document["error"]) == (401, "unauthorized")


def test_the_bridge_keeps_accounts_apart(sandbox):
    key = bearer(sandbox_account("mtapi"))

    assert get(sandbox, f"{BRIDGE}/1002", headers=key)[0] == 403
    assert get(sandbox, f"{BRIDGE}/9999", headers=key)[0] == 404


def test_the_bridge_knows_an_office_and_a_key_without_rights(sandbox):
    office = read_bridge(sandbox, name="office")
    blind = read_bridge(sandbox, name="blind")

    assert (office[0], office[2]["error"]) == (403, "ip_not_allowed")
    assert (blind[0], blind[2]["error"]) == (403, "forbidden")


@pytest.mark.parametrize(("timeframe", "step_s"), [("M5", 300), ("H1", 3_600)])
def test_bridge_bars_are_in_seconds_and_fresh(sandbox, timeframe, step_s):
    _, _, document = read_bridge(
        sandbox, "/history", symbol="EURUSD", timeframe=timeframe, limit=30
    )

    rows = document["data"]
    assert len(rows) == 30
    assert {b["time"] - a["time"] for a, b in pairwise(rows)} == {step_s}
    assert 0 <= time.time() - rows[-1]["time"] < step_s + 2
    assert all(row["low"] <= row["close"] <= row["high"] for row in rows)


def test_the_bridge_quotes_and_lists_symbols(sandbox):
    symbols = read_bridge(sandbox, "/symbols")[2]["symbols"]
    quote = read_bridge(sandbox, "/quote", symbol="USDJPY")[2]

    assert "XAUUSD" in symbols
    assert quote["bid"] < quote["ask"]
    assert abs(quote["time"] - time.time()) < 2


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"symbol": "EURUSDm", "timeframe": "H1"}, "invalid_symbol"),
        ({"symbol": "EURUSD", "timeframe": "H7"}, "invalid_timeframe"),
        ({"symbol": "EURUSD", "timeframe": "H1", "from": "x"}, "invalid_parameter"),
    ],
)
def test_the_bridge_names_a_bad_parameter(sandbox, params, code):
    status, _, document = read_bridge(sandbox, "/history", **params)

    assert (status, document["error"]) == (400, code)


def test_the_bridge_says_when_to_come_back(sandbox):
    sandbox.set_fault("mtapi", Fault.RATE_LIMITED, seconds=9)

    status, headers, document = read_bridge(sandbox)

    assert (status, headers["Retry-After"], document["retry_after"]) == (429, "9", 9)


def test_bars_behind_a_key_count_as_private_too(sandbox):
    sandbox.set_fault("mtapi", Fault.BAD_KEY)

    assert read_bridge(sandbox, "/history", symbol="EURUSD", timeframe="H1")[0] == 401


def test_only_reading_is_served(sandbox):
    async def write():
        async with (
            client_session(sandbox) as session,
            session.post(f"{BRIDGE}/1001", json={}) as response,
        ):
            return response.status

    assert asyncio.run(write()) == 404


# The bridge in the vendor's own dialect


NATIVE = "https://mt5.mtapi.io"


def ask_native(sandbox, path, **params):
    """Return status and body of one GET: JSON where it is, else text."""

    async def dialogue():
        async with (
            client_session(sandbox) as session,
            session.get(f"{NATIVE}/{path}", params=params) as response,
        ):
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()

    return asyncio.run(dialogue())


def log_in(sandbox, name="reader", **changes):
    account = sandbox_account("mtapi", name)
    params = {
        "user": account.account_id,
        "password": account.api_secret,
        "server": "Sandbox-Demo",
    }
    return ask_native(sandbox, "ConnectEx", **(params | changes))


def test_a_native_login_gives_the_same_token_each_time(sandbox):
    status, token = log_in(sandbox)

    assert (status, len(token)) == (200, 36)
    assert log_in(sandbox)[1] == token
    assert ask_native(sandbox, "CheckConnect", id=token) == (200, "OK")
    assert ask_native(sandbox, "ConnectByToken", id=token) == (200, token)


def test_a_native_summary_tells_an_investor_from_a_trader(sandbox):
    _, reader = log_in(sandbox)
    _, trader = log_in(sandbox, "trader")

    assert ask_native(sandbox, "AccountSummary", id=reader)[1]["isInvestor"] is True
    assert ask_native(sandbox, "AccountSummary", id=trader)[1]["isInvestor"] is False


def test_native_bars_are_fresh_and_named_at_length(sandbox):
    _, token = log_in(sandbox)
    now = datetime.fromtimestamp(time.time(), UTC).replace(tzinfo=None)
    since = (now - timedelta(hours=10)).isoformat(timespec="seconds")

    _, rows = ask_native(
        sandbox,
        "PriceHistory",
        id=token,
        symbol="EURUSDm",
        timeFrame=60,
        **{"from": since, "to": now.isoformat(timespec="seconds")},
    )

    assert len(rows) == 10
    assert rows[-1]["lowPrice"] <= rows[-1]["closePrice"] <= rows[-1]["highPrice"]
    assert now - datetime.fromisoformat(rows[-1]["time"]) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("AccountSummary", {"id": "no-such-token"}, "INVALID_TOKEN"),
        ("AccountSummary", {}, "NULL_ARGUMENT"),
        ("ConnectEx", {"user": "1", "password": "x", "server": "Nowhere"}, "DONE"),
        (
            "ConnectEx",
            {"user": "1001", "password": "x", "server": "Sandbox-Demo"},
            "INVALID_ACCOUNT",
        ),
    ],
)
def test_native_errors_look_like_successes(sandbox, path, params, code):
    status, document = ask_native(sandbox, path, **params)

    assert (status, document["code"]) == (201, code)


def test_a_native_login_can_ask_for_honest_errors(sandbox):
    status, document = log_in(sandbox, password="x", errorReplyStatusCode="400")

    assert (status, document["code"]) == (400, "INVALID_ACCOUNT")


def test_a_native_logout_forgets_the_token(sandbox):
    _, token = log_in(sandbox)
    ask_native(sandbox, "Disconnect", id=token)

    assert ask_native(sandbox, "CheckConnect", id=token)[1]["code"] == "INVALID_TOKEN"
