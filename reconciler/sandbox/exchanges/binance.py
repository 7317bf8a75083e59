"""Binance: spot with signed account and wallet endpoints, and a token of futures.

Signed endpoints (https://developers.binance.com, read 2026-11-22) take HMAC-SHA256
of query plus body exactly as sent, hex, as the last parameter `signature`; the key
travels in X-MBX-APIKEY. The testnet is another company as far as keys go: a live
key is unknown there. Futures list one perpetual so that default clients load.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.candles import INSTRUMENTS, Instrument
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.provider import (
    Answer,
    Call,
    Kind,
    Provider,
    Refusal,
    RefusalContext,
    Route,
    account_with_key,
    html_answer,
    json_answer,
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
_LISTED = {
    item.base + item.quote: item
    for item in INSTRUMENTS.values()
    if item.quote in {"USDT", "USDC", "BTC"}
}
_COINS = ("BTC", "ETH", "BNB", "SOL", "XRP", "ADA", "DOGE", "LTC", "USDT", "USDC")
_MINUTES_AND_HOURS = "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h"
_INTERVALS = frozenset([*_MINUTES_AND_HOURS.split(), "1d", "3d", "1w", "1M"])
_RECV_WINDOW_MS = 5_000
_MAX_ROWS = 1_000


def error(status: int, code: int, message: str) -> Answer:
    """Return Binance's error document."""
    return json_answer({"code": code, "msg": message}, status=status)


# Reading keys and signatures


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
        raise Refusal(_not_for_you())
    return account


def _signed_part(call: Call) -> tuple[str, str]:
    sent = call.query_string + call.body.decode("utf-8", "replace")
    text, mark, signature = sent.rpartition("&signature=")
    if not mark:
        raise Refusal(_missing("signature"))
    return text, signature


def _check_time(params: dict[str, str], now_ms: int) -> None:
    stamp = params.get("timestamp", "")
    if not stamp.isdigit():
        raise Refusal(_missing("timestamp"))
    window = params.get("recvWindow", "")
    allowed = int(window) if window.isdigit() else _RECV_WINDOW_MS
    if int(stamp) > now_ms + 1_000:
        message = "Timestamp for this request was 1000ms ahead of the server's time."
        raise Refusal(error(400, -1021, message))
    if now_ms - int(stamp) > allowed:
        message = "Timestamp for this request is outside of the recvWindow."
        raise Refusal(error(400, -1021, message))


def _missing(name: str) -> Answer:
    message = (
        f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )
    return error(400, -1102, message)


