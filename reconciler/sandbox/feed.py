"""An in-house market-data feed: the REST service a `custom_api` connection reads.

Hosts `api.custom-data-provider.com` and `feed.sandbox.example` (provider `feed`),
`feed-backup.sandbox.example` (provider `feed-backup`: same keys, fails apart).

    GET /v1/public/health             no key   {"status": "ok", "time": MS}
    GET /v1/health                    key      {"status": "ok", "time": MS}
    GET /v1/account                   key      {"account": {"id", "plan", "balance",
                                                "currency", "permissions": [...]}}
    GET /v1/symbols                   key      {"symbols": ["BTC/USDT", ...]}
    GET /v1/ticker?symbol             key      {"data": {"symbol", "last", "bid",
                                                "ask", "time": MS}}
    GET /v1/candles?symbol&interval[&limit][&start=MS]   key
        {"data": {"symbol", "interval",
                  "candles": [{"time": MS, "o", "h", "l", "c", "v"}, ...]}}
    GET /v1/candles?symbol&timeframe[&limit][&since=MS]  key
        [[MS, o, h, l, c, v], ...]    the plain shape, chosen by the word `timeframe`

Rows ascend, the forming bar last; limit defaults to 100, at most 1000. Symbols are
accepted as BTC/USDT, BTC-USDT, BTC_USDT or BTCUSDT; intervals as 1m 5m 15m 30m 1h
4h 1d 1w 1M. Keys are accepted the way the account is registered and no other way:
`Authorization: Bearer KEY`, `X-Api-Key: KEY`, `?apikey=KEY`, or basic KEY:SECRET.

Errors are `{"error": {"code", "message"}}` with 400 bad_request, unknown_symbol,
unknown_interval; 401 invalid_key, missing_key, wrong_method, wrong_secret; 403
forbidden, ip_not_allowed; 404 not_found; 429 rate_limited; 503 maintenance.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.candles import INSTRUMENTS
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.provider import (
    Answer,
    Call,
    Kind,
    OpenRoute,
    Provider,
    Refusal,
    RefusalContext,
    Route,
    SignedRoute,
    account_with_key,
    html_answer,
    json_answer,
    number,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.candles import Candle

HOSTS = ("api.custom-data-provider.com", "feed.sandbox.example")
BACKUP_HOSTS = ("feed-backup.sandbox.example",)
_INTERVALS = frozenset(("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M"))
_SYMBOLS = {name.replace("/", ""): name for name in INSTRUMENTS}
_MAX_ROWS = 1_000


def error(
    status: int, code: str, message: str, *, headers: dict[str, str] | None = None
) -> Answer:
    """Return the feed's error document."""
    document = {"error": {"code": code, "message": message}}
    return json_answer(document, status=status, headers=headers)


# Keys


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, wherever it shows it."""
    return _presented(call)[1]


def _presented(call: Call) -> tuple[str, str | None, str]:
    """Return how a key was sent, the key, and the secret if there was one."""
    scheme, _, value = call.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return "bearer", value.strip(), ""
    if scheme.lower() == "basic":
        key, _, secret = _decoded(value).partition(":")
        return "basic", key, secret
    if "X-Api-Key" in call.headers:
        return "header", call.headers["X-Api-Key"], ""
    if "apikey" in call.params:
        return "query", call.params["apikey"], ""
    return "", None, ""


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account whose key came the way it is registered, or refuse."""
    method, key, secret = _presented(call)
    if key is None:
        raise Refusal(unauthorized("missing_key", "An API key is required"))
    account = account_with_key(accounts, key)
    if account is None:
        raise Refusal(unauthorized("invalid_key", "Unknown API key"))
    if account.method != method:
        message = f"This key is registered for '{account.method}' authentication"
        raise Refusal(unauthorized("wrong_method", message))
    if method == "basic" and secret != account.api_secret:
        raise Refusal(unauthorized("wrong_secret", "Wrong password"))
    if not account.admits(call.peer_ip):
        raise Refusal(wrong_address(call.peer_ip))
    return account


def unauthorized(code: str, message: str) -> Answer:
    """Return the refusal of a key."""
    return error(401, code, message, headers={"WWW-Authenticate": "Bearer"})


