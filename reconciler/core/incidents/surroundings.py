"""The incidents that the daemon reports of itself: its network, and its troubles.

Without a network nothing can be known of any connection, so nothing else begins, and
what was found out just before the network was missed does not count until it was
tested again.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from reconciler.core.incidents.book import Book, Incident, Scope, Why, incident_id
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.observation import Surroundings, Trouble

RETEST_WITHIN: Final = timedelta(minutes=15)
"""So long after the network is back a test from before may be all there is."""

NETWORK: Final = Scope(cause=Cause.NETWORK, key="network", label="the network")
_NO_NETWORK: Final = Trouble(
    kind="network",
    summary="this machine has no network: nothing can be tested from here",
    fix="look at this machine's cable, router, DNS and proxy",
    waiting_helps=True,
    severity=Severity.ERROR,
)


def surrounded(
    book: Book, surroundings: Surroundings, *, watched: int, now: datetime
) -> Book:
    """Return the book after comparing it with what the daemon says of itself."""
    wanted = {_scope_of(one): one for one in surroundings.troubles}
    if not surroundings.network_up:
        wanted[NETWORK] = _NO_NETWORK
    kept, back_at = [], book.network_back_at
    for one in book.incidents:
        trouble = wanted.pop(one.scope, None)
        if trouble is not None:
            again = reopened(one, now=now)
            kept.append(_standing(again, trouble, watched=watched))
        elif one.stands:
            back_at = now if one.scope == NETWORK else back_at
            kept.append(replace(one, stands=False, ended_at=_end(one, now)))
        else:
            kept.append(one)
    taken = {one.id for one in book.incidents}
    made = (_made(scope, trouble, now, taken) for scope, trouble in wanted.items())
    troubles = {_scope_of(one): one for one in surroundings.troubles}
    troubles[NETWORK] = _NO_NETWORK
    kept += [_standing(one, troubles[one.scope], watched=watched) for one in made]
    return replace(book, incidents=tuple(kept), network_back_at=back_at)


def is_blind(book: Book) -> bool:
    """Tell whether the own network is down."""
    return any(one.stands and one.scope == NETWORK for one in book.incidents)


def is_outdated(book: Book, tested_at: datetime | None, *, now: datetime) -> bool:
    """Tell whether a test says nothing, since the network was missing after it."""
    back_at = book.network_back_at
    if back_at is None or not timedelta() <= now - back_at < RETEST_WITHIN:
        return False
    return tested_at is None or tested_at < back_at


def reopened(one: Incident, *, now: datetime) -> Incident:
    """Return an incident as going on; one that had ended begins anew."""
    if one.is_open:
        return one
    return replace(one, ended_at=None, opened_at=now, widened_at=None, members={})


def _scope_of(trouble: Trouble) -> Scope:
    return Scope(cause=Cause.DAEMON, key=trouble.kind, label=trouble.summary)


def _made(
    scope: Scope, trouble: Trouble, now: datetime, taken: Container[str]
) -> Incident:
    return Incident(
        id=incident_id(scope, now, taken),
        scope=scope,
        opened_at=now,
        severity=trouble.severity,
    )


def _standing(one: Incident, trouble: Trouble, *, watched: int) -> Incident:
    why = Why(
        summary=trouble.summary,
        fix=trouble.fix,
        category=trouble.kind,
        waiting_helps=trouble.waiting_helps,
    )
    affected = watched if one.scope == NETWORK else 0
    return replace(
        one,
        why=why,
        stands=True,
        severity=trouble.severity,
        affected=max(affected, one.affected),
    )


def _end(one: Incident, now: datetime) -> datetime | None:
    return None if one.open_names else now