def _not_for_you() -> Answer:
    return error(401, -2015, "Invalid API-key, IP, or permissions for action.")


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way Binance does; a ban names the time it ends."""
    unavailable = html_answer(503, "503 Service Temporarily Unavailable")
    return _wordings(context).get(fault, unavailable)


def _wordings(context: RefusalContext) -> dict[Fault, Answer]:
    wait = {"Retry-After": str(context.retry_after_s)}
    until = int((context.now_s + context.retry_after_s) * 1000)
    heavy = "Too much request weight used; current limit is 6000 per 1 MINUTE."
    banned = f"Way too much request weight used; IP banned until {until}."
    restricted = (
        "Service unavailable from a restricted location according to "
        "'b. Eligibility' in https://www.binance.com/en/terms."
    )
    return {
        Fault.BAD_KEY: error(401, -2008, "Invalid Api-Key ID."),
        Fault.IP_NOT_ALLOWED: _not_for_you(),
        Fault.PERMISSION_DENIED: _not_for_you(),
        Fault.RATE_LIMITED: replace(error(429, -1003, heavy), headers=wait),
        Fault.BANNED: replace(error(418, -1003, banned), headers=wait),
        Fault.GEO_BLOCKED: error(451, 0, restricted),
        Fault.MAINTENANCE: error(503, 1, "System is under maintenance."),
    }


# Market data


def _time(call: Call, _account: Account | None) -> Answer:
    return json_answer({"serverTime": call.now_ms})


def _ping(_call: Call, _account: Account | None) -> Answer:
    return json_answer({})


def _system_status(_call: Call, _account: Account | None) -> Answer:
    return json_answer({"status": 0, "msg": "normal"})


def _exchange_info(call: Call, _account: Account | None) -> Answer:
    symbols = [_spot_symbol(name, item) for name, item in _LISTED.items()]
    return json_answer(_info(call, symbols))


def _linear_info(call: Call, _account: Account | None) -> Answer:
    return json_answer({**_info(call, [_perpetual()]), "futuresType": "U_MARGINED"})


def _empty_info(call: Call, _account: Account | None) -> Answer:
    return json_answer({**_info(call, []), "optionSymbols": []})


def _info(call: Call, symbols: list[dict[str, Any]]) -> dict[str, Any]:
    limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE"}
    return {
        "timezone": "UTC",
        "serverTime": call.now_ms,
        "rateLimits": [{**limit, "intervalNum": 1, "limit": 6000}],
        "exchangeFilters": [],
        "symbols": symbols,
    }


def _spot_symbol(name: str, item: Instrument) -> dict[str, Any]:
    return {
        "symbol": name,
        "status": "TRADING",
        "baseAsset": item.base,
        "baseAssetPrecision": 8,
        "quoteAsset": item.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": item.quote == "USDT",
        "filters": _filters(item, "0.00001"),
        "permissions": [],
        "permissionSets": [["SPOT"]],
    }


def _perpetual() -> dict[str, Any]:
    item = INSTRUMENTS["BTC/USDT"]
    return {
        "symbol": "BTCUSDT",
        "pair": "BTCUSDT",
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000,
        "onboardDate": 1_569_398_400_000,
        "status": "TRADING",
        "baseAsset": item.base,
        "quoteAsset": item.quote,
        "marginAsset": item.quote,
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "filters": _filters(item, "0.001"),
        "orderTypes": ["LIMIT", "MARKET"],
    }


def _filters(item: Instrument, step: str) -> list[dict[str, Any]]:
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": item.tick,
            "maxPrice": "1000000.00",
            "tickSize": item.tick,
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": step,
            "maxQty": "9000.00000",
            "stepSize": step,
        },
        {"filterType": "NOTIONAL", "minNotional": "5.00", "maxNotional": "9000000.00"},
    ]


def _instrument(call: Call) -> Instrument:
    name = call.params.get("symbol", "")
    if not name:
        raise Refusal(_missing("symbol"))
    if name not in _LISTED:
        raise Refusal(error(400, -1121, "Invalid symbol."))
    return _LISTED[name]


def _klines(call: Call, _account: Account | None) -> Answer:
    item, interval = _instrument(call), call.params.get("interval", "")
    if interval not in _INTERVALS:
        raise Refusal(error(400, -1120, "Invalid interval."))
    since, until = _number(call, "startTime"), _number(call, "endTime")
    rows = call.market.candles(
        item.symbol,
        interval,
        limit=min(_number(call, "limit") or 500, _MAX_ROWS),
        since_ms=since,
        until_ms=until,
        oldest_first=since is not None,
    )
    return json_answer(
        [
            [
                bar.open_ms,
                *(bar.open, bar.high, bar.low, bar.close, bar.volume),
                bar.close_ms,
                *("0.00000000", 308, "0.00000000", "0.00000000", "0"),
            ]
            for bar in rows
        ]
    )


def _number(call: Call, name: str) -> int | None:
    text = call.params.get(name)
    if text is None:
        return None
    if not text.isdigit():
        message = f"Illegal characters found in parameter '{name}'."
        raise Refusal(error(400, -1100, message))
    return int(text)


def _ticker_24h(call: Call, _account: Account | None) -> Answer:
    if "symbol" in call.params:
        return json_answer(_ticker_row(call, _instrument(call)))
    return json_answer([_ticker_row(call, item) for item in _LISTED.values()])


def _ticker_row(call: Call, item: Instrument) -> dict[str, Any]:
    day = call.market.ticker(item.symbol)
    change = float(day.last) - float(day.open)
    return {
        "symbol": item.base + item.quote,
        "priceChange": f"{change:.8f}",
        "priceChangePercent": f"{100 * change / float(day.open):.3f}",
        "weightedAvgPrice": day.last,
        "prevClosePrice": day.open,
        "lastPrice": day.last,
        "lastQty": "0.01000000",
        "bidPrice": day.bid,
        "bidQty": "1.20000000",
        "askPrice": day.ask,
        "askQty": "0.80000000",
        "openPrice": day.open,
        "highPrice": day.high,
        "lowPrice": day.low,
        "volume": day.volume,
        "quoteVolume": day.quote_volume,
        "openTime": call.now_ms - 86_400_000,
        "closeTime": call.now_ms,
        "firstId": 1,
        "lastId": 40_000,
        "count": 40_000,
    }


def _price(call: Call, _account: Account | None) -> Answer:
    item = _instrument(call)
    last = call.market.ticker(item.symbol).last
    return json_answer({"symbol": item.base + item.quote, "price": last})


# Account and wallet


def _account_info(call: Call, account: Account | None) -> Answer:
    trader = account is not None and account.may("trade")
    return json_answer(
        {
            "makerCommission": 10,
            "takerCommission": 10,
            "buyerCommission": 0,
            "sellerCommission": 0,
            "canTrade": trader,
            "canWithdraw": account is not None and account.may("withdraw"),
            "canDeposit": True,
            "updateTime": call.now_ms,
            "accountType": "SPOT",
            "balances": [
                {"asset": "BTC", "free": "0.25000000", "locked": "0.00000000"},
                {"asset": "USDT", "free": "12500.00000000", "locked": "500.00000000"},
            ],
            "permissions": ["SPOT"],
            "uid": int(account.account_id) if account else 0,
        }
    )


def _restrictions(_call: Call, account: Account | None) -> Answer:
    if account is None:
        return _not_for_you()
    trades, withdraws = account.may("trade"), account.may("withdraw")
    return json_answer(
        {
            "ipRestrict": bool(account.ip_allowlist),
            "createTime": 1_780_000_000_000,
            "enableReading": account.may("read"),
            "enableWithdrawals": withdraws,
            "enableInternalTransfer": withdraws,
            "permitsUniversalTransfer": False,
            "enableSpotAndMarginTrading": trades,
            "enableMargin": False,
            "enableFutures": False,
            "enableVanillaOptions": False,
            "enablePortfolioMarginTrading": False,
        }
    )


def _coins(_call: Call, _account: Account | None) -> Answer:
    return json_answer([_coin(code) for code in _COINS])


def _coin(code: str) -> dict[str, Any]:
    network = {
        "network": "ETH" if code != "BTC" else "BTC",
        "coin": code,
        "name": f"sandbox chain for {code}",
        "isDefault": True,
        "depositEnable": True,
        "withdrawEnable": True,
        "withdrawFee": "0.001",
        "withdrawMin": "0.01",
        "withdrawMax": "1000000",
        "withdrawIntegerMultiple": "0.00000001",
        "minConfirm": 12,
    }
    return {
        "coin": code,
        "name": code,
        "depositAllEnable": True,
        "withdrawAllEnable": True,
        "free": "0",
        "locked": "0",
        "isLegalMoney": False,
        "trading": True,
        "networkList": [network],
    }


def _margin_pairs(_call: Call, _account: Account | None) -> Answer:
    return json_answer(
        [
            {
                "symbol": name,
                "base": item.base,
                "quote": item.quote,
                "isMarginTrade": True,
                "isBuyAllowed": True,
                "isSellAllowed": True,
            }
            for name, item in _LISTED.items()
            if item.quote == "USDT"
        ]
    )


_FUTURES = {
    "GET /fapi/v1/ping": Route(kind=Kind.PUBLIC, reply=_ping),
    "GET /fapi/v1/time": Route(kind=Kind.PUBLIC, reply=_time),
    "GET /fapi/v1/exchangeInfo": Route(kind=Kind.PUBLIC, reply=_linear_info),
    "GET /fapi/v1/klines": Route(kind=Kind.CANDLES, reply=_klines),
    "GET /dapi/v1/ping": Route(kind=Kind.PUBLIC, reply=_ping),
    "GET /dapi/v1/time": Route(kind=Kind.PUBLIC, reply=_time),
    "GET /dapi/v1/exchangeInfo": Route(kind=Kind.PUBLIC, reply=_empty_info),
    "GET /eapi/v1/exchangeInfo": Route(kind=Kind.PUBLIC, reply=_empty_info),
}
_SPOT = {
    "GET /api/v3/ping": Route(kind=Kind.PUBLIC, reply=_ping),
    "GET /api/v3/time": Route(kind=Kind.PUBLIC, reply=_time),
    "GET /api/v3/exchangeInfo": Route(kind=Kind.PUBLIC, reply=_exchange_info),
    "GET /api/v3/klines": Route(kind=Kind.CANDLES, reply=_klines),
    "GET /api/v3/ticker/24hr": Route(kind=Kind.PUBLIC, reply=_ticker_24h),
    "GET /api/v3/ticker/price": Route(kind=Kind.PUBLIC, reply=_price),
    "GET /api/v3/account": Route(kind=Kind.PRIVATE, reply=_account_info, needs="read"),
}
_WALLET = {
    "GET /sapi/v1/system/status": Route(kind=Kind.PUBLIC, reply=_system_status),
    "GET /sapi/v1/account/apiRestrictions": Route(
        kind=Kind.PRIVATE, reply=_restrictions
    ),
    "GET /sapi/v1/capital/config/getall": Route(
        kind=Kind.PRIVATE, reply=_coins, needs="read"
    ),
    "GET /sapi/v1/margin/allPairs": Route(kind=Kind.PRIVATE, reply=_margin_pairs),
    "GET /sapi/v1/margin/isolated/allPairs": Route(
        kind=Kind.PRIVATE, reply=_margin_pairs
    ),
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
