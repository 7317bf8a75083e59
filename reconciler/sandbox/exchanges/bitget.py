"""Bitget v2: an envelope with a code, a passphrase, and accounts of two kinds.

Signed calls (https://www.bitget.com/api-doc, read 2026-11-23) take base64 of
HMAC-SHA256 over timestamp + method + path with query + body, and the passphrase in
the clear. These customers have classic accounts: calls of the unified kind are
refused to them, which is how clients find out. The rights of a key are short words
(`stor` reads spot orders, `stow` writes them, `wwow` withdraws). Bars are ascending.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.exchanges.shared import (
    COINS,
    HOLDINGS,
    is_number,
    listed,
    same,
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
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.candles import Instrument

HOSTS = ("api.bitget.com",)
_LISTED = listed("", "USDT", "USDC", "BTC")
_GRANULARITIES = {
    **{f"{n}min": f"{n}m" for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": f"{n}h" for n in (1, 4, 6, 12)},
    **{f"{n}Hutc": f"{n}h" for n in (6, 12)},
    **{f"{n}Dutc": f"{n}d" for n in (1, 3)},
    "1Wutc": "1w",
    "1Mutc": "1M",
}
_RIGHTS = {
    "read": ("stor", "smor", "wtor"),
    "trade": ("stow", "smow"),
    "withdraw": ("wwow",),
}
_CLOCK_MS = 30_000
_DEFAULT_ROWS, _MAX_ROWS = 100, 1_000


def ok(data: Any, *, at_ms: int) -> Answer:
    """Return Bitget's envelope around data."""
    document = {"code": "00000", "msg": "success", "requestTime": at_ms, "data": data}
    return json_answer(document)


def error(status: int, code: str, message: str) -> Answer:
    """Return Bitget's error document."""
    document = {"code": code, "msg": message, "requestTime": 0, "data": None}
    return json_answer(document, status=status)


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("ACCESS-KEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as Bitget does."""
    key = _header(call, "KEY", "40001")
    signature = _header(call, "SIGN", "40002")
    stamp = _header(call, "TIMESTAMP", "40003")
    passphrase = _header(call, "PASSPHRASE", "40011")
    if not is_number(stamp):
        raise Refusal(error(400, "40005", "Invalid ACCESS_TIMESTAMP"))
    if abs(int(stamp) - call.now_ms) > _CLOCK_MS:
        raise Refusal(error(400, "40008", "The request's timestamp has expired"))
    account = account_with_key(accounts, key)
    if account is None:
        raise Refusal(_unknown_key())
    if not same(_sign(account, stamp, call), signature):
        raise Refusal(error(400, "40009", "sign signature error"))
    if not same(account.api_passphrase, passphrase):
        raise Refusal(error(400, "40012", "the key or its passphrase is incorrect"))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address())
    return account


def _header(call: Call, name: str, code: str) -> str:
    value = call.headers.get(f"ACCESS-{name}", "")
    if not value:
        raise Refusal(error(400, code, f"ACCESS_{name} cannot be empty"))
    return value


