"""Market data that never was: deterministic, plausible, fresh to the second.

A price is a sum of slow and fast waves over time, so any bar of any timeframe
can be computed alone, bars agree across timeframes, and two runs at the same
instant agree. Volumes are drawn from a hash. Every market trades round the
clock, foreign exchange too: a weekend must not make a test fail.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

DAY_S = 86_400
_MONDAY_MS = 4 * DAY_S * 1000  # the epoch was a Thursday; weeks open on Monday
_WAVES = (  # period in seconds, share of the price
    (61 * DAY_S, 0.060),
    (5.3 * DAY_S, 0.020),
    (25_600, 0.006),
    (1_380, 0.0015),
    (97, 0.0004),
)
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": DAY_S, "w": 7 * DAY_S}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One pair or share: its middle price and the decimals it is quoted with."""

    base: str
    quote: str
    price: float
    decimals: int

    @property
    def symbol(self) -> str:
        """The pair as people write it, such as BTC/USDT; a share is its ticker."""
        return f"{self.base}/{self.quote}" if self.quote else self.base

    @property
    def tick(self) -> str:
        """The smallest price step, as a decimal string."""
        return f"{10.0**-self.decimals:.{self.decimals}f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One bar; times in ms since the epoch, prices and volume as decimal strings."""

    open_ms: int
    close_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    closed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The last 24 hours of one market, as decimal strings."""

    last: str
    bid: str
    ask: str
    open: str
    high: str
    low: str
    volume: str
    quote_volume: str


def _listed(quote: str, rows: tuple[tuple[str, float, int], ...]) -> list[Instrument]:
    return [Instrument(base=b, quote=quote, price=p, decimals=d) for b, p, d in rows]


_ALL = [
    *_listed(
        "USDT",
        (
            ("BTC", 94_000, 2),
            ("ETH", 3_300, 2),
            ("BNB", 910, 2),
            ("SOL", 182, 2),
            ("XRP", 2.3, 4),
            ("ADA", 0.71, 4),
            ("DOGE", 0.19, 5),
            ("LTC", 96, 2),
        ),
    ),
    *_listed("USDC", (("BTC", 94_010, 2), ("ETH", 3_301, 2))),
    *_listed("BTC", (("ETH", 0.0351, 5),)),
    *_listed(
        "USD",
        (
            ("BTC", 94_020, 1),
            ("ETH", 3_302, 2),
            ("SOL", 182, 2),
            ("XRP", 2.3, 4),
            ("EUR", 1.16, 5),
            ("GBP", 1.31, 5),
            ("AUD", 0.66, 5),
            ("XAU", 4_080, 2),
        ),
    ),
    *_listed("EUR", (("BTC", 81_050, 1), ("ETH", 2_846, 2))),
    *_listed("JPY", (("USD", 154.6, 3),)),
    *_listed("", (("AAPL", 272, 2), ("GOOGL", 289, 2), ("MSFT", 478, 2))),
]
INSTRUMENTS: dict[str, Instrument] = {item.symbol: item for item in _ALL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What a provider knows about prices at one instant.

    `now_s` is the true time. The rest are ways a feed answers 200 and is still
    wrong: bars from another time (`shift_s`, whatever range was asked), none,
    nonsense, or those of another market (`swapped`).
    """

    now_s: float
    shift_s: float = 0.0
    empty: bool = False
    rubbish: bool = False
    swapped: bool = False

    def candles(
        self,
        symbol: str,
        timeframe: str,
        *,
        limit: int,
        since_ms: int | None = None,
        until_ms: int | None = None,
        oldest_first: bool = False,
    ) -> list[Candle]:
        """Return at most `limit` bars in ascending order, the forming bar last.

        `since_ms` and `until_ms` bound the opening times, both inclusive. When the
        range holds more bars than `limit` the newest are kept, or the oldest when
        `oldest_first` is set: exchanges differ.
        """
        if self.empty:
            return []
        if self.swapped:
            symbol = _least_alike(symbol)
        now_ms = int(self.now_s * 1000)
        last = bar_index(
            min(now_ms, now_ms if until_ms is None else until_ms), timeframe
        )
        first = last - limit + 1
        if since_ms is not None:
            since = bar_index(since_ms - 1, timeframe) + 1
            first = since if oldest_first else max(since, first)
        indexes = range(first, last + 1)[:limit]
        then_ms = now_ms + int(self.shift_s * 1000)
        shift = bar_index(then_ms, timeframe) - bar_index(now_ms, timeframe)
        bars = [_bar(symbol, timeframe, i + shift, then_ms) for i in indexes]
        return _spoil(bars) if self.rubbish else bars

    def ticker(self, symbol: str) -> Ticker:
        """Return the last 24 hours of a market."""
        return _ticker(INSTRUMENTS[symbol], self.now_s)


