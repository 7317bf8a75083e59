"""Numbers as the geometry of small drawings; templates put them into SVG.

A drawing never stands alone: its label says in words what it shows, and a table
holds the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from reconciler.core.market import Candle, timeframe_ms
from reconciler.report.numbers import decimal, utc_ms
from reconciler.report.text import count, latency

SPARK_WIDTH, SPARK_HEIGHT = 100, 24
WIDTH, HEIGHT = 840, 340
_LEFT, _RIGHT, _TOP, _PRICES, _BOTTOM = 8, 92, 10, 250, 316
_VOLUMES: Final = 262
"""Between `_PRICES` and this lies the gap above the volumes, which end at `_BOTTOM`."""
_LINES: Final = 5
_NEWEST: Final = 40
"""So many tests fit into a small drawing."""
_LARGEST: Final = 1e300
"""Beyond it the difference of two numbers may be none any more."""
_DRAWN: Final = 300
"""So many candles fit into a chart; of more, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spark:
    """A line of latencies from left to right, and what it shows in words."""

    path: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the grid: where, and what stands beside it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Candles: hollow ones rose, filled ones fell; volumes below; gaps as lines."""

    label: str
    rise: str
    fall: str
    volume: str
    gaps: tuple[float, ...]
    prices: tuple[Line, ...]
    times: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = _BOTTOM


def spark(latencies_ms: Sequence[float], *, newest: int = _NEWEST) -> Spark | None:
    """Return the newest latencies as a line; None below two of them."""
    shown = [ms for ms in latencies_ms[-newest:] if math.isfinite(ms)]
    if len(shown) < 2:  # noqa: PLR2004  # a line needs two ends
        return None
    top = max(*shown, 1)
    step = SPARK_WIDTH / (len(shown) - 1)
    points = [
        f"{_short(index * step)} {_short((SPARK_HEIGHT - 2) * (1 - ms / top) + 1)}"
        for index, ms in enumerate(shown)
    ]
    low, high = latency(min(shown)), latency(max(shown))
    label = f"latency of the last {len(shown)} passed tests: {low} to {high}"
    return Spark(path=f"M{'L'.join(points)}", label=label)


def candle_chart(
    candles: Sequence[Candle], *, symbol: str, timeframe: str
) -> Chart | None:
    """Return candles as a chart; None where there is nothing that can be drawn."""
    shown = [one for one in candles if _is_drawable(one)][-_DRAWN:]
    if not shown:
        return None
    low = min(float(one.low) for one in shown)
    high = max(float(one.high) for one in shown)
    span = (high - low) or abs(high) or 1.0
    scale = _Scale(low=low, span=span, step=(WIDTH - _RIGHT - _LEFT) / len(shown))
    rising = [one.close >= one.open for one in shown]
    bars = [scale.bar(index, one) for index, one in enumerate(shown)]
    return Chart(
        label=_label(shown, symbol=symbol, timeframe=timeframe),
        rise="".join(bar for bar, up in zip(bars, rising, strict=True) if up),
        fall="".join(bar for bar, up in zip(bars, rising, strict=True) if not up),
        volume=_volumes(shown, scale),
        gaps=_gaps(shown, timeframe, scale),
        prices=_price_lines(shown, scale),
        times=_time_lines(shown, scale),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """From prices and places in the series to the drawing; `step` per candle."""

    low: float
    span: float
    step: float

    def x(self, index: float) -> float:
        return _LEFT + (index + 0.5) * self.step

    def y(self, price: float) -> float:
        """Return a price's height; one outside of low and high lies on the frame."""
        share = min(max((price - self.low) / self.span, 0.0), 1.0)
        return _PRICES - share * (_PRICES - _TOP)

    def bar(self, index: int, candle: Candle) -> str:
        """Return a wick above, a body, and a wick below it."""
        middle, half = self.x(index), max(self.step * 0.32, 0.5)
        start, end = self.y(float(candle.open)), self.y(float(candle.close))
        top, bottom = min(start, end), max(start, end)
        high, low = self.y(float(candle.high)), self.y(float(candle.low))
        body = max(bottom - top, 0.8)
        return (
            f"M{_short(middle)} {_short(high)}V{_short(top)}"
            f"M{_short(middle)} {_short(bottom)}V{_short(low)}"
            f"M{_short(middle - half)} {_short(top)}h{_short(2 * half)}"
            f"v{_short(body)}h{_short(-2 * half)}z"
        )


def _is_drawable(candle: Candle) -> bool:
    numbers = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    try:
        return all(abs(float(number)) < _LARGEST for number in numbers)
    except (OverflowError, ValueError):
        return False


def _label(candles: Sequence[Candle], *, symbol: str, timeframe: str) -> str:
    low = min(candles, key=lambda one: one.low)
    high = max(candles, key=lambda one: one.high)
    last = candles[-1]
    return (
        f"{count(len(candles), 'candle')} of {symbol} {timeframe}, "
        f"{utc_ms(candles[0].opened_at_ms)} to {utc_ms(last.opened_at_ms)}: lowest "
        f"{decimal(low.low)}, highest {decimal(high.high)}, last {decimal(last.close)}"
    )


def _volumes(candles: Sequence[Candle], scale: _Scale) -> str:
    most = max(float(one.volume) for one in candles)
    if most <= 0:
        return ""
    half = max(scale.step * 0.32, 0.5)
    parts = []
    for index, one in enumerate(candles):
        height = max(float(one.volume), 0.0) / most * (_BOTTOM - _VOLUMES)
        parts.append(
            f"M{_short(scale.x(index) - half)} {_BOTTOM}"
            f"v{_short(-height)}h{_short(2 * half)}v{_short(height)}z"
        )
    return "".join(parts)


def _gaps(
    candles: Sequence[Candle], timeframe: str, scale: _Scale
) -> tuple[float, ...]:
    step = timeframe_ms(timeframe)
    if not step or step >= 28 * 86_400_000:  # months differ in length
        return ()
    return tuple(
        round(scale.x(index + 0.5), 1)
        for index, (one, other) in enumerate(pairwise(candles))
        if other.opened_at_ms - one.opened_at_ms > step
    )


def _price_lines(candles: Sequence[Candle], scale: _Scale) -> tuple[Line, ...]:
    places = max(_places(one.close) for one in candles)
    found = []
    for line in range(_LINES):
        price = scale.low + scale.span * line / (_LINES - 1)
        found.append(Line(at=round(scale.y(price), 1), text=_price(price, places)))
    return tuple(found)


def _time_lines(candles: Sequence[Candle], scale: _Scale) -> tuple[Line, ...]:
    last = len(candles) - 1
    wanted = sorted({0, last // 3, 2 * last // 3, last} if last > 5 else {0, last})  # noqa: PLR2004
    return tuple(
        Line(
            at=round(scale.x(index), 1),
            text=utc_ms(candles[index].opened_at_ms)[5:16],
        )
        for index in wanted
    )


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return min(max(-exponent, 0), 8) if isinstance(exponent, int) else 0


def _price(price: float, places: int) -> str:
    if price and not 1e-8 <= abs(price) < 1e12:  # noqa: PLR2004  # what fits the margin
        return f"{price:.3g}"
    return f"{price:.{places}f}"


def _short(number: float) -> str:
    text = f"{number:.1f}"
    return text.removesuffix(".0")
