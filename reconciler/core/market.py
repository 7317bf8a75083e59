"""Market data as every adapter returns it, and whether candles make sense.

Sources of the rules: a candle's high bounds its open and close from above, its
low from below; timestamps are the bar's opening time, UTC, in milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

MAX_SAMPLE_ROWS = 1000
_UNIT_MS = {
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "M": 2_592_000_000,
    "y": 31_536_000_000,
}
_MT_UNITS = {"M": "m", "H": "h", "D": "d", "W": "w"}


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar; `opened_at_ms` is UTC milliseconds since 1970."""

    opened_at_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The current price; `last` is None where a provider gives bid and ask only."""

    symbol: str
    last: Decimal | None
    bid: Decimal | None = None
    ask: Decimal | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the provider says of the account; None where it says nothing.

    Balances are shown to the person who asks for them only: they never enter the
    state, the report or a log.
    """

    currency: str | None = None
    balance: Decimal | None = None
    equity: Decimal | None = None
    balances: tuple[tuple[str, Decimal], ...] = ()
    server: str | None = None
    leverage: int | None = None
    read_only: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What was last seen of one symbol and timeframe.

    `gaps` and `duplicates` are counted within the rows. `offset_ms` is how long
    after a whole multiple of its length (from 1970) the newest bar opens, None where
    bars have no fixed length. `spelling` is the provider's own name of the symbol,
    empty when it was not told.
    """

    symbol: str
    timeframe: str
    rows: int
    last_candle_at_ms: int | None
    last_price: Decimal | None
    gaps: int = 0
    duplicates: int = 0
    offset_ms: int | None = None
    spelling: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleFaults:
    """What is wrong with a series; `broken` is one sentence, empty when sound.

    `gaps` counts missing stretches, `duplicates` rows that say the same twice.
    """

    broken: str = ""
    gaps: int = 0
    duplicates: int = 0
    newest_age_ms: int | None = None


def timeframe_ms(timeframe: str) -> int | None:
    """Return a timeframe's length in milliseconds, None when it is not one.

    Both spellings are known: `1m 4h 1d 1w 1M` and MetaTrader's `M1 H4 D1 W1 MN`.
    """
    if timeframe in {"MN", "MN1"}:
        return _UNIT_MS["M"]
    if timeframe[:1] in _MT_UNITS and timeframe[1:].isdigit():
        return int(timeframe[1:]) * _UNIT_MS[_MT_UNITS[timeframe[0]]]
    if timeframe[-1:] in _UNIT_MS and timeframe[:-1].isdigit():
        return int(timeframe[:-1]) * _UNIT_MS[timeframe[-1]]
    return None


def check_candles(
    candles: Sequence[Candle], *, timeframe: str, now_ms: int
) -> CandleFaults:
    """Judge a series: sound bars, rising aligned times, none from the future.

    Gaps are counted, not judged: markets close and some symbols rarely trade. So are
    rows that came twice.
    """
    if not candles:
        return CandleFaults()
    step = timeframe_ms(timeframe)
    once = [b for a, b in pairwise([None, *candles]) if a != b]
    return CandleFaults(
        broken=_first_fault(candles, step=step, now_ms=now_ms),
        gaps=_gaps(candles, step),
        duplicates=len(candles) - len(once),
        newest_age_ms=now_ms - candles[-1].opened_at_ms,
    )


def offset_ms(opened_at_ms: int, timeframe: str) -> int | None:
    """Return how far a bar's opening lies behind a multiple of its length."""
    step = timeframe_ms(timeframe)
    fixed = step is not None and step < _UNIT_MS["M"]
    return opened_at_ms % step if step and fixed else None


def _first_fault(candles: Sequence[Candle], *, step: int | None, now_ms: int) -> str:
    for index, candle in enumerate(candles):
        if fault := _bar_fault(candle):
            return f"row {index + 1}: {fault}"
    for index, (before, after) in enumerate(pairwise(candles)):
        if after.opened_at_ms <= before.opened_at_ms and after != before:
            return f"row {index + 2}: its time does not come after the row before"
    if candles[-1].opened_at_ms > now_ms + (step or 60_000):
        return f"row {len(candles)}: its time lies in the future"
    if candles[0].opened_at_ms < _UNIT_MS["y"]:
        return "row 1: its time lies near 1970; seconds taken for milliseconds?"
    return _misaligned(candles, step)


_SESSION_STEP_MS = 15 * 60_000
"""Sessions open on a quarter of an hour: only shorter bars must begin on their own."""


def _misaligned(candles: Sequence[Candle], step: int | None) -> str:
    if not step or step > _SESSION_STEP_MS or _UNIT_MS["d"] % step:
        return ""
    for index, candle in enumerate(candles):
        if candle.opened_at_ms % step:
            return f"row {index + 1}: its time is not where a bar begins"
    return ""


def _bar_fault(candle: Candle) -> str:
    prices = (candle.open, candle.high, candle.low, candle.close)
    if not all(price.is_finite() for price in (*prices, candle.volume)):
        return "a number is not finite"
    if min(prices) <= 0:
        return "a price is not above zero"
    if candle.high < max(prices) or candle.low > min(prices):
        return "high and low do not bound open and close"
    return "the volume is below zero" if candle.volume < 0 else ""


def _gaps(candles: Sequence[Candle], step: int | None) -> int:
    if not step or step >= _UNIT_MS["M"]:
        return 0
    return sum(
        1 for a, b in pairwise(candles) if b.opened_at_ms - a.opened_at_ms > step
    )
