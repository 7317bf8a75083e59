"""Binance: spot with signed account and wallet endpoints, and a token of futures.

Signed endpoints (https://developers.binance.com, read 2026-11-22) take HMAC-SHA256
of query plus body exactly as sent, hex, as the last parameter `signature`; the key
travels in X-MBX-APIKEY. The testnet is another company as far as keys go: a live
key is unknown there. Futures list one perpetual so that default clients load.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.exchanges import binance_market as market
from reconciler.sandbox.exchanges import binance_wallet as wallet
from reconciler.sandbox.exchanges.binance_words import (
    error,
    missing,
    not_for_you,
    refuse,
)
from reconciler.sandbox.provider import (
    Call,
    Kind,
    OpenRoute,
    Provider,
    Refusal,
    Route,
    SignedRoute,
    account_with_key,
    html_answer,
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

HOSTS = (
    "api.binance.com",
    "api1.binance.com",
    "api2.binance.com",
    "api3.binance.com",
    "api-gcp.binance.com",
    "data-api.binance.vision",
    "fapi.binance.com",
    "dapi.binance.com",
    "eapi.binance.com",
)
TESTNET_HOSTS = (
    "testnet.binance.vision",
    "testnet.binancefuture.com",
    "demo-api.binance.com",
    "demo-fapi.binance.com",
    "demo-dapi.binance.com",
)
_RECV_WINDOW_MS = 5_000


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("X-MBX-APIKEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as Binance does."""
    key = presented_key(call)
    if not key:
        raise Refusal(error(401, -2014, "API-key format invalid."))
    account = account_with_key(accounts, key)
    if account is None:
        raise Refusal(error(401, -2008, "Invalid Api-Key ID."))
    sent, signature = _signed_part(call)
    _check_time(dict(parse_qsl(sent)), call.now_ms)
    expected = hmac.new(account.api_secret.encode(), sent.encode(), hashlib.sha256)
    if not hmac.compare_digest(expected.hexdigest(), signature):
        raise Refusal(error(400, -1022, "Signature for this request is not valid."))
    if not account.admits(call.peer_ip):
        raise Refusal(not_for_you())
    return account


def _signed_part(call: Call) -> tuple[str, str]:
    sent = call.query_string + call.body.decode("utf-8", "replace")
    text, mark, signature = sent.rpartition("&signature=")
    if not mark:
        raise Refusal(missing("signature"))
    return text, signature


def _check_time(params: dict[str, str], now_ms: int) -> None:
    stamp = params.get("timestamp", "")
    if not stamp.isdigit():
        raise Refusal(missing("timestamp"))
    window = params.get("recvWindow", "")
    allowed = int(window) if window.isdigit() else _RECV_WINDOW_MS
    if int(stamp) > now_ms + 1_000:
        message = "Timestamp for this request was 1000ms ahead of the server's time."
        raise Refusal(error(400, -1021, message))
    if now_ms - int(stamp) > allowed:
        message = "Timestamp for this request is outside of the recvWindow."
        raise Refusal(error(400, -1021, message))


_FUTURES: dict[str, Route] = {
    "GET /fapi/v1/ping": OpenRoute(reply=market.ping),
    "GET /fapi/v1/time": OpenRoute(reply=market.time),
    "GET /fapi/v1/exchangeInfo": OpenRoute(reply=market.linear_info),
    "GET /fapi/v1/klines": OpenRoute(kind=Kind.CANDLES, reply=market.klines),
    "GET /fapi/v1/ticker/24hr": OpenRoute(reply=market.ticker_24h),
    "GET /dapi/v1/ping": OpenRoute(reply=market.ping),
    "GET /dapi/v1/time": OpenRoute(reply=market.time),
    "GET /dapi/v1/exchangeInfo": OpenRoute(reply=market.empty_info),
    "GET /eapi/v1/exchangeInfo": OpenRoute(reply=market.empty_info),
}
_SPOT: dict[str, Route] = {
    "GET /api/v3/ping": OpenRoute(reply=market.ping),
    "GET /api/v3/time": OpenRoute(reply=market.time),
    "GET /api/v3/exchangeInfo": OpenRoute(reply=market.exchange_info),
    "GET /api/v3/klines": OpenRoute(kind=Kind.CANDLES, reply=market.klines),
    "GET /api/v3/ticker/24hr": OpenRoute(reply=market.ticker_24h),
    "GET /api/v3/ticker/price": OpenRoute(reply=market.price),
    "GET /api/v3/account": SignedRoute(reply=wallet.account_info, needs="read"),
}
_WALLET: dict[str, Route] = {
    "GET /sapi/v1/system/status": OpenRoute(reply=market.system_status),
    "GET /sapi/v1/account/apiRestrictions": SignedRoute(reply=wallet.restrictions),
    "GET /sapi/v1/capital/config/getall": SignedRoute(reply=wallet.coins, needs="read"),
    "GET /sapi/v1/margin/allPairs": SignedRoute(reply=wallet.margin_pairs),
    "GET /sapi/v1/margin/isolated/allPairs": SignedRoute(reply=wallet.margin_pairs),
}


def _make(name: str, hosts: tuple[str, ...], routes: dict[str, Route]) -> Provider:
    return Provider(
        name=name,
        hosts=hosts,
        accounts=SANDBOX_ACCOUNTS[name],
        find_route=table(routes),
        presented_key=presented_key,
        authenticate=authenticate,
        refuse=refuse,
        not_found=html_answer(404, "404 Not Found"),
    )


BINANCE = _make("binance", HOSTS, {**_SPOT, **_FUTURES, **_WALLET})
# The testnet has no wallet endpoints, and its own keys.
BINANCE_TESTNET = _make("binance-testnet", TESTNET_HOSTS, {**_SPOT, **_FUTURES})
