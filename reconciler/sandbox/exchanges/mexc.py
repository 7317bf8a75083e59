"""MEXC: the calls of Binance, with codes and words of its own.

Signed calls (https://mexcdevelop.github.io/apidocs/spot_v3_en, read 2026-11-23) take
HMAC-SHA256 in hex over the query as sent, as the last parameter `signature`; the key
travels in X-MEXC-APIKEY. What a key may do is told by `apiKeyInfo`
(https://www.mexc.com/api-docs/spot-v3/spot-account-trade/query-api-key-info).
Bars are ascending, and at most 500.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

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
    table,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.candles import Instrument

HOSTS = ("api.mexc.com", "contract.mexc.com", "futures.mexc.com")
_LISTED = listed("", "USDT", "USDC", "BTC")
_INTERVALS = {
    **{f"{n}m": f"{n}m" for n in (1, 5, 15, 30)},
    "60m": "1h",
    "4h": "4h",
    "1d": "1d",
    "1W": "1w",
    "1M": "1M",
}
_WINDOW_MS, _LEAD_MS = 5_000, 1_000
_ROWS = 500


def error(status: int, code: int, message: str) -> Answer:
    """Return MEXC's error document."""
    return json_answer({"code": code, "msg": message}, status=status)


# Reading keys and signatures


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    return call.headers.get("X-MEXC-APIKEY")


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as MEXC does."""
    account = account_with_key(accounts, presented_key(call))
    if account is None:
        raise Refusal(_unknown_key())
    sent, mark, signature = call.query_string.rpartition("&signature=")
    if not mark:
        raise Refusal(error(400, 700004, "Mandatory parameter 'signature' is missing"))
    _check_time(dict(parse_qsl(sent)), call.now_ms)
    if not same(signed_hex(account.api_secret, sent), signature):
        raise Refusal(error(400, 700002, "Signature for this request is not valid."))
    if not account.admits(call.peer_ip):
        raise Refusal(_wrong_address(call.peer_ip))
    return account


def _check_time(params: dict[str, str], now_ms: int) -> None:
    stamp, window = params.get("timestamp", ""), params.get("recvWindow", "")
    allowed = int(window) if is_number(window) else _WINDOW_MS
    if is_number(stamp) and now_ms - allowed <= int(stamp) <= now_ms + _LEAD_MS:
        return
    message = "The timestamp of this request lies outside of the recvWindow."
    raise Refusal(error(400, 700003, message))


def _unknown_key() -> Answer:
    return error(400, 10072, "Api key info invalid, nobody has it")


def _wrong_address(ip: str) -> Answer:
    return error(403, 700006, f"IP [{ip}] is not in the key's ip white list")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way MEXC does."""
    wait = {"Retry-After": str(context.retry_after_s)}
    wordings = {
        Fault.BAD_KEY: _unknown_key(),
        Fault.IP_NOT_ALLOWED: _wrong_address(context.ip),
        Fault.PERMISSION_DENIED: error(
            403, 700007, "No permission to access the endpoint."
        ),
        Fault.RATE_LIMITED: replace(
            error(429, 429, "Too many requests from you"), headers=wait
        ),
        Fault.BANNED: html_answer(403, "Access denied: too many requests"),
        Fault.GEO_BLOCKED: html_answer(403, "Not available in your region"),
        Fault.MAINTENANCE: html_answer(503, "Scheduled maintenance"),
    }
    return wordings.get(fault, error(500, 500, "Internal system error"))


# Market data


def _ping(_call: Call) -> Answer:
    return json_answer({})


def _time(call: Call) -> Answer:
    return json_answer({"serverTime": call.now_ms})


def _no_contracts(_call: Call) -> Answer:
    return json_answer({"success": True, "code": 0, "data": []})


def _exchange_info(call: Call) -> Answer:
    rows = [_symbol(name, item) for name, item in _LISTED.items()]
    document = {"timezone": "CST", "serverTime": call.now_ms, "symbols": rows}
    return json_answer(document)


def _symbol(name: str, item: Instrument) -> dict[str, Any]:
    return {
        "symbol": name,
        "status": "1",
        "baseAsset": item.base,
        "baseAssetPrecision": 8,
        "quoteAsset": item.quote,
        "quotePrecision": item.decimals,
        "quoteAssetPrecision": item.decimals,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "quoteAmountPrecision": "1",
        "baseSizePrecision": "0.00001",
        "permissions": ["SPOT"],
        "maxQuoteAmount": "2000000",
        "makerCommission": "0",
        "takerCommission": "0.0005",
    }


def _listed(call: Call) -> tuple[str, Instrument]:
    name = call.params.get("symbol", "")
    if name not in _LISTED:
        raise Refusal(error(400, 10007, "bad symbol"))
    return name, _LISTED[name]


