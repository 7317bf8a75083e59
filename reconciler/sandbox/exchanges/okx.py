"""OKX: one host for live and demo, told apart by the header x-simulated-trading.

Signed endpoints (https://www.okx.com/docs-v5, read 2026-11-22) take base64 of
HMAC-SHA256 over timestamp + method + path with query + body, and the passphrase in
the clear. A key of one environment is named as such in the other (50101). Errors
of the market endpoints come with HTTP 200 and a code. Bars open at UTC midnight.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.candles import INSTRUMENTS, Instrument
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
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

HOSTS = ("www.okx.com", "aws.okx.com", "my.okx.com", "us.okx.com")
_LISTED = {
    f"{item.base}-{item.quote}": item
    for item in INSTRUMENTS.values()
    if item.quote in {"USDT", "USDC"} or item.symbol in {"ETH/BTC", "BTC/USD"}
}
_COINS = ("BTC", "ETH", "BNB", "SOL", "XRP", "ADA", "DOGE", "LTC", "USDT", "USDC")
_BARS = {
    **{bar: bar for bar in ("1m", "3m", "5m", "15m", "30m")},
    **{f"{n}H": f"{n}h" for n in (1, 2, 4)},
    **{f"{n}H{tz}": f"{n}h" for n in (6, 12) for tz in ("", "utc")},
    **{f"1{u}{tz}": f"1{u.lower()}" for u in "DW" for tz in ("", "utc")},
    **{f"{n}M{tz}": f"{n}M" for n in (1, 3) for tz in ("", "utc")},
}
_CLOCK_S = 30
_DEFAULT_ROWS, _MAX_ROWS = 100, 300


def ok(data: list[Any]) -> Answer:
    """Return OKX's envelope around data."""
    return json_answer({"code": "0", "msg": "", "data": data})


def error(status: int, code: str, message: str) -> Answer:
    """Return OKX's error document, its fields in OKX's order."""
    return json_answer({"msg": message, "code": code}, status=status)


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("OK-ACCESS-KEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as OKX does."""
    key = _header(call, "OK-ACCESS-KEY", "50103")
    passphrase = _header(call, "OK-ACCESS-PASSPHRASE", "50104")
    signature = _header(call, "OK-ACCESS-SIGN", "50106")
    stamp = _header(call, "OK-ACCESS-TIMESTAMP", "50107")
    _check_time(stamp, call.now_s)
    account = account_with_key(accounts, key)
    if account is None:
        raise Refusal(error(401, "50119", "API key doesn't exist"))
    if account.demo != (call.headers.get("x-simulated-trading") == "1"):
        message = "APIKey does not match current environment."
        raise Refusal(error(401, "50101", message))
    if passphrase != account.api_passphrase:
        message = "Request header OK-ACCESS-PASSPHRASE incorrect."
        raise Refusal(error(401, "50105", message))
    if not hmac.compare_digest(_sign(account, stamp, call), signature):
        raise Refusal(error(401, "50113", "Invalid Sign"))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address(call.peer_ip))
    return account


def _header(call: Call, name: str, code: str) -> str:
    value = call.headers.get(name, "")
    if not value:
        raise Refusal(error(400, code, f"Request header {name} can not be empty."))
    return value


def _check_time(stamp: str, now_s: float) -> None:
    try:
        sent = datetime.fromisoformat(stamp)
    except ValueError:
        message = "Invalid OK-ACCESS-TIMESTAMP"
        raise Refusal(error(400, "50112", message)) from None
    if abs(sent.replace(tzinfo=UTC).timestamp() - now_s) > _CLOCK_S:
        raise Refusal(error(401, "50102", "Timestamp request expired"))


