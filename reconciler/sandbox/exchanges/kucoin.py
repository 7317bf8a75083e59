"""KuCoin: spot market data and classic accounts, keys of version 2.

Signed endpoints (https://www.kucoin.com/docs-new, read 2026-11-22) take base64 of
HMAC-SHA256 over timestamp + method + path with query + body. The passphrase is
itself signed with the secret when KC-API-KEY-VERSION is 2 or 3. Candles come newest
first, time in seconds, open before close before high before low.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
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

HOSTS = ("api.kucoin.com", "api-futures.kucoin.com", "openapi-v2.kucoin.com")
_LISTED = {
    f"{item.base}-{item.quote}": item
    for item in INSTRUMENTS.values()
    if item.quote in {"USDT", "USDC", "BTC"}
}
_COINS = ("BTC", "ETH", "BNB", "SOL", "XRP", "ADA", "DOGE", "LTC", "USDT", "USDC")
_TYPES = {
    **{f"{n}min": f"{n}m" for n in (1, 3, 5, 15, 30)},
    **{f"{n}hour": f"{n}h" for n in (1, 2, 4, 6, 8, 12)},
    "1day": "1d",
    "1week": "1w",
    "1month": "1M",
}
_PERMISSIONS = {"read": "General", "trade": "Spot", "withdraw": "Withdrawal"}
_CLOCK_MS = 5_000
_ROWS = 1_500


def ok(data: Any) -> Answer:
    """Return KuCoin's envelope around data."""
    return json_answer({"code": "200000", "data": data})


def error(status: int, code: str, message: str) -> Answer:
    """Return KuCoin's error document."""
    return json_answer({"code": code, "msg": message}, status=status)


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("KC-API-KEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as KuCoin does."""
    key, signature, stamp, passphrase = _headers(call)
    if not stamp.isdigit() or abs(int(stamp) - call.now_ms) > _CLOCK_MS:
        raise Refusal(error(400, "400002", "KC-API-TIMESTAMP Invalid"))
    account = account_with_key(accounts, key)
    if account is None:
        raise Refusal(error(401, "400003", "KC-API-KEY not exists"))
    text = f"{stamp}{call.method}{call.target}".encode() + call.body
    if not hmac.compare_digest(_sign(account, text), signature):
        raise Refusal(error(401, "400005", "Invalid KC-API-SIGN"))
    if not hmac.compare_digest(_passphrase(account, call), passphrase):
        raise Refusal(error(401, "400004", "Invalid KC-API-PASSPHRASE"))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address(call.peer_ip))
    return account


def _headers(call: Call) -> tuple[str, str, str, str]:
    names = ("KEY", "SIGN", "TIMESTAMP", "PASSPHRASE")
    values = [call.headers.get(f"KC-API-{name}", "") for name in names]
    if not all(values):
        wanted = ", ".join(f"KC-API-{name}" for name in names)
        message = f"Please check the header of your request for {wanted}"
        raise Refusal(error(400, "400001", message))
    return values[0], values[1], values[2], values[3]


def _passphrase(account: Account, call: Call) -> str:
    if call.headers.get("KC-API-KEY-VERSION", "1") == "1":
        return account.api_passphrase
    return _sign(account, account.api_passphrase.encode())


