"""Kraken: errors are a list in a 200, assets have X and Z names, nonces only grow.

Private calls (https://docs.kraken.com/api, read 2026-11-22) are POSTs whose form
holds a nonce; API-Sign is base64 of HMAC-SHA512, keyed with the decoded secret,
over path + SHA256(nonce + form). Kraken does not check the clock: it refuses a
nonce below the highest it saw (less the key's nonce window), which is how a clock
that runs behind shows. The sandbox plays that: with the fault `clock_skew` the key
counts as last used at the provider's own time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

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
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

HOSTS = ("api.kraken.com",)
# Kraken's name, other name, decimals; X marks early coins, Z marks money.
_ASSETS = {
    "BTC": ("XXBT", "XBT", 10),
    "ETH": ("XETH", "ETH", 10),
    "SOL": ("SOL", "SOL", 10),
    "XRP": ("XXRP", "XRP", 8),
    "ADA": ("ADA", "ADA", 8),
    "LTC": ("XLTC", "LTC", 10),
    "USDT": ("USDT", "USDT", 8),
    "USD": ("ZUSD", "USD", 4),
    "EUR": ("ZEUR", "EUR", 4),
}
_PAIRS = {
    "XXBTZUSD": "BTC/USD",
    "XETHZUSD": "ETH/USD",
    "SOLUSD": "SOL/USD",
    "XXRPZUSD": "XRP/USD",
    "XXBTZEUR": "BTC/EUR",
    "XETHZEUR": "ETH/EUR",
    "XETHXXBT": "ETH/BTC",
    "XBTUSDT": "BTC/USDT",
    "ETHUSDT": "ETH/USDT",
    "SOLUSDT": "SOL/USDT",
    "XRPUSDT": "XRP/USDT",
    "ADAUSDT": "ADA/USDT",
    "LTCUSDT": "LTC/USDT",
}
_INTERVALS = {
    "1": "1m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "240": "4h",
    "1440": "1d",
    "10080": "1w",
    "21600": "15d",
}
_PERMISSIONS = {
    "read": ("query-funds", "query-open-trades", "query-closed-trades"),
    "trade": ("modify-trades", "close-trades"),
    "withdraw": ("withdraw-funds",),
}
_ROWS = 720  # always the newest 720, whatever is asked
_NONCE_WINDOW = 10_000  # a setting of each key; these have 10 s of ms nonces


def ok(result: Any) -> Answer:
    """Return Kraken's envelope around a result."""
    return json_answer({"error": [], "result": result})


def error(text: str) -> Answer:
    """Return Kraken's error document: HTTP 200 all the same."""
    return json_answer({"error": [text]})


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("API-Key")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as Kraken does."""
    account = account_with_key(accounts, presented_key(call))
    if account is None:
        raise Refusal(error("EAPI:Invalid key"))
    nonce = _form(call).get("nonce", "")
    if not nonce.isdigit():
        raise Refusal(error("EAPI:Invalid nonce"))
    if not hmac.compare_digest(
        _sign(account, nonce, call), call.headers.get("API-Sign", "")
    ):
        raise Refusal(error("EAPI:Invalid signature"))
    _spend_nonce(call, account, int(nonce))
    if not account.admits(call.peer_ip):
        raise Refusal(error("EAPI:Invalid key"))
    return account


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace")))


def _sign(account: Account, nonce: str, call: Call) -> str:
    secret = base64.b64decode(account.api_secret)
    text = call.path.encode() + hashlib.sha256(nonce.encode() + call.body).digest()
    return base64.b64encode(hmac.new(secret, text, hashlib.sha512).digest()).decode()


def _spend_nonce(call: Call, account: Account, nonce: int) -> None:
    place = f"kraken/{account.name}"
    skewed_ms = call.now_ms if abs(call.now_s - call.market.now_s) > 1 else 0
    highest = max(call.memory.get(place, 0), skewed_ms)
    if nonce <= highest - _NONCE_WINDOW:
        raise Refusal(error("EAPI:Invalid nonce"))
    call.memory[place] = max(call.memory.get(place, 0), nonce)


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way Kraken does; it never names an address or a wait."""
    del context
    wordings = {
        Fault.BAD_KEY: error("EAPI:Invalid key"),
        Fault.IP_NOT_ALLOWED: error("EAPI:Invalid key"),
        Fault.PERMISSION_DENIED: error("EGeneral:Permission denied"),
        Fault.RATE_LIMITED: error("EAPI:Rate limit exceeded"),
        Fault.BANNED: error("EGeneral:Temporary lockout"),
        Fault.GEO_BLOCKED: html_answer(403, "Access denied in your country"),
        Fault.MAINTENANCE: error("EService:Market in cancel_only mode"),
    }
    return wordings.get(fault, error("EService:Unavailable"))


# Market data


def _time(call: Call) -> Answer:
    now = formatdate(call.now_s, usegmt=True)
    return ok({"unixtime": int(call.now_s), "rfc1123": now})


def _status(_call: Call) -> Answer:
    return ok({"status": "online", "timestamp": "2026-11-22T00:00:00Z"})