def _ticker(call: Call) -> Answer:
    if "symbol" in call.params:
        return json_answer(_ticker_row(call, *_listed(call)))
    return json_answer([_ticker_row(call, n, item) for n, item in _LISTED.items()])


def _ticker_row(call: Call, name: str, item: Instrument) -> dict[str, Any]:
    day = call.market.ticker(item.symbol)
    change = float(day.last) - float(day.open)
    return {
        "symbol": name,
        "priceChange": f"{change:.{item.decimals}f}",
        "priceChangePercent": f"{change / float(day.open):.6f}",
        "prevClosePrice": day.open,
        "lastPrice": day.last,
        "bidPrice": day.bid,
        "bidQty": "2.5",
        "askPrice": day.ask,
        "askQty": "1.5",
        "openPrice": day.open,
        "highPrice": day.high,
        "lowPrice": day.low,
        "volume": day.volume,
        "quoteVolume": day.quote_volume,
        "openTime": call.now_ms - 86_400_000,
        "closeTime": call.now_ms,
    }


def _klines(call: Call) -> Answer:
    _, item = _listed(call)
    timeframe = _INTERVALS.get(call.params.get("interval", ""))
    if timeframe is None:
        raise Refusal(error(400, -1121, "Invalid interval."))
    start = _moment(call, "startTime")
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=min(_moment(call, "limit") or _ROWS, _ROWS),
        since_ms=start,
        until_ms=_moment(call, "endTime"),
        oldest_first=start is not None,
    )
    return json_answer(
        [
            [
                *(b.open_ms, b.open, b.high, b.low, b.close),
                *(b.volume, b.close_ms, b.volume),
            ]
            for b in bars
        ]
    )


def _moment(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not is_number(text):
        raise Refusal(error(400, 33333, f"Parameter error: {name}"))
    return int(text)


# Account


def _account(call: Call, account: Account) -> Answer:
    rows = [{"asset": c, "free": f, "locked": k} for c, f, k in HOLDINGS]
    return json_answer(
        {
            "canTrade": account.may("trade"),
            "canWithdraw": account.may("withdraw"),
            "canDeposit": True,
            "updateTime": call.now_ms,
            "accountType": "SPOT",
            "balances": rows,
            "permissions": ["SPOT"],
        }
    )


_RIGHTS = {
    "read": ("SPOT_ACCOUNT_READ", "SPOT_DEAL_READ"),
    "trade": ("SPOT_DEAL_WRITE",),
    "withdraw": ("SPOT_WITHDRAW_WRITE",),
}


def _key_info(call: Call, account: Account) -> Answer:
    if call.params.get("accessKey") != account.api_key:
        raise Refusal(error(400, 700004, "Mandatory parameter 'accessKey' is missing"))
    words = [word for right in account.permissions for word in _RIGHTS.get(right, ())]
    return json_answer(
        {
            "note": account.name,
            "accessKey": account.api_key,
            "createTime": "2026-09-14T18:53:36.000+00:00",
            "permissions": ",".join(words),
            "remainingValidity": 82,
            "ipWhiteList": ",".join(account.ip_allowlist),
            "status": "VALID",
        }
    )


def _coins(_call: Call, _account: Account) -> Answer:
    rows = [
        {"coin": code, "name": code, "networkList": [_network(code)]} for code in COINS
    ]
    return json_answer(rows)


def _network(code: str) -> dict[str, Any]:
    return {
        "coin": code,
        "network": "Bitcoin(BTC)" if code == "BTC" else "Ethereum(ERC20)",
        "netWork": "BTC" if code == "BTC" else "ETH",
        "depositEnable": True,
        "withdrawEnable": True,
        "withdrawFee": "0.0005",
        "withdrawMin": "0.001",
        "withdrawMax": "1000",
        "contract": "",
    }


_ROUTES: dict[str, Route] = {
    "GET /api/v3/ping": OpenRoute(reply=_ping),
    "GET /api/v3/time": OpenRoute(reply=_time),
    "GET /api/v3/exchangeInfo": OpenRoute(reply=_exchange_info),
    "GET /api/v3/ticker/24hr": OpenRoute(reply=_ticker),
    "GET /api/v3/klines": OpenRoute(kind=Kind.CANDLES, reply=_klines),
    "GET /api/v1/contract/detail": OpenRoute(reply=_no_contracts),
    "GET /api/v3/account": SignedRoute(reply=_account, needs="read"),
    "GET /api/v3/apiKeyInfo": SignedRoute(reply=_key_info, needs="read"),
    "GET /api/v3/capital/config/getall": SignedRoute(reply=_coins, needs="read"),
}

MEXC = Provider(
    name="mexc",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["mexc"],
    find_route=table(_ROUTES),
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=error(404, 404, "there is no such call"),
)
