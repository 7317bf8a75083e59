"""Incidents opened, widened, merged and ended by what is observed now.

Level-based: the whole fleet is compared with the whole book, so that nothing depends
on having seen a change happen. An incident keeps its identity when a wider cause is
found, and takes over those that the wider cause explains.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from reconciler.core.incidents.book import (
    Book,
    Incident,
    Member,
    Scope,
    incident_id,
)
from reconciler.core.incidents.cases import (
    Case,
    Family,
    cases_of,
    ended,
    family_of,
    member_of,
)
from reconciler.core.incidents.causes import WIDTH, Cause
from reconciler.core.incidents.grouping import Fleet, Held, Place, fleet_of, grouped
from reconciler.core.incidents.observation import Observation
from reconciler.core.incidents.surroundings import is_blind, is_outdated, reopened

KEPT_FOR: Final = timedelta(hours=1)
"""One that begins again so soon after its end is the same incident."""

Seen = Mapping[str, Observation]


def brought_up(book: Book, seen: Seen, *, now: datetime, complete: bool = True) -> Book:
    """Return the book after comparing it with everything that is observed.

    No failure counts as a connection's while this machine has no network, or when it
    was found out before the network was back.

    Args:
        book: What is known.
        seen: The latest observation of every connection.
        now: This moment.
        complete: Whether `seen` is everything; else what is missing is no news.
    """
    blind = is_blind(book)
    cases = [
        case
        for one in seen.values()
        if not one.is_plain(now)
        for case in cases_of(one, now=now)
        if case.family is not Family.HEALTH
        or not (blind or is_outdated(book, one.tested_at, now=now))
    ]
    fleet = fleet_of(seen.values())
    scopes = grouped(cases, fleet, _held(book))
    desk = _Desk(book, now=now)
    by_scope: dict[Scope, list[Case]] = defaultdict(list)
    for case in cases:
        by_scope[scopes[case.family, case.seen.name, case.key]].append(case)
    for scope in sorted(by_scope, key=lambda one: (WIDTH.get(one.cause, 9), one.key)):
        desk.put(scope, by_scope[scope], total=_total(scope, fleet))
    desk.end_others(seen, complete=complete)
    return replace(book, incidents=desk.result())


def _held(book: Book) -> Held:
    return {
        (family_of(one.scope.cause), name): Place(one.scope, one.members[name].revision)
        for one in book.incidents
        for name in one.open_names
    }


def _total(scope: Scope, fleet: Fleet) -> int:
    if scope.cause is Cause.EXCHANGE:
        return fleet.by_exchange.get(scope.label, 0)
    if scope.cause is Cause.PROXY:
        return fleet.by_proxy.get(scope.key, 0)
    return fleet.count if scope.cause is Cause.NETWORK else 0


class _Desk:
    """The incidents while they are brought up to date."""

    def __init__(self, book: Book, *, now: datetime) -> None:
        self._now = now
        self._by_id = {one.id: one for one in book.incidents}
        ordered = sorted(book.incidents, key=lambda one: (one.is_open, one.opened_at))
        self._by_scope = {one.scope: one.id for one in ordered}
        self._where = {
            (family_of(one.scope.cause), name): one.id
            for one in book.incidents
            for name in one.open_names
        }
        self._placed: set[tuple[str, str]] = set()
        """(incident, name) of every case that has its place."""

    def put(self, scope: Scope, cases: list[Case], *, total: int) -> None:
        """Give all cases of one scope their place in one incident."""
        family = family_of(scope.cause)
        home_id = self._home(scope, [case.seen.name for case in cases]).id
        placed: dict[str, Member] = {}
        for case in cases:
            name = case.seen.name
            before = self._by_id[home_id].members.get(name)
            if before is None or before.until is not None:
                before = self._taken(name, family, home_id)
            placed[name] = member_of(case, before, now=self._now)
            self._placed.add((home_id, name))
            if family is not Family.UNUSUAL:
                self._where[family, name] = home_id
        home = reopened(self._by_id[home_id], now=self._now)
        self._by_id[home_id] = replace(
            home,
            members={**home.members, **placed},
            total=max(total, home.total),
        )

    def _home(self, scope: Scope, names: list[str]) -> Incident:
        """Return the incident of a scope: the same, one that widens, or a new one."""
        known = self._by_scope.get(scope)
        if known is None:
            known = self._widened(scope, names)
        if known is None:
            known = incident_id(scope, self._now, self._by_id)
            self._by_id[known] = Incident(id=known, scope=scope, opened_at=self._now)
        self._by_scope[scope] = known
        return self._by_id[known]

    def _widened(self, scope: Scope, names: list[str]) -> str | None:
        """Make the first of the incidents that the scope explains as wide as it."""
        family, everybody = family_of(scope.cause), frozenset(names)
        ids = {self._where.get((family, name)) for name in names}
        for one in sorted(
            (self._by_id[known] for known in ids if known),
            key=lambda one: (one.opened_at, one.id),
        ):
            if one.open_names <= everybody and _widens(one.scope, scope):
                del self._by_scope[one.scope]
                wider = replace(one, scope=scope, widened_at=self._now)
                self._by_id[one.id] = wider
                return one.id
        return None

    def _taken(self, name: str, family: Family, home_id: str) -> Member | None:
        """Take somebody out of another open incident; return what goes on of it."""
        other_id = self._where.get((family, name))
        if other_id is None or other_id == home_id or family is Family.UNUSUAL:
            return None
        other = self._by_id[other_id]
        member = other.members[name]
        rest = replace(
            other, members={n: m for n, m in other.members.items() if n != name}
        )
        self._by_id[other_id] = rest
        home = self._by_id[home_id]
        widens = _widens(rest.scope, home.scope)
        if rest.open_names or rest.stands:
            return member if widens else None
        if widens:
            self._absorb(rest, home)
            return member
        if family is Family.REFUSED and not rest.members:
            self._drop(rest)  # another revision took its place
        return None

    def _absorb(self, other: Incident, home: Incident) -> None:
        """Merge an incident that a wider one explains: whoever knew it knows this."""
        recovered = {n: m for n, m in other.members.items() if n not in home.members}
        self._by_id[home.id] = replace(
            home,
            told={**other.told, **home.told},
            opened_at=min(home.opened_at, other.opened_at),
            members={**recovered, **home.members},
            widened_at=home.widened_at or (self._now if other.told else None),
        )
        self._drop(other)

    def _drop(self, one: Incident) -> None:
        del self._by_id[one.id]
        self._by_scope.pop(one.scope, None)

    def end_others(self, seen: Seen, *, complete: bool) -> None:
        """End what has no case any more: members, and incidents without any left."""
        for one in list(self._by_id.values()):
            kept = self._without_ended(one, seen, complete=complete)
            if kept.is_open and not (kept.stands or kept.open_names):
                kept = replace(kept, ended_at=self._now)
            self._by_id[one.id] = kept

    def _without_ended(self, one: Incident, seen: Seen, *, complete: bool) -> Incident:
        family, over = family_of(one.scope.cause), {}
        for name in one.open_names:
            if (one.id, name) in self._placed or not (complete or name in seen):
                continue
            if left := ended(seen.get(name), family, now=self._now):
                over[name] = replace(one.members[name], until=self._now, left=left)
        return replace(one, members={**one.members, **over}) if over else one

    def result(self) -> tuple[Incident, ...]:
        """Return what is worth keeping, in the order of opening."""
        kept = (one for one in self._by_id.values() if self._is_kept(one))
        return tuple(sorted(kept, key=lambda one: (one.opened_at, one.id)))

    def _is_kept(self, one: Incident) -> bool:
        if one.ended_at is None or any(not told.closed for told in one.told.values()):
            return True
        return bool(one.told) and abs(self._now - one.ended_at) < KEPT_FOR


def _widens(narrow: Scope, wide: Scope) -> bool:
    """Tell whether one cause can turn out to be another."""
    if narrow.cause not in WIDTH or wide.cause not in WIDTH:
        return False
    return WIDTH[narrow.cause] >= WIDTH[wide.cause]
