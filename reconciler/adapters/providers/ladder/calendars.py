"""When a market is open, so that old data can be told from a closed market.

Crypto never closes and foreign exchange has its week; for exchanges the sessions and
holidays come from `exchange_calendars`, which is loaded when a file names one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from reconciler.adapters.providers.ladder.candles import (
    STALE_BARS,
    MaxAge,
    always_open,
    foreign_exchange,
)
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import timeframe_ms

_DAY_MS = 86_400_000
_MIN_OPEN_MS = 3_600_000
"""So long may an open market be without a bar: small symbols trade rarely."""
_LOOK_BACK = timedelta(days=45)
_LOOK_AHEAD = timedelta(days=7)

Sessions = Sequence[tuple[int, int]]
"""Opening and closing, UTC milliseconds, oldest first."""


def age_rule(connection: Connection, default: MaxAge) -> MaxAge:
    """Return how old a connection's newest bar may be.

    Args:
        connection: Its `market` decides.
        default: The rule of its type, for a file that names no market.
    """
    match connection.market:
        case "":
            return default
        case "24/7":
            return always_open
        case "fx":
            return foreign_exchange
        case code:
            return _rule_of_exchange(code)


def oldest_fresh_ms(sessions: Sessions, timeframe: str, now_ms: int) -> int:
    """Return the opening time of the oldest bar that still counts as fresh.

    Only time in which the market was open makes a bar older: three bars' length, an
    hour at least. Bars of a day and longer are counted in sessions.
    """
    length = timeframe_ms(timeframe) or 0
    past = [session for session in sessions if session[0] <= now_ms]
    if not past:
        return 0
    if length >= _DAY_MS:
        count = STALE_BARS * max(1, length // _DAY_MS)
        first = past[-min(count, len(past))]
        return first[0] - first[0] % _DAY_MS - _DAY_MS  # bars of a day open at midnight
    left = max(STALE_BARS * length, _MIN_OPEN_MS)
    for opens, closes in reversed(past):
        until = min(closes, now_ms)
        if until - opens >= left:
            return until - left
        left -= until - opens
    return 0


def open_until_ms(code: str, start_ms: int, span_ms: int) -> int:
    """Return when an exchange will have been open for `span_ms` since `start_ms`.

    Beyond what its calendar tells, it is taken to be open as much as before.
    """
    sessions = _sessions(code, start_ms // _DAY_MS)
    left = span_ms
    for opens, closes in sessions:
        opens_now = max(opens, start_ms)
        if closes <= opens_now:
            continue
        if left <= closes - opens_now:
            return opens_now + left
        left -= closes - opens_now
    known = [closes - opens for opens, closes in sessions]
    if not known:
        return start_ms + span_ms
    first, last = sessions[0][0], sessions[-1][1]
    return last + left * (last - first) // sum(known)


def _rule_of_exchange(code: str) -> MaxAge:
    def max_age(timeframe: str, now_ms: int) -> int:
        sessions = _sessions(code, now_ms // _DAY_MS)
        return now_ms - oldest_fresh_ms(sessions, timeframe, now_ms)

    return max_age


@lru_cache(maxsize=64)
def _sessions(code: str, day: int) -> Sessions:
    """Return an exchange's sessions around a day counted from 1970."""
    try:
        import exchange_calendars
    except ImportError:
        raise ProviderError(
            diagnose(
                Category.NOT_HERE,
                detail=f"the calendar of '{code}' is not installed",
                fix="pip install 'reconcile-connections[calendars]'",
            )
        ) from None
    today = datetime.fromtimestamp(day * _DAY_MS / 1000, tz=UTC).replace(tzinfo=None)
    try:
        with warnings.catch_warnings(action="ignore"):
            # What it and pandas will change one day is no business of the operator.
            calendar = exchange_calendars.get_calendar(
                code, start=today - _LOOK_BACK, end=today + _LOOK_AHEAD
            )
    except exchange_calendars.errors.InvalidCalendarName:
        names = exchange_calendars.get_calendar_names(include_aliases=False)
        known = ", ".join(sorted(name for name in names if name.startswith("X")))
        raise _unusable(
            f"settings.market: no exchange has the code '{code}'", f"use one of {known}"
        ) from None
    return tuple(_rows(calendar))


def _rows(calendar: object) -> Iterator[tuple[int, int]]:
    schedule = calendar.schedule  # type: ignore[attr-defined]
    for opens, closes in zip(schedule["open"], schedule["close"], strict=True):
        yield int(opens.timestamp() * 1000), int(closes.timestamp() * 1000)


def _unusable(detail: str, fix: str) -> ProviderError:
    return ProviderError(diagnose(Category.BAD_REQUEST, detail=detail, fix=fix))
