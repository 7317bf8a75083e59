"""From ccxt's unified answers to our values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.adapters.providers.candles import (
    ROW_FIELDS,
    make_candle,
    malformed,
    to_decimal,
)
from reconciler.adapters.providers.checks import nearest
from reconciler.core.market import Account, Candle, Ticker


def read_candles(rows: Any) -> Sequence[Candle]:
    """Return the bars, oldest first; raises `ProviderError` for what is none."""
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) >= ROW_FIELDS - 1 for row in rows
    ):
        raise malformed("the answer is no list of rows")
    candles = [make_candle(row) for row in rows]
    return sorted(candles, key=lambda candle: candle.opened_at_ms)


def read_ticker(symbol: str, answer: Mapping[str, Any]) -> Ticker:
    """Return the price as ccxt unified it."""
    return Ticker(
        symbol=symbol,
        last=_number(answer.get("last")),
        bid=_number(answer.get("bid")),
        ask=_number(answer.get("ask")),
        at_ms=answer.get("timestamp"),
    )


def read_account(answer: Mapping[str, Any]) -> Account:
    """Return the balances that are not zero."""
    totals = answer.get("total") or {}
    amounts = ((str(code), _number(total)) for code, total in sorted(totals.items()))
    return Account(balances=tuple((c, a) for c, a in amounts if a is not None and a))


def _number(value: Any) -> Decimal | None:
    return None if value is None else to_decimal(value)


def nearest_symbol(symbol: str, markets: Iterable[str]) -> str:
    """Return the market that was probably meant: `BTCUSDT` is `BTC/USDT`."""
    names = list(markets)
    plain = symbol.replace("/", "").replace("-", "").replace("_", "").upper()
    for name in names:
        if name.replace("/", "") == plain:
            return name
    return nearest(symbol.upper(), names)
