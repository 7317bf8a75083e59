"""When each channel is told what: on the transition, on recovery, and in between.

Every channel has its own memory of an incident (`Told`), since it may know of some
members only. A wait after the first failure lets five hundred become one message; a
wait after the last recovery keeps a relapse from becoming two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from reconciler.core.incidents.book import Book, Incident, Member, Told
from reconciler.core.incidents.cases import Family, family_of
from reconciler.core.incidents.causes import WIDTH, Cause
from reconciler.core.incidents.notice import Notice, NoticeKind
from reconciler.core.incidents.noticing import View, notice_of
from reconciler.core.incidents.routing import Routing, audience_of
from reconciler.core.incidents.surroundings import is_blind, is_outdated

GROWN_AFTER: Final = timedelta(hours=1)
"""One that doubled is told again at most this often."""
COMPLETE_AFTER: Final = timedelta(minutes=2)
"""A change is as good as tested when so long no more of it was refused."""
UNSTEADY: Final = 3
"""Told this often to have begun, it must be over for longer to be told as over."""
STEADY_AFTER: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How people are told; `reminder` None is never."""

    routing: Routing
    settle: timedelta = timedelta(seconds=30)
    reminder: timedelta | None = timedelta(hours=24)
    quiet: Collection[str] = field(default_factory=frozenset)
    """Who is in maintenance now."""


def told(
    book: Book, manner: Manner, *, now: datetime
) -> tuple[Book, tuple[tuple[str, Notice], ...]]:
    """Return the book as it is after telling, and what each channel is told."""
    incidents: list[Incident] = []
    blind = is_blind(book)
    notices: list[tuple[str, Notice]] = []
    for incident in book.incidents:
        kept = incident
        hidden = blind and not incident.stands and _is_of_health(incident)
        for view in () if hidden else views_of(incident, book, manner, now=now):
            known = incident.told.get(view.channel)
            kind = _kind(view, known, manner, now=now)
            if kind is None:
                continue
            after = _told(view, known, kind, now=now)
            kept = replace(kept, told={**kept.told, view.channel: after})
            if kind is not NoticeKind.RECOVERED or _says_end(incident.scope.cause):
                notice = notice_of(view, kind, openings=after.openings, now=now)
                notices.append((view.channel, notice))
        incidents.append(kept)
    return replace(book, incidents=tuple(incidents)), tuple(notices)


def views_of(
    incident: Incident, book: Book, manner: Manner, *, now: datetime
) -> Iterator[View]:
    """Return what each channel may be told of an incident now; nothing when it waits.

    A channel that knows of it hears of the end, even with none of its members left.
    """
    of_health = _is_of_health(incident)
    audience = dict.fromkeys(_still_waiting(incident), frozenset[str]())
    audience |= audience_of(incident, manner.routing)
    for channel, names in sorted(audience.items()):
        members = [incident.members[name] for name in sorted(names)]
        loud = [one for one in members if one.name not in manner.quiet]
        if members and not loud:
            continue  # it is told when the maintenance ends
        still = [one for one in loud if one.until is None]
        current = [
            one
            for one in still
            if not (of_health and is_outdated(book, one.tested_at, now=now))
        ]
        if still and not current:
            continue  # not tested yet since the network is back
        yield View(
            channel=channel,
            incident=incident,
            open=tuple(current),
            over=tuple(one for one in loud if one.until is not None),
            quiet=sum(one.until is None for one in members) - len(still),
            sees_all=len(members) == len(incident.members),
        )


def _is_of_health(incident: Incident) -> bool:
    return family_of(incident.scope.cause) is Family.HEALTH


def _still_waiting(incident: Incident) -> Iterator[str]:
    """Return the channels that know of it and not of its end."""
    return (name for name, known in incident.told.items() if not known.closed)


def _kind(
    view: View, known: Told | None, manner: Manner, *, now: datetime
) -> NoticeKind | None:
    """Return what this channel is told now, None for nothing."""
    if known is None or known.closed:
        due = view.goes_on and _passed(view.joined_at, manner.settle, now)
        return NoticeKind.OPENED if due else None
    if not view.goes_on:
        unsteady = known.openings >= UNSTEADY
        wait = max(STEADY_AFTER, manner.settle) if unsteady else manner.settle
        due = _passed(view.over_at, wait, now)
        return NoticeKind.RECOVERED if due else None
    return _meanwhile(view, known, manner, now=now)


def _meanwhile(
    view: View, known: Told, manner: Manner, *, now: datetime
) -> NoticeKind | None:
    """Return what is told of an incident that goes on."""
    widened_at = view.incident.widened_at
    if (
        widened_at
        and WIDTH.get(view.incident.scope.cause, 0) < WIDTH.get(known.cause, 0)
        and _passed(widened_at, manner.settle, now)
    ):
        return NoticeKind.WIDENED
    if view.is_terminal and not known.terminal:
        return NoticeKind.CHANGED
    if _has_grown(view, known, now=now):
        return NoticeKind.GROWN
    if manner.reminder and _passed(known.at, manner.reminder, now):
        return NoticeKind.REMINDER
    return None


def _has_grown(view: View, known: Told, *, now: datetime) -> bool:
    """Tell whether it hits so many more that it is news.

    Those whose revision was refused are each news to somebody, and come in one go.
    """
    if view.incident.scope.cause is Cause.REFUSED:
        newest = max((one.joined_at for one in view.open), default=now)
        return len(view.open) > known.count and _passed(newest, COMPLETE_AFTER, now)
    doubled = len(view.open) >= 2 * known.count > 0
    return doubled and _passed(known.at, GROWN_AFTER, now)


def _told(view: View, known: Told | None, kind: NoticeKind, *, now: datetime) -> Told:
    again = known is not None and kind is NoticeKind.OPENED
    count = len(view.open) or (known.count if known else 0)
    return Told(
        at=now,
        first_at=known.first_at if known else now,
        cause=view.incident.scope.cause,
        terminal=view.is_terminal or bool(known and known.terminal and not again),
        count=count,
        openings=(known.openings if known else 0) + (kind is NoticeKind.OPENED),
        closed=kind is NoticeKind.RECOVERED,
    )


def _says_end(cause: Cause) -> bool:
    """Tell whether people hear that it is over: an unusual use simply stops."""
    return cause is not Cause.UNUSUAL


def _passed(since: datetime, wait: timedelta, now: datetime) -> bool:
    """Tell whether a wait is over; also when the clock was set back by more."""
    return abs(now - since) >= wait


def forgotten(book: Book, channels: Collection[str]) -> Book:
    """Return the book without what channels were told that there are no more."""
    return replace(
        book,
        incidents=tuple(
            replace(one, told={c: t for c, t in one.told.items() if c in channels})
            if one.told.keys() - set(channels)
            else one
            for one in book.incidents
        ),
    )


def members_of(book: Book) -> Iterator[Member]:
    """Return every member of every incident."""
    for one in book.incidents:
        yield from one.members.values()
