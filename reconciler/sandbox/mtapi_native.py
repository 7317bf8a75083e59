"""MT4 and MT5 bridges in the vendor's own dialect: everything is a GET with a token.

Hosts `mt5.mtapi.io` and `mt4.mtapi.io`, provider `mtapi-native`. The user is the
account's number, the password its `api_secret`, the server `Sandbox-Demo`.

    /ConnectEx?user&password&server[&errorReplyStatusCode]    token, as text
    /Connect?user&password&host&port                          the same
    /ConnectByToken?id              the token again, once it has been connected
    /CheckConnect?id                OK, as text
    /ConnectionStatus?id            {"id", "isConnected", "connectTimeUTC", ...}
    /AccountSummary?id              {"balance", "equity", ..., "isInvestor", "synced"}
    /AccountDetails?id              {"serverName", "company", "group", "timezone"}
    /GetQuote?id&symbol             {"symbol", "bid", "ask", "time", ...}
    /SymbolList?id                  names
    /Symbols?id                     an object keyed by name; MT5 only
    /PriceHistory?id&symbol&from&to&timeFrame=MINUTES
                                    [{"time", "openPrice", ...}], ascending; MT5 only
    /QuoteHistory?id&symbol&timeframe=H1&from&count
                                    `count` bars before `from`, newest first: [{"time",
                                    "open", ...}]; MT4 only
    /Disconnect?id                  OK; the token is forgotten

Errors come with HTTP 201 and {"code", "message", "stackTrace"}; only the connect
calls honour `errorReplyStatusCode`. Times are ISO without a zone, in server time,
which is UTC here. Symbols carry the suffix `m`. `reader` is an investor login.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
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
    SignedRoute,
    html_answer,
    json_answer,
    number,
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

MT5_HOST, MT4_HOST = "mt5.mtapi.io", "mt4.mtapi.io"
HOSTS = (MT5_HOST, MT4_HOST)
SERVER = "Sandbox-Demo"
_SYMBOLS = {
    name.replace("/", "") + "m": name
    for name in ("EUR/USD", "GBP/USD", "AUD/USD", "USD/JPY", "XAU/USD", "BTC/USD")
}
_TIMEFRAMES = {
    **{n: f"{n}m" for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)},
    **{60 * n: f"{n}h" for n in (1, 2, 3, 4, 6, 8, 12)},
    1_440: "1d",
    10_080: "1w",
    43_200: "1M",
}
_MT4_TIMEFRAMES = {
    **{f"M{n}": f"{n}m" for n in (1, 5, 15, 30)},
    "H1": "1h",
    "H4": "4h",
    "D1": "1d",
    "W1": "1w",
    "MN1": "1M",
}
_MAX_ROWS = 10_000


def error(code: str, message: str, *, status: int = 201) -> Answer:
    """Return the bridge's error document: a success as far as HTTP goes."""
    document = {"code": code, "message": message, "stackTrace": "at Sandbox.Bridge"}
    return json_answer(document, status=status)


def text(words: str) -> Answer:
    """Return a plain text answer."""
    return Answer(body=words.encode(), content_type="text/plain")


def token_of(account: Account) -> str:
    """Return an account's token: the same on every connect, as the real one."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{account.name}.{HOSTS[0]}"))


def presented_key(call: Call) -> str | None:
    """Return the key of the account whose number or token a call shows."""
    for account in SANDBOX_ACCOUNTS["mtapi-native"]:
        if call.params.get("user") == account.account_id:
            return account.api_key
        if call.params.get("id") == token_of(account):
            return account.api_key
    return None


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that logs in, or whose token is connected."""
    if call.path in ("/ConnectEx", "/Connect"):
        return _login(call, accounts)
    if "id" not in call.params:
        raise Refusal(error("NULL_ARGUMENT", "id"))
    for account in accounts:
        if token_of(account) == call.params["id"] and _place(account) in call.memory:
            return account
    message = f"Client with id {call.params['id']} not found"
    raise Refusal(error("INVALID_TOKEN", message))


def _login(call: Call, accounts: tuple[Account, ...]) -> Account:
    asked = call.params.get("errorReplyStatusCode", "")
    status = int(asked) if asked.isdigit() and len(asked) == 3 else 201  # noqa: PLR2004
    server = call.params.get("server", call.params.get("host", ""))
    if server not in (SERVER, "127.0.0.1"):
        raise Refusal(error("DONE", f"Server '{server}' not found", status=status))
    for account in accounts:
        known = account.account_id == call.params.get("user")
        if known and account.api_secret == call.params.get("password"):
            call.memory[_place(account)] = int(call.now_s)
            return account
    raise Refusal(error("INVALID_ACCOUNT", "Invalid account", status=status))


