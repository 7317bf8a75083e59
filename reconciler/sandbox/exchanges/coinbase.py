"""Coinbase Advanced Trade: every signed call brings a token signed for it alone.

A token that is wrong in any way is answered with the one bare word Unauthorized, as
is a call from an address that is not allowed: nothing tells which it was. Balances
come twice (https://docs.cdp.coinbase.com, read 2026-11-23): from the trading API, and
from the older one, which ccxt asks and which does not tell what is locked. Limits
count down in X-RateLimit headers. Bars come newest first, times in seconds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.accounts import SANDBOX_ACCOUNTS
from reconciler.sandbox.exchanges.coinbase_tokens import (
    authenticate,
    older_error,
    presented_key,
    unauthorized,
)
from reconciler.sandbox.exchanges.shared import COINS, HOLDINGS, is_number, listed
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
    html_answer,
    json_answer,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.candles import Instrument

HOSTS = ("api.coinbase.com",)
_LISTED = listed("-", "USDT", "USDC", "USD", "EUR")
_GRANULARITIES = {
    "ONE_MINUTE": "1m",
    "FIVE_MINUTE": "5m",
    "FIFTEEN_MINUTE": "15m",
    "THIRTY_MINUTE": "30m",
    "ONE_HOUR": "1h",
    "TWO_HOUR": "2h",
    "SIX_HOUR": "6h",
    "ONE_DAY": "1d",
}
_ROWS = 350


def error(status: int, name: str, message: str) -> Answer:
    """Return the error document of the trading API."""
    document = {"error": name, "error_details": message, "message": message}
    return json_answer(document, status=status)


def refuse(fault: Fault, context: RefusalContext) -> Answer:
    """Word a fault the way Coinbase does."""
    limited = {
        "X-RateLimit-Limit": "30",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(context.retry_after_s),
    }
    wordings = {
        Fault.BAD_KEY: unauthorized(),
        Fault.IP_NOT_ALLOWED: unauthorized(),
        Fault.PERMISSION_DENIED: error(
            403, "PERMISSION_DENIED", "The key lacks a required scope"
        ),
        Fault.RATE_LIMITED: replace(
            older_error(429, "rate_limit_exceeded", "You sent too many requests"),
            headers=limited,
        ),
        Fault.BANNED: replace(
            html_answer(429, "Error 1015: you are being rate limited"), headers=limited
        ),
        Fault.GEO_BLOCKED: html_answer(403, "Coinbase is not available in your region"),
        Fault.MAINTENANCE: html_answer(503, "Scheduled maintenance"),
    }
    return wordings.get(fault, error(500, "INTERNAL", "something went wrong here"))


# Market data


def _time(call: Call) -> Answer:
    return json_answer({"data": {"iso": _iso(call.now_s), "epoch": int(call.now_s)}})


def _trading_time(call: Call) -> Answer:
    return json_answer(
        {
            "iso": _iso(call.now_s),
            "epochSeconds": str(int(call.now_s)),
            "epochMillis": str(call.now_ms),
        }
    )


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _money(_call: Call) -> Answer:
    rows = [{"id": c, "name": c, "min_size": "0.01"} for c in ("USD", "EUR")]
    return json_answer({"data": rows})


def _coins(_call: Call) -> Answer:
    rows = [
        {"asset_id": f"sandbox-{c}", "code": c, "name": c, "exponent": 8} for c in COINS
    ]
    return json_answer({"data": rows})


def _rates(_call: Call) -> Answer:
    return json_answer({"data": {"currency": "USD", "rates": {"USD": "1.0"}}})


def _products(call: Call) -> Answer:
    spot = call.params.get("product_type", "SPOT") == "SPOT"
    some = _LISTED.items() if spot else ()
    rows = [_product(call, name, item) for name, item in some]
    return json_answer({"products": rows, "num_products": len(rows)})


def _product(call: Call, name: str, item: Instrument) -> dict[str, Any]:
    day = call.market.ticker(item.symbol)
    return {
        "product_id": name,
        "price": day.last,
        "volume_24h": day.volume,
        "base_increment": "0.00000001",
        "quote_increment": item.tick,
        "price_increment": item.tick,
        "base_min_size": "0.00000001",
        "base_max_size": "3400",
        "quote_min_size": "1",
        "quote_max_size": "150000000",
        "base_currency_id": item.base,
        "quote_currency_id": item.quote,
        "product_type": "SPOT",
        "status": "online",
        "trading_disabled": False,
        "is_disabled": False,
        "alias": "",
        "alias_to": [],
    }


def _named(call: Call) -> tuple[str, Instrument]:
    """Return the product in a call's path, which holds it after `products`."""
    name = call.path.partition("/products/")[2].partition("/")[0]
    if name not in _LISTED:
        raise Refusal(error(400, "INVALID_ARGUMENT", "unknown product_id"))
    return name, _LISTED[name]


