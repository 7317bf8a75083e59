"""Binance's public side: listings, clocks, bars and tickers; no key needed.

Futures list one perpetual, so that a client with default options loads.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.candles import INSTRUMENTS, Instrument
from reconciler.sandbox.exchanges.binance_words import error, missing
from reconciler.sandbox.provider import Answer, Call, Refusal, json_answer

LISTED = {
    item.base + item.quote: item
    for item in INSTRUMENTS.values()
    if item.quote in {"USDT", "USDC", "BTC"}
}
_MINUTES_AND_HOURS = "1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h"
_INTERVALS = frozenset([*_MINUTES_AND_HOURS.split(), "1d", "3d", "1w", "1M"])
_MAX_ROWS = 1_000


def time(call: Call) -> Answer:
    """Answer with the server clock."""
    return json_answer({"serverTime": call.now_ms})


def ping(_call: Call) -> Answer:
    """Answer with nothing, to prove that somebody listens."""
    return json_answer({})


def system_status(_call: Call) -> Answer:
    """Answer with that all is well."""
    return json_answer({"status": 0, "msg": "normal"})


def exchange_info(call: Call) -> Answer:
    """Answer with the spot listing."""
    symbols = [_spot_symbol(name, item) for name, item in LISTED.items()]
    return json_answer(_info(call, symbols))


def linear_info(call: Call) -> Answer:
    """Answer with the listing of USD-margined futures."""
    return json_answer({**_info(call, [_perpetual()]), "futuresType": "U_MARGINED"})


def empty_info(call: Call) -> Answer:
    """Answer with a listing with nothing on it."""
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
        raise Refusal(missing("symbol"))
    if name not in LISTED:
        raise Refusal(error(400, -1121, "Invalid symbol."))
    return LISTED[name]


def klines(call: Call) -> Answer:
    """Answer with bars, ascending; with a start time the oldest first."""
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


def ticker_24h(call: Call) -> Answer:
    """Answer with one market's last 24 hours, or all of them."""
    if "symbol" in call.params:
        return json_answer(_ticker_row(call, _instrument(call)))
    return json_answer([_ticker_row(call, item) for item in LISTED.values()])


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


def price(call: Call) -> Answer:
    """Answer with one market's last price."""
    item = _instrument(call)
    last = call.market.ticker(item.symbol).last
    return json_answer({"symbol": item.base + item.quote, "price": last})