def _sign(account: Account, text: bytes) -> str:
    digest = hmac.new(account.api_secret.encode(), text, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _wrong_address(ip: str) -> Answer:
    message = f"Invalid request ip, the current clientIp is:{ip}"
    return error(403, "400006", message)


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way KuCoin does; limits come with its gateway headers."""
    gateway = {
        "gw-ratelimit-limit": "2000",
        "gw-ratelimit-remaining": "0",
        "gw-ratelimit-reset": str(context.retry_after_s * 1000),
        "Retry-After": str(context.retry_after_s),
    }
    busy = "Too many requests in a short period of time, please retry later"
    country = (
        "Our services are currently unavailable in the U.S. "
        f"(current ip: {context.ip} and current area: US)"
    )
    wordings = {
        Fault.BAD_KEY: error(401, "400003", "KC-API-KEY not exists"),
        Fault.IP_NOT_ALLOWED: _wrong_address(context.ip),
        Fault.PERMISSION_DENIED: error(
            403, "400007", "Access denied, require more permission"
        ),
        Fault.RATE_LIMITED: replace(error(429, "429000", busy), headers=gateway),
        Fault.BANNED: replace(error(403, "1015", busy), headers=gateway),
        Fault.GEO_BLOCKED: error(403, "400302", country),
        Fault.MAINTENANCE: error(503, "503000", "Service is under maintenance"),
    }
    return wordings.get(fault, html_answer(503, "503 Service Unavailable"))


# Market data


def _time(call: Call) -> Answer:
    return ok(call.now_ms)


def _status(_call: Call) -> Answer:
    return ok({"status": "open", "msg": ""})


def _symbols(_call: Call) -> Answer:
    return ok([_symbol(name, item) for name, item in _LISTED.items()])


def _symbol(name: str, item: Instrument) -> dict[str, Any]:
    return {
        "symbol": name,
        "name": name,
        "baseCurrency": item.base,
        "quoteCurrency": item.quote,
        "feeCurrency": item.quote,
        "market": "USDS" if item.quote != "BTC" else "BTC",
        "baseMinSize": "0.00001",
        "quoteMinSize": "0.1",
        "baseMaxSize": "10000000000",
        "quoteMaxSize": "99999999",
        "baseIncrement": "0.00000001",
        "quoteIncrement": "0.000001",
        "priceIncrement": item.tick,
        "priceLimitRate": "0.1",
        "minFunds": "0.1",
        "isMarginEnabled": item.quote == "USDT",
        "enableTrading": True,
        "feeCategory": 1,
        "makerFeeCoefficient": "1.00",
        "takerFeeCoefficient": "1.00",
        "st": False,
    }


def _currencies(_call: Call) -> Answer:
    return ok([_currency(coin) for coin in _COINS])


def _currency(coin: str) -> dict[str, Any]:
    chain = "btc" if coin == "BTC" else "eth"
    return {
        "currency": coin,
        "name": coin,
        "fullName": coin,
        "precision": 8,
        "isMarginEnabled": True,
        "isDebitEnabled": True,
        "chains": [
            {
                "chainName": chain.upper(),
                "chainId": chain,
                "withdrawalMinSize": "0.001",
                "withdrawalMinFee": "0.0005",
                "isWithdrawEnabled": True,
                "isDepositEnabled": True,
                "confirms": 3,
                "withdrawPrecision": 8,
                "needTag": False,
            }
        ],
    }


def _contracts(_call: Call) -> Answer:
    return ok([])


def _all_tickers(call: Call) -> Answer:
    rows = [_ticker_row(call, name, item) for name, item in _LISTED.items()]
    return ok({"time": int(call.market.now_s * 1000), "ticker": rows})


def _stats(call: Call) -> Answer:
    name, item = _listed(call)
    when = int(call.market.now_s * 1000)
    row = _ticker_row(call, name, item)
    del row["symbolName"]  # in the list of all tickers only
    return ok({"time": when, **row})


def _ticker_row(call: Call, name: str, item: Instrument) -> dict[str, str]:
    day = call.market.ticker(item.symbol)
    change = float(day.last) - float(day.open)
    return {
        "symbol": name,
        "symbolName": name,
        "buy": day.bid,
        "sell": day.ask,
        "changeRate": f"{change / float(day.open):.4f}",
        "changePrice": f"{change:.{item.decimals}f}",
        "high": day.high,
        "low": day.low,
        "vol": day.volume,
        "volValue": day.quote_volume,
        "last": day.last,
        "averagePrice": day.open,
        "takerFeeRate": "0.001",
        "makerFeeRate": "0.001",
        "takerCoefficient": "1",
        "makerCoefficient": "1",
    }


def _listed(call: Call) -> tuple[str, Instrument]:
    name = call.params.get("symbol", "")
    if name not in _LISTED:
        raise Refusal(error(200, "900001", "symbol not exists"))
    return name, _LISTED[name]


def _candles(call: Call) -> Answer:
    _, item = _listed(call)
    timeframe = _TYPES.get(call.params.get("type", ""))
    if timeframe is None:
        raise Refusal(error(200, "400100", "Incorrect candlestick type"))
    start, end = _seconds(call, "startAt"), _seconds(call, "endAt")
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=_ROWS if start else 100,
        since_ms=start * 1000 if start else None,
        until_ms=end * 1000 - 1 if end else None,
    )
    return ok(
        [
            [
                str(bar.open_ms // 1000),
                *(bar.open, bar.close, bar.high, bar.low, bar.volume, bar.volume),
            ]
            for bar in reversed(bars)
        ]
    )


def _seconds(call: Call, name: str) -> int:
    text = call.params.get(name, "0")
    if not text.isdigit():
        raise Refusal(error(200, "400100", f"Param {name} is invalid"))
    return int(text)


# Account


def _mode(_call: Call, _account: Account) -> Answer:
    return ok({"selfAccountMode": "CLASSIC", "unifiedSubAccount": []})


def _high_frequency_opened(_call: Call, _account: Account) -> Answer:
    return ok(False)


def _margin_symbols(call: Call, _account: Account) -> Answer:
    items = [_symbol(n, i) for n, i in _LISTED.items() if i.quote == "USDT"]
    return ok({"timestamp": call.now_ms, "items": items})


def _isolated_symbols(_call: Call, _account: Account) -> Answer:
    return ok(
        [
            {
                "symbol": name,
                "symbolName": name,
                "baseCurrency": item.base,
                "quoteCurrency": item.quote,
                "maxLeverage": 5,
                "tradeEnable": True,
            }
            for name, item in _LISTED.items()
            if item.quote == "USDT"
        ]
    )


def _accounts(call: Call, _account: Account) -> Answer:
    held = (("BTC", "0.25", "0.25", "0"), ("USDT", "13000", "12500", "500"))
    rows = [
        {
            "id": f"sandbox{number}",
            "currency": coin,
            "type": call.params.get("type", "trade"),
            "balance": total,
            "available": free,
            "holds": held_back,
        }
        for number, (coin, total, free, held_back) in enumerate(held, 1)
    ]
    return ok(rows)


def _key_info(_call: Call, account: Account) -> Answer:
    info: dict[str, Any] = {
        "remark": account.name,
        "apiKey": account.api_key,
        "apiVersion": 2,
        "permission": ",".join(_PERMISSIONS[p] for p in account.permissions),
        "createdAt": 1_780_000_000_000,
        "uid": int(account.account_id),
        "isMaster": True,
    }
    if account.ip_allowlist:
        info["ipWhitelist"] = ",".join(account.ip_allowlist)
    return ok(info)


_ROUTES: dict[str, Route] = {
    "GET /api/v1/timestamp": OpenRoute(reply=_time),
    "GET /api/v1/status": OpenRoute(reply=_status),
    "GET /api/v2/symbols": OpenRoute(reply=_symbols),
    "GET /api/v3/currencies": OpenRoute(reply=_currencies),
    "GET /api/v1/contracts/active": OpenRoute(reply=_contracts),
    "GET /api/v1/market/allTickers": OpenRoute(reply=_all_tickers),
    "GET /api/v1/market/stats": OpenRoute(reply=_stats),
    "GET /api/v1/market/candles": OpenRoute(kind=Kind.CANDLES, reply=_candles),
    "GET /api/ua/v1/account/mode": SignedRoute(reply=_mode),
    "GET /api/v1/hf/accounts/opened": SignedRoute(reply=_high_frequency_opened),
    "GET /api/v3/margin/symbols": SignedRoute(reply=_margin_symbols),
    "GET /api/v1/isolated/symbols": SignedRoute(reply=_isolated_symbols),
    "GET /api/v1/accounts": SignedRoute(reply=_accounts, needs="read"),
    "GET /api/v1/user/api-key": SignedRoute(reply=_key_info),
}

KUCOIN = Provider(
    name="kucoin",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["kucoin"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(404, "404", "url path is not found"),
)
