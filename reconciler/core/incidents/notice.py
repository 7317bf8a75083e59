"""What one channel is told once: the value behind subject, text and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from reconciler.core.incidents.book import Why
from reconciler.core.incidents.causes import Cause, Severity

FORMAT_VERSION: Final = "1.0"
NAMES_TOLD: Final = 100
"""So many connections are named; `count` has the number of all."""


class NoticeKind(StrEnum):
    """Why somebody is told something."""

    OPENED = "opened"
    WIDENED = "widened"
    GROWN = "grown"
    CHANGED = "changed"
    """It now needs somebody to do something; waiting does not help any more."""
    REMINDER = "reminder"
    RECOVERED = "recovered"
    ENDING = "ending"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One connection that a notice names; `until` is set when it is over.

    `note` says what only this one has: the day on which its key ends.
    """

    name: str
    owner: str
    provider: str
    since: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    until: datetime | None = None
    left: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one channel is told of one incident, at `at`.

    `count` is how many are hit at the moment, or were until now when it is over;
    `total` how many of the same exchange, proxy or network are watched, 0 when that
    is not told. `quiet` are hit too, but are in maintenance. `openings` counts how
    often it began within the last hours.
    """

    incident: str
    kind: NoticeKind
    cause: Cause
    label: str
    severity: Severity
    at: datetime
    since: datetime
    ended_at: datetime | None = None
    count: int = 0
    total: int = 0
    quiet: int = 0
    openings: int = 1
    running: int = 0
    """Of those refused: how many keep their last good revision running."""
    revision: str = ""
    commit: str = ""
    why: Why = field(default_factory=lambda: Why(summary=""))
    connections: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes: the machine's name, and the status page's address if there is one."""

    place: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is delivered at once, under an id that stays the same for every try.

    Usually one notice; several when they came too fast to be told one by one. `left`
    counts those that did not fit any more.
    """

    id: str
    channel: str
    made_at: datetime
    notices: tuple[Notice, ...]
    left: int = 0
    sender: Sender = field(default_factory=Sender)
