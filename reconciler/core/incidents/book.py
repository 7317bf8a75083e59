"""The incidents that are open and who was told of them: all that a restart must keep.

Nothing in it is a secret or computed from one: an account is known by the names of
its connections, never by its key.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from reconciler.core.incidents.causes import Cause, Severity

FORMAT_VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an incident is about. `key` is its identity within the cause.

    No duration, count or diagnosis is part of it, so that one trouble stays one.
    """

    cause: Cause
    key: str
    label: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why something fails, as it is told; `detail` is a refused revision's."""

    summary: str
    fix: str = ""
    category: str = ""
    waiting_helps: bool = False
    terminal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One connection in an incident; open until `until` is set.

    `since` is when the trouble began, `joined_at` when the incident heard of it.
    `left` says why it is no member any more: well, off, gone.
    """

    name: str
    owner: str
    provider: str
    since: datetime
    joined_at: datetime
    severity: Severity
    why: Why
    labels: Mapping[str, str] = field(default_factory=dict)
    tested_at: datetime | None = None
    running: bool = True
    revision: str = ""
    commit: str = ""
    until: datetime | None = None
    left: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one channel knows of an incident.

    `at` is when it was last told anything, `openings` how often it was told that the
    incident began since `first_at`; `closed` that it knows of the end.
    """

    at: datetime
    first_at: datetime
    cause: Cause
    terminal: bool = False
    count: int = 0
    openings: int = 1
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One trouble with one cause, and everybody whom it hits.

    Open until `ended_at` is set. `widened_at` is when a wider cause was found. What
    the daemon reports of itself `stands` without members, for as long as it does, and
    `why` says what it is; `affected` then counts the connections that nobody watches.
    """

    id: str
    scope: Scope
    opened_at: datetime
    widened_at: datetime | None = None
    ended_at: datetime | None = None
    members: Mapping[str, Member] = field(default_factory=dict)
    why: Why | None = None
    stands: bool = False
    severity: Severity = Severity.ERROR
    affected: int = 0
    total: int = 0
    told: Mapping[str, Told] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Tell whether it goes on."""
        return self.ended_at is None

    @property
    def open_names(self) -> frozenset[str]:
        """Return the names of those that it still hits."""
        return frozenset(n for n, one in self.members.items() if one.until is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Every incident that is open or ended lately, and the endings that were told.

    `endings` maps "name what" to "day stage" (`core.incidents.endings`).
    `network_back_at` is when the own network was last found to be back.
    """

    incidents: tuple[Incident, ...] = ()
    endings: Mapping[str, str] = field(default_factory=dict)
    endings_since: datetime | None = None
    """When the first of the endings that nobody was told of yet was found."""
    network_back_at: datetime | None = None


def incident_id(scope: Scope, opened_at: datetime, taken: Container[str]) -> str:
    """Return a name for an incident that none of the others has.

    One that has become wider keeps the name under which it began.
    """
    text = f"{scope.cause}\0{scope.key}\0{opened_at.isoformat()}"
    while (name := sha256(text.encode()).hexdigest()[:12]) in taken:
        text += "+"
    return name
