"""Read what a bridge answers in the `v1` shape; what is missing stays missing.

A bridge that leaves out the leverage has not said that it is 100: nothing is
invented here. Times come in seconds from some bridges and in milliseconds from
others; the two cannot be confused for any date after 1973.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.adapters.providers.ladder.candles import (
    make_candle,
    malformed,
    to_decimal,
)
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker

_FIRST_MS = 100_000_000_000
_ACCOUNT_FIELDS = ("balance", "equity", "currency", "server", "leverage", "margin")


def read_account(document: Any) -> Account:
    """Return the account; raises `ProviderError` for what is none."""
    if not isinstance(document, dict):
        raise no_answer("an account")
    fields = document.get("data") if isinstance(document.get("data"), dict) else None
    fields = fields or document
    if not any(fields.get(name) is not None for name in _ACCOUNT_FIELDS):
        raise no_answer("an account")
    leverage = number_of(fields.get("leverage"))
    return Account(
        currency=text_of(fields.get("currency")),
        balance=number_of(fields.get("balance")),
        equity=number_of(fields.get("equity")),
        server=text_of(fields.get("server")),
        leverage=None if leverage is None else int(leverage),
        read_only=flag_of(fields.get("read_only")),
    )


def read_symbols(document: Any) -> tuple[str, ...]:
    """Return the symbols as the account spells them, sorted."""
    rows = document.get("symbols") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise no_answer("a list of symbols")
    names = (row.get("name") if isinstance(row, dict) else row for row in rows)
    return tuple(sorted(name for name in names if isinstance(name, str)))


def read_ticker(symbol: str, document: Any) -> Ticker:
    """Return the quote; a bridge that gives bid and ask only has no last price."""
    if not isinstance(document, dict):
        raise no_answer("a quote")
    ticker = Ticker(
        symbol=symbol,
        last=number_of(document.get("last")) or None,
        bid=number_of(document.get("bid")),
        ask=number_of(document.get("ask")),
        at_ms=_time_ms(document.get("time")) if document.get("time") else None,
    )
    if ticker.last is None and ticker.bid is None and ticker.ask is None:
        raise no_answer("a quote")
    return ticker


def read_candles(document: Any) -> Sequence[Candle]:
    """Return the bars, oldest first: bridges do not promise an order."""
    rows = document.get("data") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise no_answer("a list of bars")
    return sorted(map(_candle, rows), key=lambda candle: candle.opened_at_ms)


def _candle(row: Any) -> Candle:
    if not isinstance(row, dict):
        raise malformed("a row is no bar")
    volume = row.get("tick_volume", row.get("volume"))
    prices = [row.get(name) for name in ("open", "high", "low", "close")]
    return make_candle([_time_ms(row.get("time")), *prices, volume])


def _time_ms(value: Any) -> int:
    try:
        number = to_decimal(value)
        return int(number if number >= _FIRST_MS else number * 1000)
    except (TypeError, ValueError, OverflowError, InvalidOperation):
        raise malformed("a time is not a number") from None


def number_of(value: Any) -> Decimal | None:
    """Return a number, None when it is missing; raises for what is none."""
    if value is None:
        return None
    try:
        number = to_decimal(value)
    except (TypeError, ValueError, InvalidOperation):
        raise malformed("a field is not a number") from None
    if not number.is_finite():
        raise malformed("a field is not a number")
    return number


def text_of(value: Any) -> str | None:
    """Return a text, None when it is missing or empty."""
    return value if isinstance(value, str) and value else None


def flag_of(value: Any) -> bool | None:
    """Return true or false, None for anything else."""
    return value if isinstance(value, bool) else None


def no_answer(what: str) -> ProviderError:
    """Return the error of an answer that is not `what` was asked for."""
    return ProviderError(
        diagnose(Category.BAD_RESPONSE, detail=f"the answer is not {what}")
    )