def wrong_address(ip: str) -> Answer:
    """Return the refusal of an address that is not on the key's list."""
    return error(403, "ip_not_allowed", f"Address {ip} is not on this key's list")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way the feed does."""
    wait = {"Retry-After": str(context.retry_after_s)}
    wordings = {
        Fault.BAD_KEY: unauthorized("invalid_key", "Unknown API key"),
        Fault.IP_NOT_ALLOWED: wrong_address(context.ip),
        Fault.PERMISSION_DENIED: error(403, "forbidden", "This key may not read"),
        Fault.RATE_LIMITED: error(
            429, "rate_limited", "Too many requests", headers=wait
        ),
        Fault.BANNED: error(403, "blocked", "This address is blocked", headers=wait),
        Fault.GEO_BLOCKED: html_answer(403, "Access denied in your country"),
        Fault.MAINTENANCE: error(
            503, "maintenance", "Back after maintenance", headers=wait
        ),
    }
    return wordings.get(fault, html_answer(503, "503 Service Unavailable"))


# Data


def _public_health(call: Call) -> Answer:
    return json_answer({"status": "ok", "time": call.now_ms})


def _health(call: Call, _account: Account) -> Answer:
    return _public_health(call)


def _account_page(_call: Call, account: Account) -> Answer:
    return json_answer(
        {
            "account": {
                "id": account.account_id,
                "plan": "sandbox",
                "balance": 250.0,
                "currency": "USD",
                "permissions": list(account.permissions),
            }
        }
    )


def _symbol_list(_call: Call, _account: Account) -> Answer:
    return json_answer({"symbols": list(INSTRUMENTS)})


def symbol_of(call: Call) -> str:
    """Return the instrument that a call names, or refuse."""
    asked = call.params.get("symbol", "")
    name = _SYMBOLS.get(asked.translate({ord(c): None for c in "/-_"}))
    if name is None:
        raise Refusal(error(400, "unknown_symbol", f"No symbol '{asked}'"))
    return name


def _ticker(call: Call, _account: Account) -> Answer:
    name = symbol_of(call)
    day = call.market.ticker(name)
    document: dict[str, Any] = {
        "symbol": name,
        "last": float(day.last),
        "bid": float(day.bid),
        "ask": float(day.ask),
        "time": int(call.market.now_s * 1000),
    }
    return json_answer({"data": document})


def _candles(call: Call, _account: Account) -> Answer:
    name, plain = symbol_of(call), "timeframe" in call.params
    interval = interval_of(call, "timeframe" if plain else "interval")
    since = number_of(call, "since" if plain else "start")
    bars = call.market.candles(
        name,
        interval,
        limit=min(number_of(call, "limit") or 100, _MAX_ROWS),
        since_ms=since,
        oldest_first=since is not None,
    )
    if plain:
        return json_answer([[bar.open_ms, *values_of(bar)] for bar in bars])
    rows = [
        {"time": bar.open_ms, **dict(zip("ohlcv", values_of(bar), strict=True))}
        for bar in bars
    ]
    return json_answer(
        {"data": {"symbol": name, "interval": interval, "candles": rows}}
    )


def interval_of(call: Call, name: str = "interval") -> str:
    """Return the interval that a call names, or refuse."""
    interval = call.params.get(name, "")
    if interval not in _INTERVALS:
        raise Refusal(error(400, "unknown_interval", f"No interval '{interval}'"))
    return interval


def values_of(bar: Candle) -> list[float | str]:
    """Return open, high, low, close and volume as JSON has them."""
    return [number(v) for v in (bar.open, bar.high, bar.low, bar.close, bar.volume)]


def number_of(call: Call, name: str) -> int | None:
    """Return a whole number among the parameters, None without it, or refuse."""
    text = call.params.get(name)
    if text is None:
        return None
    if not text.isdigit():
        raise Refusal(error(400, "bad_request", f"'{name}' must be a whole number"))
    return int(text)


ROUTES: dict[str, Route] = {
    "GET /v1/public/health": OpenRoute(reply=_public_health),
    "GET /v1/health": SignedRoute(reply=_health),
    "GET /v1/account": SignedRoute(reply=_account_page),
    "GET /v1/symbols": SignedRoute(reply=_symbol_list, needs="read"),
    "GET /v1/ticker": SignedRoute(reply=_ticker, needs="read"),
    "GET /v1/candles": SignedRoute(kind=Kind.CANDLES, reply=_candles, needs="read"),
}


def make_feed(
    name: str,
    hosts: tuple[str, ...],
    *,
    shown: Callable[[Call], str | None] = presented_key,
    prove: Callable[[Call, tuple[Account, ...]], Account] = authenticate,
    more: Mapping[str, Route] | None = None,
) -> Provider:
    """Return a feed; `shown` and `prove` read its keys, `more` are paths of its own."""
    return Provider(
        name=name,
        hosts=hosts,
        accounts=SANDBOX_ACCOUNTS[name],
        find_route=table({**ROUTES, **(more or {})}),
        presented_key=shown,
        authenticate=prove,
        refuse=refuse,
        not_found=error(404, "not_found", "No such path"),
    )
