"""BingX: codes of six digits in a 200, the signature last in the query.

Signed calls (https://bingx-api.github.io/docs, read 2026-11-23) take HMAC-SHA256 in
hex over the sorted query before it is encoded; the key travels in X-BX-APIKEY and
every call, also a public one, carries a timestamp. The rights of a key are numbers:
1 spot trading, 2 reading, 3 perpetual futures, 4 universal transfer, 5 withdrawing.
Bars come newest first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.exchanges.shared import (
    COINS,
    HOLDINGS,
    is_number,
    listed,
    same,
    signed_hex,
)
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
    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.candles import Instrument

HOSTS = ("open-api.bingx.com",)
_LISTED = listed("-", "USDT", "USDC")
_INTERVALS = {
    **{f"{n}m": f"{n}m" for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": f"{n}h" for n in (1, 2, 4, 6, 8, 12)},
    **{text: text for text in ("1d", "3d", "1w", "1M")},
}
_RIGHTS = {"read": 2, "trade": 1, "withdraw": 5}
_WINDOW_MS = 5_000
_DEFAULT_ROWS, _MAX_ROWS = 500, 1_440


def ok(data: Any, *, at_ms: int) -> Answer:
    """Return BingX's envelope around data."""
    return json_answer({"code": 0, "timestamp": at_ms, "data": data})


def error(code: int, message: str) -> Answer:
    """Return BingX's error document: HTTP 200 all the same."""
    return json_answer({"code": code, "msg": message, "timestamp": 0})


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("X-BX-APIKEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as BingX does."""
    account = account_with_key(accounts, presented_key(call))
    if account is None:
        raise Refusal(_unknown_key())
    sent, mark, signature = call.query_string.rpartition("&signature=")
    if not mark or not same(
        signed_hex(account.api_secret, unquote_plus(sent)), signature
    ):
        raise Refusal(error(100001, "Signature verification failed"))
    stamp = dict(parse_qsl(sent)).get("timestamp", "")
    if not is_number(stamp) or abs(int(stamp) - call.now_ms) > _WINDOW_MS:
        message = "timestamp is missing or too far from the server's time"
        raise Refusal(error(100421, message))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address(call.peer_ip))
    return account


def _unknown_key() -> Answer:
    return error(100413, "Incorrect apiKey, nobody has it")