def _sign(account: Account, stamp: str, call: Call) -> str:
    text = f"{stamp}{call.method}{unquote(call.target)}".encode() + call.body
    digest = hmac.new(account.api_secret.encode(), text, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _unknown_key() -> Answer:
    return error(400, "40037", "This Apikey does not exist")


def _wrong_address() -> Answer:
    return error(403, "40018", "Invalid IP for this key")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way Bitget does; it names neither an address nor a wait."""
    del context
    wordings = {
        Fault.BAD_KEY: _unknown_key(),
        Fault.IP_NOT_ALLOWED: _wrong_address(),
        Fault.PERMISSION_DENIED: error(
            403, "40014", "Incorrect permissions, see what the key may do"
        ),
        Fault.RATE_LIMITED: replace(
            error(429, "429", "Too many requests from you"),
            headers={"X-Mbx-Used-Remain-Limit": "0"},
        ),
        Fault.BANNED: html_answer(403, "Access denied: too many requests"),
        Fault.GEO_BLOCKED: html_answer(403, "Not available in your region"),
        Fault.MAINTENANCE: error(503, "40200", "The server is being upgraded"),
    }
    return wordings.get(fault, error(500, "45001", "Unknown error in our system"))


# Market data


def _time(call: Call) -> Answer:
    return ok({"serverTime": str(call.now_ms)}, at_ms=call.now_ms)


def _nothing(call: Call) -> Answer:
    return ok([], at_ms=call.now_ms)  # no contracts, nothing to borrow


def _coins(call: Call) -> Answer:
    return ok([_coin(code) for code in COINS], at_ms=call.now_ms)


def _coin(code: str) -> dict[str, Any]:
    chain = {
        "chain": "BTC" if code == "BTC" else "ERC20",
        "withdrawable": "true",
        "rechargeable": "true",
        "withdrawFee": "0.0005",
        "minDepositAmount": "0.0001",
        "minWithdrawAmount": "0.001",
        "withdrawMinScale": "8",
    }
    return {"coinId": "1", "coin": code, "transfer": "true", "chains": [chain]}


def _symbols(call: Call) -> Answer:
    rows = [_symbol(name, item) for name, item in _LISTED.items()]
    return ok(rows, at_ms=call.now_ms)


def _symbol(name: str, item: Instrument) -> dict[str, str]:
    return {
        "symbol": name,
        "baseCoin": item.base,
        "quoteCoin": item.quote,
        "minTradeAmount": "0",
        "maxTradeAmount": "900000000000000000000",
        "takerFeeRate": "0.002",
        "makerFeeRate": "0.002",
        "pricePrecision": str(item.decimals),
        "quantityPrecision": "6",
        "quotePrecision": "8",
        "status": "online",
        "minTradeUSDT": "1",
    }


def _listed(call: Call) -> tuple[str, Instrument]:
    name = call.params.get("symbol", "")
    if name not in _LISTED:
        raise Refusal(error(400, "40034", f"There is no parameter {name}"))
    return name, _LISTED[name]


def _tickers(call: Call) -> Answer:
    some = [_listed(call)] if "symbol" in call.params else list(_LISTED.items())
    rows = [_ticker(call, name, item) for name, item in some]
    return ok(rows, at_ms=call.now_ms)


def _ticker(call: Call, name: str, item: Instrument) -> dict[str, str]:
    day = call.market.ticker(item.symbol)
    change = float(day.last) / float(day.open) - 1
    return {
        "symbol": name,
        "lastPr": day.last,
        "open": day.open,
        "high24h": day.high,
        "low24h": day.low,
        "bidPr": day.bid,
        "bidSz": "2.5",
        "askPr": day.ask,
        "askSz": "1.5",
        "baseVolume": day.volume,
        "quoteVolume": day.quote_volume,
        "change24h": f"{change:.5f}",
        "ts": str(call.now_ms),
    }


def _candles(call: Call) -> Answer:
    _, item = _listed(call)
    timeframe = _GRANULARITIES.get(call.params.get("granularity", ""))
    if timeframe is None:
        raise Refusal(error(400, "400171", "Unsupported granularity"))
    start, end = _moment(call, "startTime"), _moment(call, "endTime")
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=min(_moment(call, "limit") or _DEFAULT_ROWS, _MAX_ROWS),
        since_ms=start,
        until_ms=None if end is None else end - 1,
        oldest_first=start is not None,
    )
    rows = [
        [
            *(str(b.open_ms), b.open, b.high, b.low, b.close),
            *(b.volume, b.volume, b.volume),
        ]
        for b in bars
    ]
    return ok(rows, at_ms=call.now_ms)


def _moment(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not is_number(text):
        raise Refusal(error(400, "40020", f"Parameter {name} error"))
    return int(text)


# Account


def _unified_settings(_call: Call, _account: Account) -> Answer:
    raise Refusal(error(400, "40084", "This is an account of the classic kind"))


def _key_info(call: Call, account: Account) -> Answer:
    info = {
        "userId": account.account_id,
        "inviterId": None,
        "ips": ",".join(account.ip_allowlist),
        "authorities": [r for p in account.permissions for r in _RIGHTS[p]],
        "parentId": int(account.account_id),
        "traderType": "not_trader",
        "channelCode": "",
        "channel": "",
        "regisTime": "1780000000000",
    }
    return ok(info, at_ms=call.now_ms)


def _assets(call: Call, _account: Account) -> Answer:
    rows = [
        {
            "coin": coin,
            "available": free,
            "frozen": locked,
            "locked": "0",
            "limitAvailable": "0",
            "uTime": str(call.now_ms),
        }
        for coin, free, locked in HOLDINGS
    ]
    return ok(rows, at_ms=call.now_ms)


_API = "GET /api/v2"
_ROUTES: dict[str, Route] = {
    f"{_API}/public/time": OpenRoute(reply=_time),
    f"{_API}/spot/public/coins": OpenRoute(reply=_coins),
    f"{_API}/spot/public/symbols": OpenRoute(reply=_symbols),
    f"{_API}/spot/market/tickers": OpenRoute(reply=_tickers),
    f"{_API}/spot/market/candles": OpenRoute(kind=Kind.CANDLES, reply=_candles),
    f"{_API}/spot/market/history-candles": OpenRoute(kind=Kind.CANDLES, reply=_candles),
    f"{_API}/margin/currencies": OpenRoute(reply=_nothing),
    f"{_API}/mix/market/contracts": OpenRoute(reply=_nothing),
    "GET /api/v3/account/settings": SignedRoute(reply=_unified_settings),
    f"{_API}/spot/account/info": SignedRoute(reply=_key_info),
    f"{_API}/spot/account/assets": SignedRoute(reply=_assets, needs="read"),
}

BITGET = Provider(
    name="bitget",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["bitget"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(404, "40404", "The request URL is not there"),
)