def bar_index(at_ms: int, timeframe: str) -> int:
    """Return the number of the bar that holds an instant."""
    count, unit = int(timeframe[:-1]), timeframe[-1]
    if unit == "M":
        day = datetime.fromtimestamp(at_ms / 1000, UTC)
        return (day.year * 12 + day.month - 1) // count
    offset = _MONDAY_MS if unit == "w" else 0
    return (at_ms - offset) // (count * _UNITS_S[unit] * 1000)


def bar_open_ms(index: int, timeframe: str) -> int:
    """Return the opening time of a bar, in ms; the reverse of `bar_index`."""
    count, unit = int(timeframe[:-1]), timeframe[-1]
    if unit == "M":
        year, month = divmod(index * count, 12)
        return int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000)
    offset = _MONDAY_MS if unit == "w" else 0
    return index * count * _UNITS_S[unit] * 1000 + offset


def _bar(symbol: str, timeframe: str, index: int, now_ms: int) -> Candle:
    opens, closes = bar_open_ms(index, timeframe), bar_open_ms(index + 1, timeframe)
    if closes <= now_ms:
        return _closed_bar(symbol, opens, closes)
    bar = _closed_bar.__wrapped__(symbol, opens, max(now_ms, opens + 1))
    return replace(bar, close_ms=closes - 1, closed=False)


@lru_cache(maxsize=65_536)  # load tests ask for the same bars thousands of times
def _closed_bar(symbol: str, opens: int, closes: int) -> Candle:
    instrument = INSTRUMENTS[symbol]
    span_s = (closes - opens) / 1000
    path = [_price(symbol, opens / 1000 + span_s * step / 4) for step in range(5)]
    luck = _luck(symbol, opens)
    digits = instrument.decimals
    volume = (0.5 + luck) * span_s * 2_000 / instrument.price
    return Candle(
        open_ms=opens,
        close_ms=closes - 1,
        open=f"{path[0]:.{digits}f}",
        high=f"{max(path) * (1 + luck * 1e-4):.{digits}f}",
        low=f"{min(path) * (1 - luck * 1e-4):.{digits}f}",
        close=f"{path[-1]:.{digits}f}",
        volume=f"{volume:.5f}",
    )


def _price(symbol: str, at_s: float) -> float:
    seed = zlib.crc32(symbol.encode())
    drift = sum(
        share * math.sin(math.tau * at_s / period + (seed >> (4 * i)) % 97)
        for i, (period, share) in enumerate(_WAVES)
    )
    return INSTRUMENTS[symbol].price * (1 + drift)


def _least_alike(symbol: str) -> str:
    """Return the market whose price is furthest away."""
    price = INSTRUMENTS[symbol].price
    return max(
        INSTRUMENTS, key=lambda name: abs(math.log(INSTRUMENTS[name].price / price))
    )


def _luck(symbol: str, at: int) -> float:
    """Return a number in 0..1 that is always the same for the same bar."""
    return zlib.crc32(f"{symbol}@{at}".encode()) / 0xFFFF_FFFF


def _ticker(instrument: Instrument, now_s: float) -> Ticker:
    symbol, digits = instrument.symbol, instrument.decimals
    day = [_price(symbol, now_s - hour * 3600) for hour in range(25)]
    last, step = round(day[0], digits), 10.0**-digits
    volume = DAY_S * 2_000 / instrument.price

    def text(value: float) -> str:
        return f"{value:.{digits}f}"

    return Ticker(
        last=text(last),
        bid=text(last - step),
        ask=text(last + step),
        open=text(day[-1]),
        high=text(max(day) + step),
        low=text(min(day) - step),
        volume=f"{volume:.5f}",
        quote_volume=f"{volume * last:.2f}",
    )


def _spoil(bars: list[Candle]) -> list[Candle]:
    """Break bars in every way a buggy feed does: order, range, type, duplicates."""
    broken = []
    for number, bar in enumerate(reversed(bars)):
        if number % 3 == 0:
            broken.append(replace(bar, high=bar.low, low=bar.high))
        elif number % 3 == 1:
            broken.append(replace(bar, close="n/a"))
        else:
            broken += [bar, bar]
    return broken
