"""What a connection's tests add up to: uptime and latency, bounded and small.

Uptime is a share of time, not of tests: a failing connection is tested more often
than a healthy one, and would look worse than it was. A test speaks for the time until
the next one, at most for so long as its verdict counts (`stale_after`). Time for which
nobody spoke is unknown: it counts neither as up nor as down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from reconciler.core.series import numbers_in, text_of

LATENCIES: Final = 100
"""How many of the newest passing tests the percentiles speak of."""
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_HOURS: Final = 24
_DAYS: Final = 30
_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Seconds per hour or per day; `newest` numbers the last one, counted from 1970.

    `known_s` is the time for which a test spoke, `down_s` the part of it after a
    failed one, empty when there was none. Whole numbers in one text, oldest first and
    a space between: they are read and written with every test, and looked at rarely.
    """

    newest: int = 0
    known_s: str = ""
    down_s: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """A connection's tests so far; half a kilobyte or so, whatever its age.

    `at` is until when time is counted, `up` what the test said that speaks for the
    time after; None when none does (not tested, switched off, we could not test).
    `latencies_ms` are those of the newest passing tests, newest last and a space
    between (`latencies_of`).
    """

    at: datetime | None = None
    up: bool | None = None
    hours: Buckets = field(default_factory=Buckets)
    days: Buckets = field(default_factory=Buckets)
    latencies_ms: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """Share (0-1) of the known time in which the last test had passed.

    None where no test speaks of the last 24 hours, 7 days or 30 days.
    """

    day: float | None = None
    week: float | None = None
    month: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Percentiles (nearest rank, milliseconds) of the newest passing tests."""

    p50_ms: int
    p95_ms: int
    p99_ms: int
    tests: int


def counted(
    before: Statistics,
    *,
    at: datetime,
    up: bool | None,
    speaks_for_s: float,
    latency_ms: float | None = None,
) -> Statistics:
    """Return the statistics after a moment from which on `up` holds.

    Args:
        before: What was counted so far.
        at: The moment; one before what was counted already counts nothing.
        up: What the test said; None when from now on none speaks.
        speaks_for_s: For how long a test speaks at most.
        latency_ms: Of a test that passed.
    """
    after = replace(_until(before, at, speaks_for_s), at=at, up=up)
    if not up or latency_ms is None:
        return after
    return replace(after, latencies_ms=_with_latency(before.latencies_ms, latency_ms))


def uptime(found: Statistics, *, now: datetime, speaks_for_s: float) -> Uptime:
    """Return the uptime of the time before `now`."""
    whole = _until(found, now, speaks_for_s)
    hour, day = _number(now, _HOUR_S), _number(now, _DAY_S)
    return Uptime(
        day=_share(whole.hours, since=hour - _HOURS),
        week=_share(whole.days, since=day - _WEEK),
        month=_share(whole.days, since=day - _DAYS),
    )


def latencies_of(found: Statistics) -> tuple[int, ...]:
    """Return the milliseconds of the newest passing tests, newest last."""
    return numbers_in(found.latencies_ms)


def latency(found: Statistics) -> Latency | None:
    """Return the percentiles, None before the first passing test."""
    times = sorted(latencies_of(found))
    if not times:
        return None
    return Latency(
        p50_ms=_percentile(times, 50),
        p95_ms=_percentile(times, 95),
        p99_ms=_percentile(times, 99),
        tests=len(times),
    )


def _with_latency(text: str, latency_ms: float) -> str:
    if text.count(" ") >= LATENCIES - 1:
        text = text.partition(" ")[2]
    return f"{text} {round(latency_ms)}".lstrip()


def _percentile(times: Sequence[int], percent: int) -> int:
    rank = -(-len(times) * percent // 100)
    return times[max(1, rank) - 1]


def _until(found: Statistics, now: datetime, speaks_for_s: float) -> Statistics:
    """Count the time up to `now`, as far as the last test speaks for it."""
    if found.at is None or found.up is None:
        return found
    start = int(found.at.timestamp())
    end = min(int(now.timestamp()), start + int(speaks_for_s))
    if end <= start:
        return found
    return replace(
        found,
        hours=_added(found.hours, start, end, size=_HOUR_S, limit=_HOURS, up=found.up),
        days=_added(found.days, start, end, size=_DAY_S, limit=_DAYS, up=found.up),
    )


def _added(
    found: Buckets, start: int, end: int, *, size: int, limit: int, up: bool
) -> Buckets:
    """Return the buckets with the seconds from `start` to `end` in them."""
    newest = (end - 1) // size  # what lies after it was counted by a wrong clock
    if start // size == newest == found.newest and up and found.known_s:
        return replace(found, known_s=_more(found.known_s, end - start, size))
    oldest = newest - limit + 1
    known, down = _by_number(found)
    for number in range(max(start // size, oldest), newest + 1):
        inside = min(end, (number + 1) * size) - max(start, number * size)
        # Never more than there is: a clock that was set back counts a time twice.
        known[number] = min(size, known.get(number, 0) + inside)
        if not up:
            down[number] = min(size, down.get(number, 0) + inside)
    numbers = range(max(min(known), oldest), newest + 1)
    downs = [down.get(number, 0) for number in numbers]
    return Buckets(
        newest=newest,
        known_s=text_of(known.get(number, 0) for number in numbers),
        down_s=text_of(downs) if any(downs) else "",
    )


def _more(text: str, seconds: int, most: int) -> str:
    """Add to the last number of a text."""
    rest, space, last = text.rpartition(" ")
    return f"{rest}{space}{min(most, int(last) + seconds)}"


def _by_number(found: Buckets) -> tuple[dict[int, int], dict[int, int]]:
    known, down = numbers_in(found.known_s), numbers_in(found.down_s)
    numbers = range(found.newest - len(known) + 1, found.newest + 1)
    return (
        dict(zip(numbers, known, strict=True)),
        dict(zip(numbers, down, strict=False)),
    )


def _share(found: Buckets, *, since: int) -> float | None:
    """Return the share of the buckets after number `since` that was up."""
    known, down = _by_number(found)
    total = sum(seconds for number, seconds in known.items() if number > since)
    lost = sum(seconds for number, seconds in down.items() if number > since)
    return round((total - lost) / total, 5) if total else None


def _number(moment: datetime, size: int) -> int:
    return int(moment.timestamp()) // size