def _sign(account: Account, stamp: str, call: Call) -> str:
    text = f"{stamp}{call.method}{call.target}".encode() + call.body
    digest = hmac.new(account.api_secret.encode(), text, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _wrong_address(ip: str) -> Answer:
    message = f"Your IP {ip} is not included in your API key's IP whitelist."
    return error(401, "50110", message)


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way OKX does."""
    wait = {"Retry-After": str(context.retry_after_s)}
    wordings = {
        Fault.BAD_KEY: error(401, "50119", "API key doesn't exist"),
        Fault.IP_NOT_ALLOWED: _wrong_address(context.ip),
        Fault.PERMISSION_DENIED: error(
            403, "50030", "You don't have permission to use this API"
        ),
        Fault.RATE_LIMITED: replace(
            error(429, "50011", "Too Many Requests"), headers=wait
        ),
        Fault.BANNED: html_answer(403, "Access denied: too many requests"),
        Fault.GEO_BLOCKED: html_answer(403, "Not available in your region"),
        Fault.MAINTENANCE: error(
            503, "50001", "Service temporarily unavailable. Try again later"
        ),
    }
    return wordings.get(fault, html_answer(503, "503 Service Unavailable"))


# Market data


def _time(call: Call) -> Answer:
    return ok([{"ts": str(call.now_ms)}])


def _status(_call: Call) -> Answer:
    return ok([])  # no maintenance under way or announced


def _instruments(call: Call) -> Answer:
    if call.params.get("instType") != "SPOT":
        return ok([])
    return ok([_instrument_row(name, item) for name, item in _LISTED.items()])


def _instrument_row(name: str, item: Instrument) -> dict[str, str]:
    empty = ("alias", "ctMult", "ctType", "ctVal", "ctValCcy", "expTime", "optType")
    return {
        **dict.fromkeys((*empty, "settleCcy", "stk", "uly", "instFamily"), ""),
        "instType": "SPOT",
        "instId": name,
        "baseCcy": item.base,
        "quoteCcy": item.quote,
        "category": "1",
        "lever": "5" if item.quote == "USDT" else "",
        "listTime": "1611907686000",
        "lotSz": "0.00000001",
        "minSz": "0.00001",
        "tickSz": item.tick,
        "maxMktSz": "1000000",
        "maxLmtSz": "9999999999",
        "state": "live",
    }


def _listed(call: Call) -> tuple[str, Instrument]:
    name = call.params.get("instId", "")
    if name not in _LISTED:
        message = "Instrument ID, Instrument ID code, or Spread ID doesn't exist."
        raise Refusal(error(200, "51001", message))
    return name, _LISTED[name]


def _ticker(call: Call) -> Answer:
    return ok([_ticker_row(call, *_listed(call))])


def _tickers(call: Call) -> Answer:
    if call.params.get("instType") != "SPOT":
        return ok([])
    return ok([_ticker_row(call, name, item) for name, item in _LISTED.items()])


def _ticker_row(call: Call, name: str, item: Instrument) -> dict[str, str]:
    day = call.market.ticker(item.symbol)
    return {
        "instType": "SPOT",
        "instId": name,
        "last": day.last,
        "lastSz": "0.01",
        "askPx": day.ask,
        "askSz": "1.5",
        "bidPx": day.bid,
        "bidSz": "2.5",
        "open24h": day.open,
        "high24h": day.high,
        "low24h": day.low,
        "vol24h": day.volume,
        "volCcy24h": day.quote_volume,
        "sodUtc0": day.open,
        "sodUtc8": day.open,
        "ts": str(int(call.market.now_s * 1000)),
    }


def _candles(call: Call) -> Answer:
    _, item = _listed(call)
    timeframe = _BARS.get(call.params.get("bar", "1m"))
    if timeframe is None:
        raise Refusal(error(200, "51000", "Parameter bar error"))
    newer, older = _number(call, "before"), _number(call, "after")
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=min(_number(call, "limit") or _DEFAULT_ROWS, _MAX_ROWS),
        since_ms=None if newer is None else newer + 1,
        until_ms=None if older is None else older - 1,
    )
    return ok(
        [
            [
                str(bar.open_ms),
                *(bar.open, bar.high, bar.low, bar.close, bar.volume),
                *(bar.volume, bar.volume, "1" if bar.closed else "0"),
            ]
            for bar in reversed(bars)
        ]
    )


def _number(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not text.isdigit():
        raise Refusal(error(200, "51000", f"Parameter {name} error"))
    return int(text)


# Account


def _config(_call: Call, account: Account) -> Answer:
    words = {"read": "read_only", "withdraw": "withdraw", "trade": "trade"}
    return ok(
        [
            {
                "acctLv": "1",
                "autoLoan": False,
                "uid": account.account_id,
                "mainUid": account.account_id,
                "posMode": "net_mode",
                "label": account.name,
                "perm": ",".join(words[p] for p in account.permissions),
                "ip": ",".join(account.ip_allowlist),
                "kycLv": "2",
                "level": "Lv1",
                "roleType": "0",
                "type": "0",
            }
        ]
    )


def _balance(call: Call, _account: Account) -> Answer:
    when = str(call.now_ms)
    held = (("BTC", "0.25", "0"), ("USDT", "13000", "500"))
    details = [
        {
            "ccy": coin,
            "cashBal": total,
            "eq": total,
            "availBal": str(float(total) - float(frozen)),
            "availEq": str(float(total) - float(frozen)),
            "frozenBal": frozen,
            "ordFrozen": frozen,
            "uTime": when,
        }
        for coin, total, frozen in held
    ]
    return ok([{"totalEq": "36500", "uTime": when, "details": details}])


def _asset_balances(_call: Call, _account: Account) -> Answer:
    row = {"ccy": "USDT", "bal": "100", "availBal": "100", "frozenBal": "0"}
    return ok([row])


def _currencies(_call: Call, _account: Account) -> Answer:
    return ok([_currency(coin) for coin in _COINS])


def _currency(coin: str) -> dict[str, Any]:
    network = "Bitcoin" if coin == "BTC" else "ERC20"
    return {
        "ccy": coin,
        "name": coin,
        "chain": f"{coin}-{network}",
        "canDep": True,
        "canWd": True,
        "canInternal": True,
        "mainNet": coin == "BTC",
        "minFee": "0.0001",
        "maxFee": "0.0004",
        "minWd": "0.001",
        "maxWd": "500",
        "wdTickSz": "8",
    }


_ROUTES: dict[str, Route] = {
    "GET /api/v5/public/time": OpenRoute(reply=_time),
    "GET /api/v5/public/instruments": OpenRoute(reply=_instruments),
    "GET /api/v5/system/status": OpenRoute(reply=_status),
    "GET /api/v5/market/ticker": OpenRoute(reply=_ticker),
    "GET /api/v5/market/tickers": OpenRoute(reply=_tickers),
    "GET /api/v5/market/candles": OpenRoute(kind=Kind.CANDLES, reply=_candles),
    "GET /api/v5/market/history-candles": OpenRoute(kind=Kind.CANDLES, reply=_candles),
    "GET /api/v5/account/config": SignedRoute(reply=_config),
    "GET /api/v5/account/balance": SignedRoute(reply=_balance, needs="read"),
    "GET /api/v5/asset/balances": SignedRoute(reply=_asset_balances, needs="read"),
    "GET /api/v5/asset/currencies": SignedRoute(reply=_currencies, needs="read"),
}

OKX = Provider(
    name="okx",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["okx"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(404, "50404", "Not Found"),
)
