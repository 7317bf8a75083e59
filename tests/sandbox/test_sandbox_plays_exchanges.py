"""The real, unmodified ccxt clients find ten exchanges that behave."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import ccxt
import pytest

from reconciler.sandbox import sandbox_account
from tests.sandbox.sandbox_clients import exchange

EXCHANGES = (
    *("binance", "okx", "kraken", "kucoin", "bybit"),
    *("coinbase", "bitget", "gate", "bingx", "mexc"),
)
every_exchange = pytest.mark.parametrize("name", EXCHANGES)


def ask(sandbox, name, question, **config):
    """Put one question to a fresh client and return the answer."""

    async def dialogue():
        async with exchange(sandbox, name, **config) as client:
            return await question(client)

    return asyncio.run(dialogue())


BITGETS_OTHER_KIND = "/api/v3/account/settings"
"""A call of unified accounts, by whose refusal ccxt knows that this one is not."""


@every_exchange
@pytest.mark.parametrize("account", [None, "reader"])
def test_markets_load_with_default_options(sandbox, name, account):
    markets = ask(sandbox, name, lambda c: c.load_markets(), account=account)

    assert "BTC/USDT" in markets
    assert len(markets) >= 8
    asked = [r for r in sandbox.requests if r.path != BITGETS_OTHER_KIND]
    assert all(request.status == 200 for request in asked)


@every_exchange
def test_a_keyless_client_makes_no_private_call(sandbox, name):
    ask(sandbox, name, lambda c: c.load_markets(), account=None)

    assert not any(r.credentials or r.authenticated for r in sandbox.requests)


@every_exchange
def test_the_clock_is_right(sandbox, name):
    server_ms = ask(sandbox, name, lambda c: c.fetch_time(), account=None)

    assert abs(server_ms - time.time() * 1000) < 2_000


@pytest.mark.parametrize(
    "name", ["binance", "okx", "kraken", "kucoin", "bybit", "mexc"]
)
def test_the_status_is_ok(sandbox, name):
    status = ask(sandbox, name, lambda c: c.fetch_status())

    assert status["status"] == "ok"


@every_exchange
def test_a_ticker_has_a_spread_around_its_last_price(sandbox, name):
    ticker = ask(sandbox, name, lambda c: c.fetch_ticker("BTC/USDT"), account=None)

    assert ticker["bid"] <= ticker["last"] <= ticker["ask"]
    if name != "coinbase":  # it tells the last trade only
        assert ticker["low"] <= ticker["bid"]
        assert ticker["ask"] <= ticker["high"]


@every_exchange
@pytest.mark.parametrize("timeframe", ["1m", "5m", "15m", "1h", "4h", "1d"])
def test_bars_are_monotone_consistent_and_fresh(sandbox, name, timeframe):
    if (name, timeframe) == ("coinbase", "4h"):
        timeframe = "6h"  # it has no bars of four hours
    bars = ask(
        sandbox,
        name,
        lambda c: c.fetch_ohlcv("ETH/USDT", timeframe, limit=50),
        account=None,
    )

    step_ms = ccxt.Exchange.parse_timeframe(timeframe) * 1000
    times = [bar[0] for bar in bars]
    assert 49 <= len(bars) <= 51
    assert {b - a for a, b in pairwise(times)} == {step_ms}
    assert times[0] % step_ms == 0
    assert 0 <= time.time() * 1000 - times[-1] < step_ms + 2_000
    for _, opens, high, low, close, volume in bars:
        assert low <= min(opens, close) <= max(opens, close) <= high
        assert volume > 0


@every_exchange
def test_bars_start_where_asked(sandbox, name):
    since = int(time.time() - 40 * 3600) * 1000

    bars = ask(
        sandbox,
        name,
        lambda c: c.fetch_ohlcv("BTC/USDT", "1h", since=since, limit=7),
        account=None,
    )

    # For Gate, ccxt asks for the span that seven bars take from an even hour on.
    assert len(bars) == (6 if name == "gate" else 7)
    assert 0 <= bars[0][0] - since < 3_600_000


@every_exchange
def test_long_history_has_no_gaps(sandbox, name):
    bars = ask(
        sandbox,
        name,
        lambda c: c.fetch_ohlcv("BTC/USDT", "1m", limit=300),
        account=None,
    )

    times = [bar[0] for bar in bars]
    assert len(bars) >= 299
    assert {b - a for a, b in pairwise(times)} == {60_000}


@every_exchange
def test_a_signed_balance_proves_the_key(sandbox, name):
    balance = ask(sandbox, name, lambda c: c.fetch_balance())

    assert balance["total"] == {"BTC": 0.25, "USDT": 13_000.0}
    whole = name == "coinbase"  # its wallets do not tell what is locked
    assert balance["free"]["USDT"] == (13_000.0 if whole else 12_500.0)
    assert any(r.authenticated and r.account == "reader" for r in sandbox.requests)


WRONG_SECRET = {
    "binance": (ccxt.AuthenticationError, "-1022"),
    "okx": (ccxt.AuthenticationError, "50113"),
    "kraken": (ccxt.ExchangeError, "EAPI:Invalid signature"),
    "kucoin": (ccxt.AuthenticationError, "400005"),
    "bybit": (ccxt.AuthenticationError, "10004"),
    "bitget": (ccxt.AuthenticationError, "40009"),
    "gate": (ccxt.AuthenticationError, "INVALID_SIGNATURE"),
    "bingx": (ccxt.AuthenticationError, "100001"),
    "mexc": (ccxt.AuthenticationError, "700002"),
}
UNKNOWN_KEY = {
    "binance": (ccxt.AuthenticationError, "-2008"),
    "okx": (ccxt.ExchangeError, "50119"),
    "kraken": (ccxt.AuthenticationError, "EAPI:Invalid key"),
    "kucoin": (ccxt.AuthenticationError, "400003"),
    "bybit": (ccxt.AuthenticationError, "10003"),
    "coinbase": (ccxt.AuthenticationError, "401"),
    "bitget": (ccxt.AuthenticationError, "40037"),
    "gate": (ccxt.AuthenticationError, "INVALID_KEY"),
    "bingx": (ccxt.AuthenticationError, "100413"),
    "mexc": (ccxt.BadRequest, "10072"),
}
OTHER_ADDRESS = {
    "binance": (ccxt.AuthenticationError, "-2015"),
    "okx": (ccxt.PermissionDenied, "50110"),
    "kraken": (ccxt.AuthenticationError, "EAPI:Invalid key"),
    "kucoin": (ccxt.AuthenticationError, "400006"),
    "bybit": (ccxt.PermissionDenied, "10010"),
    "coinbase": (ccxt.AuthenticationError, "401"),
    "bitget": (ccxt.PermissionDenied, "40018"),
    "gate": (ccxt.PermissionDenied, "FORBIDDEN.*whitelist"),
    "bingx": (ccxt.AuthenticationError, "100419"),
    "mexc": (ccxt.BadRequest, "700006"),
}
NO_PERMISSION = {
    "binance": (ccxt.AuthenticationError, "-2015"),
    "okx": (ccxt.ExchangeError, "50030"),
    "kraken": (ccxt.PermissionDenied, "EGeneral:Permission denied"),
    "kucoin": (ccxt.AuthenticationError, "400007"),
    "bybit": (ccxt.PermissionDenied, "10005"),
    "coinbase": (ccxt.PermissionDenied, "PERMISSION_DENIED"),
    "bitget": (ccxt.PermissionDenied, "40014"),
    "gate": (ccxt.PermissionDenied, "FORBIDDEN"),
    "bingx": (ccxt.AuthenticationError, "100004"),
    "mexc": (ccxt.AuthenticationError, "700007"),
}


@pytest.mark.parametrize("name", WRONG_SECRET)
def test_a_wrong_secret_is_an_invalid_signature(sandbox, name):
    kind, words = WRONG_SECRET[name]

    with pytest.raises(kind, match=words):
        ask(sandbox, name, lambda c: c.fetch_balance(), secret="c2VjcmV0")
    assert not any(request.authenticated for request in sandbox.requests)


@every_exchange
def test_an_unknown_key_is_an_invalid_key(sandbox, name):
    kind, words = UNKNOWN_KEY[name]

    with pytest.raises(kind, match=words):
        ask(sandbox, name, lambda c: c.fetch_balance(), apiKey="nobody-has-this-key")


@pytest.mark.parametrize(
    ("name", "words"), [("okx", "50105"), ("kucoin", "400004"), ("bitget", "40012")]
)
def test_a_wrong_passphrase_has_its_own_words(sandbox, name, words):
    with pytest.raises(ccxt.AuthenticationError, match=words):
        ask(sandbox, name, lambda c: c.fetch_balance(), password="not this")


@every_exchange
def test_a_key_bound_to_an_office_is_refused_elsewhere(sandbox, name):
    kind, words = OTHER_ADDRESS[name]

    with pytest.raises(kind, match=words):
        ask(sandbox, name, lambda c: c.fetch_balance(), account="office")


@every_exchange
def test_a_key_without_permissions_may_not_read(sandbox, name):
    kind, words = NO_PERMISSION[name]

    with pytest.raises(kind, match=words):
        ask(sandbox, name, lambda c: c.fetch_balance(), account="blind")


INTROSPECTION = {
    "binance": "sapiGetAccountApiRestrictions",
    "okx": "privateGetAccountConfig",
    "kraken": "privatePostGetApiKeyInfo",
    "kucoin": "privateGetUserApiKey",
    "bybit": "privateGetV5UserQueryApi",
    "coinbase": "v3PrivateGetBrokerageKeyPermissions",
    "bitget": "privateSpotGetV2SpotAccountInfo",
    "bingx": "accountV1PrivateGetAccountApiPermissions",
    "mexc": "spotPrivateGetAccount",  # of the account; the key cannot be asked about
}
GRANTED = {
    "binance": lambda a: {
        "trade": a["enableSpotAndMarginTrading"],
        "withdraw": a["enableWithdrawals"],
    },
    "okx": lambda a: {
        "trade": "trade" in a["data"][0]["perm"],
        "withdraw": "withdraw" in a["data"][0]["perm"],
    },
    "kraken": lambda a: {
        "trade": "modify-trades" in a["result"]["permissions"],
        "withdraw": "withdraw-funds" in a["result"]["permissions"],
    },
    "kucoin": lambda a: {
        "trade": "Spot" in a["data"]["permission"],
        "withdraw": "Withdrawal" in a["data"]["permission"],
    },
    "bybit": lambda a: {
        "trade": a["result"]["readOnly"] == 0,
        "withdraw": "Withdraw" in a["result"]["permissions"]["Wallet"],
    },
    "coinbase": lambda a: {"trade": a["can_trade"], "withdraw": a["can_transfer"]},
    "bitget": lambda a: {
        "trade": "stow" in a["data"]["authorities"],
        "withdraw": "wwow" in a["data"]["authorities"],
    },
    "bingx": lambda a: {
        "trade": 1 in a["data"]["permissions"],
        "withdraw": 5 in a["data"]["permissions"],
    },
    "mexc": lambda a: {"trade": a["canTrade"], "withdraw": a["canWithdraw"]},
}


@pytest.mark.parametrize("name", INTROSPECTION)
@pytest.mark.parametrize(("account", "may"), [("reader", False), ("trader", True)])
def test_a_key_tells_what_it_may_do(sandbox, name, account, may):
    method = INTROSPECTION[name]

    answer = ask(sandbox, name, lambda c: getattr(c, method)(), account=account)

    assert GRANTED[name](answer) == {"trade": may, "withdraw": may}


@every_exchange
def test_an_unknown_path_is_not_a_success(sandbox, name):
    with pytest.raises(ccxt.BaseError):
        ask(sandbox, name, lambda c: c.fetch_my_trades("BTC/USDT"))


def test_live_binance_keys_are_unknown_on_the_testnet(sandbox):
    async def balance(client):
        client.set_sandbox_mode(True)
        return await client.fetch_balance()

    with pytest.raises(ccxt.AuthenticationError, match="-2008"):
        ask(sandbox, "binance", balance)
    answer = ask(sandbox, "binance", balance, provider="binance-testnet")
    assert answer["total"]["BTC"] == 0.25


def test_okx_names_a_key_of_the_other_environment(sandbox):
    async def balance(client):
        client.set_sandbox_mode(True)
        return await client.fetch_balance()

    with pytest.raises(ccxt.AuthenticationError, match="50101"):
        ask(sandbox, "okx", balance)
    answer = ask(sandbox, "okx", balance, provider="okx-demo")
    assert answer["total"]["BTC"] == 0.25


def test_a_binance_interval_that_does_not_exist_is_refused(sandbox):
    with pytest.raises(ccxt.BadRequest, match="-1120"):
        ask(sandbox, "binance", lambda c: c.fetch_ohlcv("BTC/USDT", "7m"))


def test_an_old_kraken_nonce_is_refused(sandbox):
    async def twice(client):
        await client.fetch_balance()
        client.incrementing_nonce = lambda: 1_000
        await client.fetch_balance()

    with pytest.raises(ccxt.InvalidNonce):
        ask(sandbox, "kraken", twice)


def test_gate_tells_of_a_key_whether_it_is_bound(sandbox):
    detail = ask(sandbox, "gate", lambda c: c.private_account_get_detail())

    assert detail["ip_whitelist"] == []


ENDS = {
    "bybit": ("privateGetV5UserQueryApi", lambda a: a["result"]["expiredAt"]),
    "kraken": ("privatePostGetApiKeyInfo", lambda a: a["result"]["validUntil"]),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_key_that_ends_in_five_days_says_so(sandbox, name):
    method, read = ENDS[name]

    def days_left(account):
        answer = ask(sandbox, name, lambda c: getattr(c, method)(), account=account)
        text = read(answer)
        end = int(text) if text.isdigit() else ccxt.Exchange.parse8601(text) / 1000
        return (end - time.time()) / 86_400

    assert 5 <= days_left("ending") <= 5 + 1 / 24
    assert not 0 < days_left("reader") < 30


def test_every_provider_has_a_reader_and_a_trader():
    for provider in (*EXCHANGES, "binance-testnet", "okx-demo"):
        assert sandbox_account(provider).permissions == ("read",)
        assert sandbox_account(provider, "trader").may("withdraw")
