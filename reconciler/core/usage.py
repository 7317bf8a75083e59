"""How a connection is used, and what of it is unusual: pure, bounded, per day.

A key that is suddenly used ten times as often, or from a new place, may be in the wrong
hands; one that nobody uses any more need not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean
from typing import Final

from reconciler.core.series import numbers_in, text_of

DAYS: Final = 28
PLACES: Final = 8
MANY_TIMES: Final = 10
"""So many times the usual of a day is unusual."""
KNOWN_DAYS: Final = 7
"""Before so many days nobody knows what is usual."""
LONG_DAYS: Final = 14
_DAY_S: Final = 86_400


class UnusualKind(StrEnum):
    """What is unusual; the word does not change while it lasts."""

    OFTEN = "used_often"
    NEW_PLACE = "used_from_new_place"
    SILENT = "not_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """One unusual thing, told in a sentence."""

    kind: UnusualKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Who used it from where (`alice@host`), first and last."""

    who: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The uses of one connection; a few hundred bytes.

    `counts` are those of each day up to the day `newest` (counted from 1970), oldest
    first and a space between. `places` are the newest, at most `PLACES`.
    """

    first_at: datetime
    last_at: datetime
    newest: int
    counts: str
    places: tuple[Place, ...] = ()


def used(before: Usage | None, *, at: datetime, who: str) -> Usage:
    """Return the usage with one more use."""
    day = _day(at)
    if before is None:
        place = Place(who=who, first_at=at, last_at=at)
        return Usage(first_at=at, last_at=at, newest=day, counts="1", places=(place,))
    counts = _counts_until(before, day)
    counts[-1] += 1
    return replace(
        before,
        last_at=max(at, before.last_at),
        newest=max(day, before.newest),
        counts=text_of(counts),
        places=_with_place(before.places, at=at, who=who),
    )


def unusual(usage: Usage | None, *, now: datetime) -> tuple[Unusual, ...]:
    """Return what is unusual about a connection's use at this moment; mostly nothing.

    Of a connection that is known for less than a week nothing is unusual.
    """
    if usage is None or now - usage.first_at < timedelta(days=KNOWN_DAYS):
        return ()
    return tuple(_found(usage, now))


def uses_of_day(usage: Usage, *, now: datetime) -> int:
    """Return how often it was used today (UTC)."""
    return _counts_until(usage, _day(now))[-1]


def _found(usage: Usage, now: datetime) -> Iterator[Unusual]:
    *past, today = _counts_until(usage, _day(now))
    usual = max(1.0, fmean(past)) if past else 1.0
    if today >= MANY_TIMES * usual:
        text = f"used {today} times today, usually {usual:.0f} times a day"
        yield Unusual(kind=UnusualKind.OFTEN, text=text)
    for place in usage.places:
        if _is_new(place, usage, now):
            text = f"used from a new place: {place.who}"
            yield Unusual(kind=UnusualKind.NEW_PLACE, text=text)
            break
    silent = (now - usage.last_at).days
    if silent >= max(LONG_DAYS, MANY_TIMES * _usual_gap(usage)):
        text = f"not used for {silent} days: is it still needed?"
        yield Unusual(kind=UnusualKind.SILENT, text=text)


def _is_new(place: Place, usage: Usage, now: datetime) -> bool:
    """Tell whether a place joined within a day, long after the first use.

    Where ever new ones come (containers have a name each), that is the usual.
    """
    if len(usage.places) == PLACES:
        return False
    joined_late = place.first_at - usage.first_at >= timedelta(days=KNOWN_DAYS)
    return joined_late and now - place.first_at < timedelta(days=1)


def _usual_gap(usage: Usage) -> float:
    """Return how many days lay between two days of use, as far as they are kept."""
    counts = numbers_in(usage.counts)
    return len(counts) / max(1, sum(1 for count in counts if count))


def _counts_until(usage: Usage, day: int) -> list[int]:
    """Return the counts up to a day, which is the last; days without a use are 0.

    A clock that was set back counts for the newest day.
    """
    counts = numbers_in(usage.counts)
    missing = min(max(0, day - usage.newest), DAYS)
    return [*counts, *[0] * missing][-DAYS:] or [0]


def _with_place(
    places: tuple[Place, ...], *, at: datetime, who: str
) -> tuple[Place, ...]:
    known = next((one for one in places if one.who == who), None)
    first_at = known.first_at if known else at
    others = [one for one in places if one.who != who]
    return (*others, Place(who=who, first_at=first_at, last_at=at))[-PLACES:]


def _day(at: datetime) -> int:
    return int(at.timestamp()) // _DAY_S
