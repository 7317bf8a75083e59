"""Keys and certificates that end: told 30, 7 and 1 days before, and at the end.

Each of these once, and many together: who has five hundred connections with one key
is told once of it, not five hundred times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from reconciler.core.endings import warning_level
from reconciler.core.incidents.book import Book, Member, Why
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.notice import NAMES_TOLD, Hit, Notice, NoticeKind
from reconciler.core.incidents.observation import Ending, Observation
from reconciler.core.incidents.routing import audience_of_members
from reconciler.core.incidents.telling import Manner

GATHERED_FOR: Final = timedelta(minutes=30)
"""What is found within so long is told together: no key ends to the minute."""

_DAY: Final = timedelta(days=1)
_SEVERITY: Final = {
    0: Severity.ERROR,
    1: Severity.ERROR,
    7: Severity.WARNING,
    30: Severity.INFO,
}
_FIX: Final = {
    "key": "make a new key at the provider and seal it in time",
    "certificate": "tell the provider, or whoever runs the server, to renew it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    key: str
    seen: Observation
    ending: Ending
    stage: int

    @property
    def mark(self) -> str:
        return f"{self.ending.at:%Y-%m-%d} {self.stage}"


def endings_told(
    book: Book, seen: Mapping[str, Observation], manner: Manner, *, now: datetime
) -> tuple[Book, tuple[tuple[str, Notice], ...]]:
    """Return the book after telling what ends soon, and what each channel is told."""
    due = [
        one for one in _due(book, seen, now=now) if one.seen.name not in manner.quiet
    ]
    if not due:
        return replace(book, endings_since=None), ()
    since = book.endings_since
    if since is None:
        return replace(book, endings_since=now), ()
    if abs(now - since) < GATHERED_FOR:
        return book, ()
    marks = {one.key: one.mark for one in due}
    kept = {
        key: mark
        for key, mark in book.endings.items()
        if key.rpartition(" ")[0] in seen and mark[:10] >= _oldest(now)
    }
    after = replace(book, endings={**kept, **marks}, endings_since=None)
    return after, tuple(_notices(due, manner, now=now))


def _oldest(now: datetime) -> str:
    """Return the day before which an end is past for everybody's purposes."""
    return f"{now - 400 * _DAY:%Y-%m-%d}"


def _due(
    book: Book, seen: Mapping[str, Observation], *, now: datetime
) -> Iterator[_Due]:
    for one in seen.values():
        for ending in one.endings if one.watched else ():
            key = f"{one.name} {ending.what}"
            stage = warning_level(ending.at, now=now)
            if stage < 0:
                continue
            found = _Due(key=key, seen=one, ending=ending, stage=stage)
            if not _is_told(book.endings.get(key, ""), found):
                yield found


def _is_told(mark: str, due: _Due) -> bool:
    """Tell whether this stage of this end, or a later one, was told already."""
    day, _, stage = mark.partition(" ")
    return day == f"{due.ending.at:%Y-%m-%d}" and int(stage) <= due.stage


def _notices(
    due: list[_Due], manner: Manner, *, now: datetime
) -> Iterator[tuple[str, Notice]]:
    groups: dict[tuple[str, int], list[_Due]] = defaultdict(list)
    for one in due:
        groups[one.ending.what, one.stage].append(one)
    for (what, stage), members in sorted(groups.items()):
        by_name = {one.seen.name: one for one in members}
        people = [_member(one, now=now) for one in members]
        audience = audience_of_members(people, Cause.EXPIRY, manner.routing)
        for channel, names in sorted(audience.items()):
            theirs = [by_name[name] for name in sorted(names)]
            yield channel, _notice(what, stage, theirs, now=now)


def _member(one: _Due, *, now: datetime) -> Member:
    return Member(
        name=one.seen.name,
        owner=one.seen.owner,
        provider=one.seen.provider,
        labels=one.seen.labels,
        since=now,
        joined_at=now,
        severity=_SEVERITY[one.stage],
        why=Why(summary=""),
    )


def _notice(what: str, stage: int, theirs: list[_Due], *, now: datetime) -> Notice:
    text = f"{what}\0{stage}\0{now.isoformat()}"
    return Notice(
        incident=sha256(text.encode()).hexdigest()[:12],
        kind=NoticeKind.ENDING,
        cause=Cause.EXPIRY,
        label=what,
        severity=_SEVERITY[stage],
        at=now,
        since=now,
        ended_at=min(one.ending.at for one in theirs),
        count=len(theirs),
        why=Why(summary=_summary(what, stage), fix=_FIX.get(what, ""), category=what),
        connections=tuple(_hit(one, now=now) for one in theirs[:NAMES_TOLD]),
    )


def _summary(what: str, stage: int) -> str:
    if stage == 0:
        return f"the {what} has ended"
    word = "day" if stage == 1 else "days"
    return f"the {what} ends within {stage} {word}"


def _hit(one: _Due, *, now: datetime) -> Hit:
    word = "ended" if one.ending.at <= now else "ends"
    return Hit(
        name=one.seen.name,
        owner=one.seen.owner,
        provider=one.seen.provider,
        labels=one.seen.labels,
        since=now,
        note=f"{word} on {one.ending.at:%Y-%m-%d}",
    )