def _one_product(call: Call) -> Answer:
    return json_answer(_product(call, *_named(call)))


def _ticker(call: Call) -> Answer:
    name, item = _named(call)
    day = call.market.ticker(item.symbol)
    trade = {
        "trade_id": "1",
        "product_id": name,
        "price": day.last,
        "size": "0.01",
        "time": _iso(call.market.now_s),
        "side": "BUY",
    }
    document = {"trades": [trade], "best_bid": day.bid, "best_ask": day.ask}
    return json_answer(document)


def _candles(call: Call) -> Answer:
    _, item = _named(call)
    timeframe = _GRANULARITIES.get(call.params.get("granularity", ""))
    if timeframe is None:
        raise Refusal(error(400, "INVALID_ARGUMENT", "unsupported granularity"))
    start, end = (call.params.get(name, "") for name in ("start", "end"))
    if not (is_number(start) and is_number(end)):
        raise Refusal(error(400, "INVALID_ARGUMENT", "start and end are required"))
    bars = call.market.candles(
        item.symbol,
        timeframe,
        limit=_ROWS,
        since_ms=int(start) * 1000,
        until_ms=int(end) * 1000,
    )
    rows = [
        {
            "start": str(bar.open_ms // 1000),
            "low": bar.low,
            "high": bar.high,
            "open": bar.open,
            "close": bar.close,
            "volume": bar.volume,
        }
        for bar in reversed(bars)
    ]
    return json_answer({"candles": rows})


# Account


def _accounts(_call: Call, account: Account) -> Answer:
    rows = [
        {
            "uuid": f"sandbox-{account.account_id}-{coin}",
            "name": f"{coin} Wallet",
            "currency": coin,
            "available_balance": {"value": free, "currency": coin},
            "hold": {"value": locked, "currency": coin},
            "type": "ACCOUNT_TYPE_CRYPTO",
            "active": True,
            "ready": True,
        }
        for coin, free, locked in HOLDINGS
    ]
    document = {"accounts": rows, "has_next": False, "cursor": "", "size": len(rows)}
    return json_answer(document)


def _wallets(_call: Call, account: Account) -> Answer:
    rows = [
        {
            "id": f"sandbox-{account.account_id}-{coin}",
            "name": f"{coin} Wallet",
            "primary": False,
            "type": "wallet",
            "currency": {"code": coin, "name": coin, "exponent": 8},
            "balance": {"amount": str(float(free) + float(locked)), "currency": coin},
        }
        for coin, free, locked in HOLDINGS
    ]
    return json_answer({"pagination": {"limit": 250, "next_uri": None}, "data": rows})


def _fees(_call: Call, _account: Account) -> Answer:
    tier = {"taker_fee_rate": "0.006", "maker_fee_rate": "0.004"}
    return json_answer({"total_volume": 0, "total_fees": 0, "fee_tier": tier})


def _key_permissions(_call: Call, account: Account) -> Answer:
    return json_answer(
        {
            "can_view": account.may("read"),
            "can_trade": account.may("trade"),
            "can_transfer": account.may("withdraw"),
            "portfolio_uuid": f"sandbox-{account.account_id}",
            "portfolio_type": "DEFAULT",
        }
    )


_TRADING = "/api/v3/brokerage"
_ROUTES: dict[str, Route] = {
    "/v2/time": OpenRoute(reply=_time),
    "/v2/currencies": OpenRoute(reply=_money),
    "/v2/currencies/crypto": OpenRoute(reply=_coins),
    "/v2/exchange-rates": OpenRoute(reply=_rates),
    "/v2/accounts": SignedRoute(reply=_wallets, needs="read"),
    f"{_TRADING}/time": OpenRoute(reply=_trading_time),
    f"{_TRADING}/market/products": OpenRoute(reply=_products),
    f"{_TRADING}/key_permissions": SignedRoute(reply=_key_permissions),
    f"{_TRADING}/accounts": SignedRoute(reply=_accounts, needs="read"),
    f"{_TRADING}/transaction_summary": SignedRoute(reply=_fees, needs="read"),
}
_OF_A_PRODUCT: dict[str, Route] = {
    "": OpenRoute(reply=_one_product),
    "ticker": OpenRoute(reply=_ticker),
    "candles": OpenRoute(kind=Kind.CANDLES, reply=_candles),
}


def _find_route(method: str, path: str) -> Route | None:
    if method != "GET":
        return None
    start = f"{_TRADING}/market/products/"
    if path.startswith(start):
        return _OF_A_PRODUCT.get(path.removeprefix(start).partition("/")[2])
    return _ROUTES.get(path)


COINBASE = Provider(
    name="coinbase",
    hosts=HOSTS,
    accounts=SANDBOX_ACCOUNTS["coinbase"],
    find_route=_find_route,
    presented_key=presented_key,
    authenticate=authenticate,
    refuse=refuse,
    not_found=older_error(404, "not_found", "there is nothing here"),
)
