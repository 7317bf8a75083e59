"""An MT4/MT5 bridge in the `v1` dialect, as the panel's adapter expects it.

Hosts `api.mtapi.io` and `mtapi.sandbox.example`. Every path wants the header
`Authorization: Bearer API_KEY`, and the key must own the account in the path.

    GET /v1/accounts/{id}
        {"account_id", "name", "balance", "equity", "margin", "free_margin",
         "margin_level", "currency", "leverage", "server", "type", "read_only"}
    GET /v1/accounts/{id}/symbols
        {"symbols": ["EURUSD", "GBPUSD", ...]}
    GET /v1/accounts/{id}/quote?symbol=EURUSD
        {"symbol", "bid", "ask", "time"}                    time in s since the epoch
    GET /v1/accounts/{id}/history?symbol=EURUSD&timeframe=H1[&limit=100][&from=S]
        {"data": [{"time", "open", "high", "low", "close", "tick_volume"}, ...]}
        ascending, the forming bar last; time and `from` in s; limit at most 1000;
        timeframe M1 M5 M15 M30 H1 H4 D1 W1 MN1 (MN too)

Errors are `{"error": code, "message": text}` with 400 invalid_symbol,
invalid_timeframe, invalid_parameter; 401 unauthorized; 403 forbidden,
ip_not_allowed; 404 not_found; 429 rate_limited; 503 maintenance. Numbers are JSON
numbers. Markets are open at the weekend here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.candles import INSTRUMENTS
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.provider import (
    Answer,
    Call,
    Kind,
    Provider,
    Refusal,
    RefusalContext,
    Route,
    SignedRoute,
    account_with_key,
    html_answer,
    json_answer,
    number,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

HOSTS = ("api.mtapi.io", "mtapi.sandbox.example")
_SYMBOLS = {
    name.replace("/", ""): name
    for name in ("EUR/USD", "GBP/USD", "AUD/USD", "USD/JPY", "XAU/USD", "BTC/USD")
}
_TIMEFRAMES = {
    "M1": "1m",
    "M5": "5m",
    "M15": "15m",
    "M30": "30m",
    "H1": "1h",
    "H4": "4h",
    "D1": "1d",
    "W1": "1w",
    "MN1": "1M",
    "MN": "1M",
}
_ACCOUNT_PATH = re.compile(r"/v1/accounts/([^/]+)(/symbols|/quote|/history)?")
_MAX_ROWS = 1_000


def error(status: int, code: str, message: str, **extra: Any) -> Answer:
    """Return the bridge's error document."""
    return json_answer({"error": code, "message": message, **extra}, status=status)


def presented_key(call: Call) -> str | None:
    """Return the bearer token a call shows, unjudged."""
    scheme, _, key = call.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account in the path, if the caller's key owns it."""
    account = account_with_key(accounts, presented_key(call))
    if account is None:
        raise Refusal(error(401, "unauthorized", "Invalid API key"))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address(call.peer_ip))
    match = _ACCOUNT_PATH.fullmatch(call.path)
    if match is not None and match[1] != account.account_id:
        known = any(other.account_id == match[1] for other in accounts)
        raise Refusal(
            error(403, "forbidden", "This account belongs to another API key")
            if known
            else error(404, "not_found", f"Account {match[1]} not found")
        )
    return account


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way the bridge does."""
    wordings = {
        Fault.BAD_KEY: error(401, "unauthorized", "Invalid API key"),
        Fault.IP_NOT_ALLOWED: _wrong_address(context.ip),
        Fault.PERMISSION_DENIED: error(
            403, "forbidden", "This API key may not read the account"
        ),
        Fault.RATE_LIMITED: _later(429, "rate_limited", context.retry_after_s),
        Fault.BANNED: _later(403, "blocked", context.retry_after_s),
        Fault.GEO_BLOCKED: html_answer(403, "Access denied in your country"),
        Fault.MAINTENANCE: _later(503, "maintenance", context.retry_after_s),
    }
    return wordings.get(fault, html_answer(503, "503 Service Unavailable"))


def _wrong_address(ip: str) -> Answer:
    return error(403, "ip_not_allowed", f"Requests from {ip} are not allowed")


def _later(status: int, code: str, wait_s: int) -> Answer:
    message = f"Try again in {wait_s} seconds"
    return json_answer(
        {"error": code, "message": message, "retry_after": wait_s},
        status=status,
        headers={"Retry-After": str(wait_s)},
    )


def _account(_call: Call, account: Account) -> Answer:
    return json_answer(
        {
            "account_id": account.account_id,
            "name": account.name,
            "balance": 10_000.0,
            "equity": 10_050.5,
            "margin": 120.0,
            "free_margin": 9_930.5,
            "margin_level": 8375.42,
            "currency": "USD",
            "leverage": 100,
            "server": "Sandbox-Demo",
            "type": "demo",
            "read_only": not account.may("trade"),
        }
    )


def _symbols(_call: Call, _account: Account) -> Answer:
    return json_answer({"symbols": list(_SYMBOLS)})


def _symbol(call: Call) -> str:
    name = call.params.get("symbol", "")
    if name not in _SYMBOLS:
        raise Refusal(error(400, "invalid_symbol", f"Unknown symbol '{name}'"))
    return name


def _quote(call: Call, _account: Account) -> Answer:
    name = _symbol(call)
    day = call.market.ticker(_SYMBOLS[name])
    when = int(call.market.now_s)
    return json_answer(
        {
            "symbol": name,
            "bid": float(day.bid),
            "ask": float(day.ask),
            "time": when,
        }
    )


def _history(call: Call, _account: Account) -> Answer:
    instrument = INSTRUMENTS[_SYMBOLS[_symbol(call)]]
    timeframe = _TIMEFRAMES.get(call.params.get("timeframe", ""))
    if timeframe is None:
        raise Refusal(error(400, "invalid_timeframe", f"Use {' '.join(_TIMEFRAMES)}"))
    since_s = _number(call, "from")
    bars = call.market.candles(
        instrument.symbol,
        timeframe,
        limit=min(_number(call, "limit") or 100, _MAX_ROWS),
        since_ms=None if since_s is None else since_s * 1000,
        oldest_first=since_s is not None,
    )
    rows = [
        {
            "time": bar.open_ms // 1000,
            "open": number(bar.open),
            "high": number(bar.high),
            "low": number(bar.low),
            "close": number(bar.close),
            "tick_volume": 1 + int(float(bar.volume)) % 5_000,
        }
        for bar in bars
    ]
    return json_answer({"data": rows})


def _number(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not text.isdigit():
        message = f"'{name}' must be a whole number"
        raise Refusal(error(400, "invalid_parameter", message))
    return int(text)


_ROUTES: dict[str | None, SignedRoute] = {
    None: SignedRoute(reply=_account, needs="read"),
    "/symbols": SignedRoute(reply=_symbols, needs="read"),
    "/quote": SignedRoute(reply=_quote, needs="read"),
    "/history": SignedRoute(kind=Kind.CANDLES, reply=_history, needs="read"),
}


def find_route(method: str, path: str) -> Route | None:
    """Return the route for a path below an account; there is nothing to write."""
    match = _ACCOUNT_PATH.fullmatch(path)
    return _ROUTES[match[2]] if match and method == "GET" else None


MTAPI_V1 = Provider(
    name="mtapi",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["mtapi"],
    find_route=find_route,
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(404, "not_found", "No such path"),
)
