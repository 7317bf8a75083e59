"""Turn a provider's rows into candles, and refuse those that make no sense.

A 200 with rubbish is the failure that nobody notices: text where numbers belong,
bars upside down, yesterday's data served for ever. The age rule is the market's:
crypto never closes, foreign exchange does from Friday to Sunday evening.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import (
    MAX_SAMPLE_ROWS,
    Candle,
    Mark,
    check_candles,
    offset_ms,
    timeframe_ms,
)

SAMPLE_ROWS = 20
ROW_FIELDS = 6
"""Time, open, high, low, close, volume."""
MIN_FRESH_MS = 15 * 60_000
STALE_BARS = 3
MARKET_STALE_MS = 5 * 86_400_000
"""A feed of unknown opening hours: the longest holiday closing is four days."""

_FX_CLOSES = (4, 21)  # Friday 21:00 UTC
_FX_OPENS = (6, 22)  # Sunday 22:00 UTC

MaxAge = Callable[[str, int], int]
"""From a timeframe and the present moment (ms) to the oldest acceptable newest bar."""


def make_candle(row: Sequence[Any]) -> Candle:
    """Return a row `[ms, open, high, low, close, volume]` as a candle.

    Raises `ProviderError` when a field is not a number; a missing volume is 0.
    """
    at, *prices = row[:ROW_FIELDS]
    if len(prices) < ROW_FIELDS - 1 or prices[-1] is None:
        prices = [*prices[: ROW_FIELDS - 2], 0]
    try:
        numbers = [to_decimal(value) for value in prices]
        return Candle(int(at), *numbers)
    except (TypeError, ValueError, InvalidOperation):
        raise malformed("a field of a row is not a number") from None


def to_decimal(value: Any) -> Decimal:
    """Return a number; text must be one too. Raises for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise TypeError(type(value).__name__)
    return Decimal(str(value))


def malformed(detail: str) -> ProviderError:
    """Return the error of candles that make no sense."""
    return ProviderError(diagnose(Category.MALFORMED_DATA, detail=detail))


def bounded_limit(limit: int) -> int:
    """Return a number of rows that every provider may be asked for."""
    return max(1, min(limit, MAX_SAMPLE_ROWS))


def prove_candles(
    candles: Sequence[Candle],
    *,
    symbol: str,
    timeframe: str,
    now_ms: int,
    max_age: MaxAge,
    spelling: str = "",
) -> Mark:
    """Return what was seen; raises `ProviderError` for what cannot be believed.

    `spelling` is the provider's own name of the symbol, where it is known.
    """
    where = f"{symbol} {timeframe}"
    if not candles:
        raise ProviderError(diagnose(Category.NO_DATA, detail=where))
    faults = check_candles(candles, timeframe=timeframe, now_ms=now_ms)
    if faults.broken:
        raise malformed(f"{where}: {faults.broken}")
    age_ms = faults.newest_age_ms or 0
    if age_ms > max_age(timeframe, now_ms):
        raise ProviderError(
            diagnose(
                Category.STALE_DATA,
                detail=f"{where}: {_age(age_ms)} old",
                evidence={"newest_candle_age_s": str(age_ms // 1000)},
            )
        )
    newest = candles[-1]
    return Mark(
        symbol=symbol,
        timeframe=timeframe,
        rows=len(candles),
        last_candle_at_ms=newest.opened_at_ms,
        last_price=newest.close,
        gaps=faults.gaps,
        duplicates=faults.duplicates,
        offset_ms=offset_ms(newest.opened_at_ms, timeframe),
        spelling=spelling,
    )


def described(marks: Sequence[Mark]) -> str:
    """Return how many series were proven, and what is missing or double in them."""
    gaps, twice = sum(m.gaps for m in marks), sum(m.duplicates for m in marks)
    said = f"{len(marks)} series of candles"
    said += f", {gaps} gap{'s' * (gaps != 1)}" if gaps else ""
    return said + (f", {twice} row{'s' * (twice != 1)} twice" if twice else "")


def always_open(timeframe: str, now_ms: int) -> int:
    """Age rule of a market that never closes: three bars, at least 15 minutes."""
    del now_ms
    return max(STALE_BARS * (timeframe_ms(timeframe) or 0), MIN_FRESH_MS)


def foreign_exchange(timeframe: str, now_ms: int) -> int:
    """Age rule of foreign exchange: an hour and three bars, the weekend left out.

    Closed from Friday 21:00 to Sunday 22:00 UTC: then, and until the first bars of
    the week can be there, Friday's last bar is fresh.
    """
    bars = STALE_BARS * (timeframe_ms(timeframe) or 0)
    return max(bars, 60 * 60_000) + _closed_ms(now_ms)


def business_days(timeframe: str, now_ms: int) -> int:
    """Age rule of a feed whose opening hours we do not know: five days, three bars."""
    del now_ms
    return max(STALE_BARS * (timeframe_ms(timeframe) or 0), MARKET_STALE_MS)


def _closed_ms(now_ms: int) -> int:
    """Return how much of the last weekend's closing still counts at this moment."""
    now = datetime.fromtimestamp(now_ms / 1000, tz=UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    friday = midnight - timedelta(days=(now.weekday() - _FX_CLOSES[0]) % 7)
    closes = friday + timedelta(hours=_FX_CLOSES[1])
    if closes > now:
        closes -= timedelta(days=7)
    days = _FX_OPENS[0] - _FX_CLOSES[0]
    opens = closes + timedelta(days=days, hours=_FX_OPENS[1] - _FX_CLOSES[1])
    if now >= opens + timedelta(days=1):
        return 0
    return int((min(now, opens) - closes).total_seconds() * 1000)


def _age(age_ms: int) -> str:
    hours = age_ms / 3_600_000
    return f"{hours:.0f} h" if hours > 2 else f"{hours * 60:.0f} min"  # noqa: PLR2004
