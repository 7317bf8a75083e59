"""Read what a bridge answers in the native dialect; times are the broker's.

A time has no zone in it: it is the broker's server's, two or three hours ahead of
UTC at most brokers. `offset` says how far; None takes it as UTC. A field that is
missing stays missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.adapters.providers.ladder.candles import make_candle, malformed
from reconciler.adapters.providers.metatrader.zones import (
    utc_offset_of,
)
from reconciler.adapters.providers.mtapi.rows import (
    flag_of,
    no_answer,
    number_of,
    text_of,
)
from reconciler.core.market import Account, Candle, Ticker

_ZONE_FIELDS = ("timezone", "timeZone", "serverTimezone", "serverTimeZone")
_FIRST_YEAR, _LAST_YEAR = 1971, 2999


def read_summary(document: Any, details: Any) -> Account:
    """Return the account of AccountSummary, with the server of AccountDetails."""
    if not isinstance(document, dict) or document.get("balance") is None:
        raise no_answer("an account")
    leverage = number_of(document.get("leverage"))
    known = details if isinstance(details, dict) else {}
    return Account(
        currency=text_of(document.get("currency")),
        balance=number_of(document.get("balance")),
        equity=number_of(document.get("equity")),
        server=text_of(known.get("serverName")),
        leverage=None if leverage is None else int(leverage),
        read_only=flag_of(document.get("isInvestor")),
    )


def read_offset(details: Any) -> timedelta | None:
    """Return the server's offset from UTC, None when the bridge does not tell it."""
    if not isinstance(details, dict):
        return None
    offsets = (utc_offset_of(details.get(name)) for name in _ZONE_FIELDS)
    return next((offset for offset in offsets if offset is not None), None)


def read_names(document: Any) -> tuple[str, ...]:
    """Return the symbols of SymbolList (names) or Symbols (an object by name)."""
    rows = list(document) if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise no_answer("a list of symbols")
    return tuple(sorted(name for name in rows if isinstance(name, str) and name))


def read_quote(symbol: str, document: Any, offset: timedelta | None) -> Ticker:
    """Return the quote; its time is left out when the server's zone is unknown."""
    if not isinstance(document, dict):
        raise no_answer("a quote")
    at = document.get("time")
    ticker = Ticker(
        symbol=symbol,
        last=number_of(document.get("last")) or None,
        bid=number_of(document.get("bid")),
        ask=number_of(document.get("ask")),
        at_ms=None if offset is None or not at else to_ms(at, offset),
    )
    if ticker.last is None and ticker.bid is None and ticker.ask is None:
        raise no_answer("a quote")
    return ticker


def read_bars(document: Any, offset: timedelta | None) -> Sequence[Candle]:
    """Return the bars, oldest first: no order is promised."""
    if not isinstance(document, list):
        raise no_answer("a list of bars")
    bars = [_bar(row, offset or timedelta()) for row in document]
    return sorted(bars, key=lambda bar: bar.opened_at_ms)


def _bar(row: Any, offset: timedelta) -> Candle:
    if not isinstance(row, dict):
        raise malformed("a row is no bar")
    # MT5 says openPrice and tickVolume, MT4 open and volume.
    prices = [
        row.get(f"{name}Price", row.get(name))
        for name in ("open", "high", "low", "close")
    ]
    volume = row.get("tickVolume", row.get("volume"))
    return make_candle([to_ms(row.get("time"), offset), *prices, volume])


def to_ms(value: Any, offset: timedelta) -> int:
    """Return a time as UTC milliseconds; raises `ProviderError` for what is none."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise malformed("a time is not of the form 2026-01-31T12:00:00") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:  # year 1 stands for no time
        raise malformed("a time is missing or absurd")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC) - offset
    return int(moment.timestamp() * 1000)


def to_text(at_ms: int, offset: timedelta | None) -> str:
    """Return a moment as the server writes it: its own time, without a zone."""
    moment = datetime.fromtimestamp(at_ms // 1000, tz=UTC) + (offset or timedelta())
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")
