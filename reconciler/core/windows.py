"""Windows of time: every week by a wall clock, or once; pure, half-open, in UTC.

A wall clock jumps. A window covers every moment at which the clock on the wall reads
a time within it: one that begins in the hour which summer time leaves out begins
with the jump, and one that ends in the hour which winter time repeats ends the second
time. Time zones come from the system's database, or from the package tzdata.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES: Final = 1440
_BEFORE: Final = 2
"""Yesterday's window may still be open, and a zone may have left out a day."""
_AHEAD: Final = 40
"""Days: a window that a jump leaves no room for comes again within two weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """Every week on `days` (0 is Monday); minutes count from midnight in `zone`.

    One whose `ends` is not after its `begins` ends on the next day.
    """

    name: str
    reason: str = ""
    days: tuple[int, ...] = tuple(range(7))
    begins: int = 0
    ends: int = DAY_MINUTES
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """From one moment to another, both aware."""

    name: str
    reason: str = ""
    starts: datetime
    ends: datetime


Window = Weekly | Once


class _Period(NamedTuple):
    starts: datetime
    ends: datetime


def is_inside(window: Window, now: datetime) -> bool:
    """Tell whether a moment lies in the window; its end no longer does."""
    return ends_at(window, now) is not None


def ends_at(window: Window, now: datetime) -> datetime | None:
    """Return when the window that is open ends, None when it is not open.

    Days that touch are one: all of Saturday and Sunday ends on Monday.
    """
    open_until: datetime | None = None
    for period in _periods(window, now):
        if period.starts > (open_until or now):
            break
        open_until = period.ends
    return open_until


def begins_next(window: Window, now: datetime) -> datetime | None:
    """Return when the window opens after this moment and whatever is open now.

    None when it never will.
    """
    since = ends_at(window, now) or now
    later = (one.starts for one in _periods(window, since) if one.starts > since)
    return next(later, None)


def zone_of(name: str) -> tzinfo:
    """Return a time zone; raises `LookupError` when there is none of that name."""
    if name == "UTC":  # needs no database
        return UTC
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # start-up time

    try:
        return ZoneInfo(name)
    except (ValueError, OSError) as error:  # a path, or a folder of the database
        raise LookupError(name) from error


def has_zones() -> bool:
    """Tell whether this machine knows time zones at all."""
    try:
        zone_of("Europe/London")
    except LookupError:
        return False
    return True


def _periods(window: Window, since: datetime) -> Iterator[_Period]:
    """Return the periods that end after a moment, in order."""
    if isinstance(window, Once):
        found = iter([_Period(window.starts, window.ends)])
    else:
        found = _weekly(window, since)
    return (one for one in found if one.ends > since and one.starts < one.ends)


def _weekly(window: Weekly, since: datetime) -> Iterator[_Period]:
    zone = zone_of(window.zone)
    overnight = DAY_MINUTES if window.ends <= window.begins else 0
    first = since.astimezone(zone).date() - timedelta(days=_BEFORE)
    for count in range(_AHEAD):
        day = first + timedelta(days=count)
        if day.weekday() in window.days:
            ends = _wall(day, window.ends + overnight)
            yield _Period(
                _first_at(_wall(day, window.begins), zone), _last_before(ends, zone)
            )


def _wall(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minutes)


def _first_at(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first moment at which the clock reads `wall`, or jumps over it."""
    early, late = _readings(wall, zone)
    return early if _reads(early, zone) == wall else _jump(wall, zone, early, late)


def _last_before(wall: datetime, zone: tzinfo) -> datetime:
    """Return the moment before which the clock reads less than `wall` a last time."""
    early, late = _readings(wall, zone)
    return late if _reads(late, zone) == wall else _jump(wall, zone, early, late)


def _readings(wall: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    folds = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(folds), max(folds)


def _jump(wall: datetime, zone: tzinfo, early: datetime, late: datetime) -> datetime:
    """Return the second at which the clock jumps over `wall`."""
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if _reads(middle, zone) < wall:
            early = middle
        else:
            late = middle
    return late


def _reads(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