def _wrong_address(ip: str) -> Answer:
    return error(100419, f"your current request IP {ip} does not match the whitelist")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way BingX does."""
    limited = {
        "X-RateLimit-Requests-Remain": "0",
        "X-RateLimit-Requests-Expire": str(int(context.now_s) + context.retry_after_s),
    }
    wordings = {
        Fault.BAD_KEY: _unknown_key(),
        Fault.IP_NOT_ALLOWED: _wrong_address(context.ip),
        Fault.PERMISSION_DENIED: error(
            100004, "Permission denied: the key lacks what this call needs"
        ),
        Fault.RATE_LIMITED: replace(
            error(100410, "rate limited, slow down"), headers=limited
        ),
        Fault.BANNED: html_answer(403, "Access denied: too many requests"),
        Fault.GEO_BLOCKED: html_answer(403, "Not available in your region"),
        Fault.MAINTENANCE: html_answer(503, "Scheduled maintenance"),
    }
    return wordings.get(fault, error(100500, "Internal system error, try later"))


# Market data


def _time(call: Call) -> Answer:
    return ok({"serverTime": call.now_ms}, at_ms=call.now_ms)


def _nothing(call: Call) -> Answer:
    return ok([], at_ms=call.now_ms)  # no perpetual contracts


def _symbols(call: Call) -> Answer:
    rows = [_symbol(name, item) for name, item in _LISTED.items()]
    return ok({"symbols": rows}, at_ms=call.now_ms)


def _symbol(name: str, item: Instrument) -> dict[str, Any]:
    return {
        "symbol": name,
        "minQty": 0.00001,
        "maxQty": 1000,
        "minNotional": 5,
        "maxNotional": 400_000,
        "status": 1,
        "tickSize": float(item.tick),
        "stepSize": 0.000001,
        "apiStateSell": True,
        "apiStateBuy": True,
        "timeOnline": 0,
        "offTime": 0,
        "maintainTime": 0,
    }


def _listed(call: Call) -> tuple[str, Instrument]:
    name = call.params.get("symbol", "")
    if name not in _LISTED:
        raise Refusal(error(109415, "this pair is not listed"))
    return name, _LISTED[name]


def _ticker(call: Call) -> Answer:
    some = [_listed(call)] if "symbol" in call.params else list(_LISTED.items())
    rows = [_ticker_row(call, name, item) for name, item in some]
    return ok(rows, at_ms=call.now_ms)


def _ticker_row(call: Call, name: str, item: Instrument) -> dict[str, Any]:
    day = call.market.ticker(item.symbol)
    change = (float(day.last) / float(day.open) - 1) * 100
    return {
        "symbol": name,
        "openPrice": day.open,
        "highPrice": day.high,
        "lowPrice": day.low,
        "lastPrice": day.last,
        "volume": day.volume,
        "quoteVolume": day.quote_volume,
        "openTime": call.now_ms - 86_400_000,
        "closeTime": call.now_ms,
        "bidPrice": float(day.bid),
        "bidQty": 2.5,
        "askPrice": float(day.ask),
        "askQty": 1.5,
        "priceChangePercent": f"{change:.2f}%",
    }


def _kline(call: Call) -> Answer:
    _, item = _listed(call)
    timeframe = _INTERVALS.get(call.params.get("interval", ""))
    if timeframe is None:
        raise Refusal(error(109400, "Invalid interval"))
    start, end = _moment(call, "startTime"), _moment(call, "endTime")
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=min(_moment(call, "limit") or _DEFAULT_ROWS, _MAX_ROWS),
        since_ms=start,
        until_ms=end,
        oldest_first=start is not None and end is None,
    )
    rows = [
        [
            bar.open_ms,
            *(number(text) for text in (bar.open, bar.high, bar.low, bar.close)),
            *(number(bar.volume), bar.close_ms, number(bar.volume)),
        ]
        for bar in reversed(bars)
    ]
    return ok(rows, at_ms=call.now_ms)


def _moment(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not is_number(text):
        raise Refusal(error(109400, f"Invalid parameters: {name}"))
    return int(text)


# Account


def _balance(call: Call, _account: Account) -> Answer:
    rows = [{"asset": c, "free": f, "locked": k} for c, f, k in HOLDINGS]
    return ok({"balances": rows}, at_ms=call.now_ms)


def _coins(call: Call, _account: Account) -> Answer:
    rows = [
        {"coin": code, "name": code, "networkList": [_network(code)]} for code in COINS
    ]
    return ok(rows, at_ms=call.now_ms)


def _network(code: str) -> dict[str, Any]:
    return {
        "name": code,
        "network": "BTC" if code == "BTC" else "ERC20",
        "isDefault": True,
        "depositEnable": True,
        "withdrawEnable": True,
        "withdrawFee": "0.0005",
        "withdrawMin": "0.001",
        "withdrawMax": "1000",
        "depositMin": "0.0001",
        "withdrawPrecision": 8,
    }


def _key_info(call: Call, account: Account) -> Answer:
    info = {
        "apiKey": account.api_key,
        "note": account.name,
        "permissions": [_RIGHTS[p] for p in account.permissions],
        "ipAddresses": list(account.ip_allowlist),
        "ipRestrict": bool(account.ip_allowlist),
    }
    return ok(info, at_ms=call.now_ms)


_API = "GET /openApi"
_ROUTES: dict[str, Route] = {
    f"{_API}/swap/v2/server/time": OpenRoute(reply=_time),
    f"{_API}/spot/v1/common/symbols": OpenRoute(reply=_symbols),
    f"{_API}/spot/v1/ticker/24hr": OpenRoute(reply=_ticker),
    f"{_API}/spot/v1/market/kline": OpenRoute(kind=Kind.CANDLES, reply=_kline),
    f"{_API}/swap/v2/quote/contracts": OpenRoute(reply=_nothing),
    f"{_API}/cswap/v1/market/contracts": OpenRoute(reply=_nothing),
    f"{_API}/spot/v1/account/balance": SignedRoute(reply=_balance, needs="read"),
    f"{_API}/wallets/v1/capital/config/getall": SignedRoute(reply=_coins, needs="read"),
    f"{_API}/v1/account/apiPermissions": SignedRoute(reply=_key_info),
}

BINGX = Provider(
    name="bingx",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["bingx"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(100400, "this api is not exist"),
)
