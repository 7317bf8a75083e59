"""Find the rows in a feed's answer and make candles of them.

JMESPath only finds the list; the columns are picked here, which is thirty times
faster and cannot flatten rows by accident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from reconciler.adapters.providers.ladder.candles import (
    make_candle,
    malformed,
    to_decimal,
)
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker

_MS_PER_UNIT = {
    "s": Decimal(1000),
    "ms": Decimal(1),
    "us": Decimal("0.001"),
    "ns": Decimal("0.000001"),
}
_NAMES = ("timestamp", "open", "high", "low", "close")


def find(expression: str, document: Any, *, name: str) -> Any:
    """Return what a JMESPath expression finds, None for nothing.

    Raises `ProviderError` when the expression itself is wrong.
    """
    try:
        return jmespath.search(expression, document)
    except JMESPathError as error:
        raise ProviderError(
            diagnose(
                Category.BAD_REQUEST,
                detail=f"config.{name} is no JMESPath expression that fits",
                fix=f"correct config.{name}",
                evidence={"message": str(error).splitlines()[0]},
            )
        ) from None


def read_candles(document: Any, ohlcv: Mapping[str, Any]) -> Sequence[Candle]:
    """Return the bars, oldest first; raises `ProviderError` for what is none."""
    rows = find(ohlcv["rows"], document, name="ohlcv.rows")
    if not isinstance(rows, list):
        raise malformed("no list of rows where config.ohlcv.rows points")
    columns, unit = ohlcv["columns"], ohlcv["timestamp_unit"]
    candles = [_candle(row, columns, unit) for row in rows]
    return _in_order(candles, ohlcv["order"])


def read_symbols(document: Any, symbols: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the symbols' names, sorted."""
    rows = find(symbols["rows"], document, name="symbols.rows")
    if not isinstance(rows, list):
        raise _no("a list of symbols")
    field = symbols.get("name", "symbol")
    names = (row.get(field) if isinstance(row, dict) else row for row in rows)
    return tuple(sorted(name for name in names if isinstance(name, str)))


def read_ticker(symbol: str, document: Any, ticker: Mapping[str, Any]) -> Ticker:
    """Return the price; raises `ProviderError` when there is none."""
    at = find(ticker["time"], document, name="ticker.time")
    numbers = {
        name: _number(find(ticker[name], document, name=f"ticker.{name}"))
        for name in ("last", "bid", "ask")
    }
    if not any(numbers.values()):
        raise _no("a price")
    at_ms = at if isinstance(at, int) and not isinstance(at, bool) else None
    return Ticker(symbol=symbol, at_ms=at_ms, **numbers)


def read_account(document: Any, account: Mapping[str, Any]) -> Account:
    """Return what the feed says of the account; raises when it says nothing."""
    found = {
        name: find(account[name], document, name=f"account.{name}")
        for name in ("balance", "equity", "currency", "server", "leverage")
    }
    if not isinstance(document, dict):
        raise _no("an account")
    leverage = _number(found["leverage"])
    return Account(
        balance=_number(found["balance"]),
        equity=_number(found["equity"]),
        currency=_text(found["currency"]),
        server=_text(found["server"]),
        leverage=None if leverage is None else int(leverage),
    )


def _candle(row: Any, columns: Mapping[str, Any], unit: str) -> Candle:
    if not isinstance(row, list | dict):
        raise malformed("a row is neither a list nor a mapping")
    try:
        at, *prices = (row[columns[name]] for name in _NAMES)
    except (KeyError, IndexError, TypeError):
        raise malformed("a row lacks a column of config.ohlcv.columns") from None
    volume = columns.get("volume")
    try:
        prices.append(None if volume is None else row[volume])
    except (KeyError, IndexError):
        prices.append(None)
    return make_candle([_time_ms(at, unit), *prices])


def _time_ms(value: Any, unit: str) -> int:
    try:
        if unit == "iso8601":
            return _iso_ms(value)
        return int(to_decimal(value) * _MS_PER_UNIT[unit])
    except (TypeError, ValueError, InvalidOperation, OverflowError):
        raise malformed(f"a time is not in the unit '{unit}'") from None


def _iso_ms(value: Any) -> int:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    at = datetime.fromisoformat(value)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return int(at.timestamp() * 1000)


def _in_order(candles: list[Candle], order: str) -> Sequence[Candle]:
    if order == "any":
        return sorted(candles, key=lambda candle: candle.opened_at_ms)
    if order == "desc":
        candles.reverse()
    if any(a.opened_at_ms > b.opened_at_ms for a, b in pairwise(candles)):
        raise malformed(f"the rows are not in the order '{order}' of config.ohlcv")
    return candles


def _number(value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        return to_decimal(value)
    except (TypeError, ValueError, InvalidOperation):
        raise malformed("a field is not a number") from None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _no(what: str) -> ProviderError:
    return ProviderError(
        diagnose(Category.BAD_RESPONSE, detail=f"the answer is not {what}")
    )
