"""When the newest data of a connection will be too old, in its market's time.

Found out with every test, where calendars are at hand: whoever judges health later
only looks at the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from reconciler.adapters.providers.ladder.calendars import open_until_ms
from reconciler.adapters.providers.ladder.candles import MARKET_STALE_MS
from reconciler.adapters.providers.metatrader.hours import window_end_ms
from reconciler.core.connection import Connection
from reconciler.core.market import Mark, timeframe_ms

_MARKETS: Final[Mapping[str, str]] = {
    "ccxt_crypto": "24/7",
    "mtapi": "fx",
    "metaapi": "fx",
}
"""What a type is for; the market of a file that names none."""


def stale_at(connection: Connection, marks: Iterable[Mark]) -> datetime | None:
    """Return when the newest bar will be older than `health.stale_after`.

    A bar ages from its end on, and only while its market is open. A market whose
    hours nobody knows may be closed for days.

    Args:
        connection: Its market and its `stale_after`.
        marks: What the test saw; without a bar the answer is None.
    """
    end_ms = _newest_end_ms(marks)
    if end_ms is None:
        return None
    span_ms = int(connection.health.stale_after_s * 1000)
    match connection.market or _MARKETS.get(connection.type, ""):
        case "":
            moment_ms = end_ms + max(span_ms, MARKET_STALE_MS)
        case "24/7":
            moment_ms = end_ms + span_ms
        case "fx":
            moment_ms = window_end_ms(end_ms, span_ms)
        case code:
            moment_ms = open_until_ms(code, end_ms, span_ms)
    return datetime.fromtimestamp(moment_ms // 1000, tz=UTC)


def _newest_end_ms(marks: Iterable[Mark]) -> int | None:
    """Return where the newest of the shortest bars ends: they tell most.

    The bar of a day is the newest one until midnight, whatever came since.
    """
    seen = [
        (timeframe_ms(mark.timeframe) or 0, mark.last_candle_at_ms)
        for mark in marks
        if mark.last_candle_at_ms is not None
    ]
    if not seen:
        return None
    shortest = min(length for length, _ in seen)
    return shortest + max(at for length, at in seen if length == shortest)