def _asset_list(_call: Call) -> Answer:
    return ok(
        {
            name: {
                "aclass": "currency",
                "altname": other,
                "decimals": decimals,
                "display_decimals": 5,
                "status": "enabled",
            }
            for name, other, decimals in _ASSETS.values()
        }
    )


def _pair_list(_call: Call) -> Answer:
    return ok({pair: _pair(symbol) for pair, symbol in _PAIRS.items()})


def _pair(symbol: str) -> dict[str, Any]:
    item = INSTRUMENTS[symbol]
    (base, base_other, _), (quote, quote_other, _) = (
        _ASSETS[item.base],
        _ASSETS[item.quote],
    )
    return {
        "altname": base_other + quote_other,
        "wsname": f"{base_other}/{quote_other}",
        "aclass_base": "currency",
        "base": base,
        "aclass_quote": "currency",
        "quote": quote,
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": item.decimals,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [2, 3],
        "leverage_sell": [2, 3],
        "fees": [[0, 0.4], [10000, 0.35]],
        "fees_maker": [[0, 0.25], [10000, 0.2]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.0001",
        "costmin": "0.5",
        "tick_size": item.tick,
        "status": "online",
    }


def _wanted(call: Call) -> dict[str, str]:
    """Return the pairs a call names, by any of their names, all without `pair`."""
    asked = call.params.get("pair")
    if asked is None:
        return _PAIRS
    names = {
        **{pair: pair for pair in _PAIRS},
        **{_pair(symbol)["altname"]: pair for pair, symbol in _PAIRS.items()},
    }
    unknown = [name for name in asked.split(",") if name not in names]
    if unknown:
        raise Refusal(error("EQuery:Unknown asset pair"))
    return {names[name]: _PAIRS[names[name]] for name in asked.split(",")}


def _ticker(call: Call) -> Answer:
    return ok({p: _ticker_row(call, symbol) for p, symbol in _wanted(call).items()})


def _ticker_row(call: Call, symbol: str) -> dict[str, Any]:
    day = call.market.ticker(symbol)
    return {
        "a": [day.ask, "1", "1.000"],
        "b": [day.bid, "1", "1.000"],
        "c": [day.last, "0.01000000"],
        "v": [day.volume, day.volume],
        "p": [day.last, day.last],
        "t": [4_000, 9_000],
        "l": [day.low, day.low],
        "h": [day.high, day.high],
        "o": day.open,
    }


def _ohlc(call: Call) -> Answer:
    timeframe = _INTERVALS.get(call.params.get("interval", "1"))
    if timeframe is None or "pair" not in call.params:
        raise Refusal(error("EGeneral:Invalid arguments"))
    pair, symbol = next(iter(_wanted(call).items()))
    since = call.params.get("since", "")
    bars = call.market.candles(
        symbol,
        timeframe,
        limit=_ROWS,
        since_ms=int(since) * 1000 + 1 if since.isdigit() else None,
    )
    rows = [
        [
            bar.open_ms // 1000,
            *(bar.open, bar.high, bar.low, bar.close, bar.close, bar.volume),
            12,
        ]
        for bar in bars
    ]
    return ok({pair: rows, "last": rows[-2][0] if len(rows) > 1 else 0})


# Account


def _balance_extended(_call: Call, _account: Account) -> Answer:
    return ok(
        {
            "XXBT": {"balance": "0.2500000000", "hold_trade": "0.0000000000"},
            "USDT": {"balance": "13000.00000000", "hold_trade": "500.00000000"},
        }
    )


def _balance(_call: Call, _account: Account) -> Answer:
    return ok({"XXBT": "0.2500000000", "USDT": "13000.00000000"})


def _key_info(call: Call, account: Account) -> Answer:
    granted = [word for p in account.permissions for word in _PERMISSIONS[p]]
    return ok(
        {
            "apiKeyName": account.name,
            "permissions": granted,
            "validUntil": str(account.ends_at_s(call.now_s) or 0),
            "ipAllowlist": list(account.ip_allowlist),
            "nonceWindow": _NONCE_WINDOW,
        }
    )


_ROUTES: dict[str, Route] = {
    "GET /0/public/Time": OpenRoute(reply=_time),
    "GET /0/public/SystemStatus": OpenRoute(reply=_status),
    "GET /0/public/Assets": OpenRoute(reply=_asset_list),
    "GET /0/public/AssetPairs": OpenRoute(reply=_pair_list),
    "GET /0/public/Ticker": OpenRoute(reply=_ticker),
    "GET /0/public/OHLC": OpenRoute(kind=Kind.CANDLES, reply=_ohlc),
    "POST /0/private/Balance": SignedRoute(reply=_balance, needs="read"),
    "POST /0/private/BalanceEx": SignedRoute(reply=_balance_extended, needs="read"),
    "POST /0/private/GetApiKeyInfo": SignedRoute(reply=_key_info),
}

KRAKEN = Provider(
    name="kraken",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["kraken"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error("EGeneral:Unknown method"),
)