def _place(account: Account) -> str:
    return f"mtapi-native/{account.name}"


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way the bridge does: mostly with HTTP 201."""
    wait = {"Retry-After": str(context.retry_after_s)}
    wordings = {
        Fault.BAD_KEY: error("INVALID_ACCOUNT", "Invalid account"),
        Fault.IP_NOT_ALLOWED: html_answer(403, "403 Forbidden"),
        Fault.PERMISSION_DENIED: error("INVALID_ACCOUNT", "Account disabled"),
        Fault.RATE_LIMITED: Answer(status=429, headers=wait),
        Fault.BANNED: html_answer(403, "403 Forbidden"),
        Fault.GEO_BLOCKED: html_answer(403, "Access denied in your country"),
        Fault.MAINTENANCE: error("SERVICE_NOT_AVAILABLE", "Service is not available"),
    }
    return wordings.get(fault, html_answer(503, "503 Service Unavailable"))


def _token(_call: Call, account: Account) -> Answer:
    return text(token_of(account))


def _alive(_call: Call, _account: Account) -> Answer:
    return text("OK")


def _disconnect(call: Call, account: Account) -> Answer:
    call.memory.pop(_place(account), None)
    return text("OK")


def _status(call: Call, account: Account) -> Answer:
    since_s = call.memory[_place(account)]
    return json_answer(
        {
            "id": call.params["id"],
            "isConnected": True,
            "connectTimeUTC": _iso(since_s) + "Z",
            "lastQuoteTimeUTC": _iso(call.market.now_s) + "Z",
            "clientIp": None,
        }
    )


def _summary(_call: Call, account: Account) -> Answer:
    return json_answer(
        {
            "balance": 10_000.0,
            "credit": 0,
            "profit": 50.5,
            "equity": 10_050.5,
            "margin": 120.0,
            "freeMargin": 9_930.5,
            "marginLevel": 8375.42,
            "leverage": 100,
            "currency": "USD",
            "method": "Hedging",
            "type": "demo",
            "isInvestor": not account.may("trade"),
            "synced": True,
        }
    )


def _details(_call: Call, _account: Account) -> Answer:
    details = {"company": "Sandbox", "group": "demo", "timezone": 0}
    return json_answer({"serverName": SERVER, **details})


def _symbols(call: Call, _account: Account) -> Answer:
    _require_host(call, MT5_HOST)
    return json_answer({name: {} for name in _SYMBOLS})


def _symbol_list(_call: Call, _account: Account) -> Answer:
    return json_answer(list(_SYMBOLS))


def _symbol(call: Call) -> str:
    name = call.params.get("symbol", "")
    if name not in _SYMBOLS:
        raise Refusal(error("INVALID_SYMBOL", f"Symbol {name} not exist"))
    return name


def _quote(call: Call, _account: Account) -> Answer:
    name = _symbol(call)
    day = call.market.ticker(_SYMBOLS[name])
    return json_answer(
        {
            "symbol": name,
            "bid": float(day.bid),
            "ask": float(day.ask),
            "time": _iso(call.market.now_s),
            "last": 0,
            "volume": 0,
        }
    )


def _require_host(call: Call, host: str) -> None:
    if call.host != host:
        raise Refusal(Answer(status=404))


def _history(call: Call, _account: Account) -> Answer:
    _require_host(call, MT5_HOST)
    instrument = INSTRUMENTS[_SYMBOLS[_symbol(call)]]
    minutes = call.params.get("timeFrame", "")
    timeframe = _TIMEFRAMES.get(int(minutes)) if minutes.isdigit() else None
    if timeframe is None:
        raise Refusal(error("NULL_ARGUMENT", "timeFrame"))
    bars = call.market.candles(
        instrument.symbol,
        timeframe,
        limit=_MAX_ROWS,
        since_ms=_moment_ms(call, "from"),
        until_ms=_moment_ms(call, "to"),
    )
    rows: list[dict[str, Any]] = [
        {
            "time": _iso(bar.open_ms / 1000),
            "openPrice": number(bar.open),
            "highPrice": number(bar.high),
            "lowPrice": number(bar.low),
            "closePrice": number(bar.close),
            "tickVolume": 1 + int(float(bar.volume)) % 5_000,
            "volume": 0,
            "spread": 8,
        }
        for bar in bars
    ]
    return json_answer(rows)


def _quote_history(call: Call, _account: Account) -> Answer:
    _require_host(call, MT4_HOST)
    instrument = INSTRUMENTS[_SYMBOLS[_symbol(call)]]
    timeframe = _MT4_TIMEFRAMES.get(call.params.get("timeframe", ""))
    count = call.params.get("count", "")
    if timeframe is None or not count.isdigit():
        raise Refusal(error("NULL_ARGUMENT", "timeframe, count"))
    bars = call.market.candles(
        instrument.symbol,
        timeframe,
        limit=min(int(count), _MAX_ROWS),
        until_ms=_moment_ms(call, "from"),
    )
    rows: list[dict[str, Any]] = [
        {
            "time": _iso(bar.open_ms / 1000),
            "open": number(bar.open),
            "high": number(bar.high),
            "low": number(bar.low),
            "close": number(bar.close),
            "volume": 1 + int(float(bar.volume)) % 5_000,
        }
        for bar in reversed(bars)
    ]
    return json_answer(rows)


def _moment_ms(call: Call, name: str) -> int:
    try:
        moment = datetime.fromisoformat(call.params.get(name, ""))
    except ValueError:
        raise Refusal(error("NULL_ARGUMENT", name)) from None
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(int(at_s), UTC).replace(tzinfo=None).isoformat()


_REPLIES = {
    "ConnectEx": _token,
    "Connect": _token,
    "ConnectByToken": _token,
    "CheckConnect": _alive,
    "ConnectionStatus": _status,
    "AccountSummary": _summary,
    "AccountDetails": _details,
    "Symbols": _symbols,
    "SymbolList": _symbol_list,
    "GetQuote": _quote,
    "PriceHistory": _history,
    "QuoteHistory": _quote_history,
    "Disconnect": _disconnect,
}
_CANDLES = (_history, _quote_history)
_ROUTES = {
    f"GET /{name}": SignedRoute(
        kind=Kind.CANDLES if reply in _CANDLES else Kind.PRIVATE,
        reply=reply,
        needs="read",
    )
    for name, reply in _REPLIES.items()
}

MTAPI_NATIVE = Provider(
    name="mtapi-native",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["mtapi-native"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=Answer(status=404),
)
