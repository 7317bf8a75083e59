"""What the store holds of one connection, and of what was done to it.

The record keeps the *encrypted* document, never a credential. `active` is the
last revision that passed its test and runs; `attempted` the last one that was
considered, with what became of it. They differ after a rejection.

`Head` is the little of a record that planning needs for a connection that did
not change; stores answer it for everything without reading everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from reconciler.core.connection import HealthPolicy, OnRemove
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.market import Mark
from reconciler.core.statistics import Statistics
from reconciler.core.suspension import Suspension
from reconciler.core.usage import Usage
from reconciler.core.verdict import Certificate, Verdict

PASSES_KEPT = 5
"""So many passing tests a record's history keeps; they say little."""
EVENTS_KEPT = 15
"""So many failures and changes, which are what people look for, it keeps besides."""
ACCEPTED_LIMIT = 20
_DAY_S = 86_400


class Status(StrEnum):
    """The panel's word for a connection; intent and health live elsewhere."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    ERROR = "error"
    TESTING = "testing"


class Result(StrEnum):
    """What happened to one change."""

    APPLIED = "applied"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    FAILED = "failed"


class ActionName(StrEnum):
    """What the append-only action log tells of."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    TEST = "test"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    ADOPT = "adopt"
    RENAME = "rename"
    FETCH = "fetch"
    SUSPEND = "suspend"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One revision as it was accepted; `text` is the sealed document."""

    revision: str
    text: str
    file: str
    commit: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A revision that passed once; `seal` is the digest of its ciphertext.

    Kept so that a plan can say when an old document, or its old credentials, return.
    """

    revision: str
    seal: str
    commit: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The last revision considered and what became of it; `tries` starts at 1."""

    revision: str
    result: Result
    file: str
    commit: str | None
    at: datetime
    tries: int = 1
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a record's bounded history, newest last."""

    at: datetime
    action: ActionName
    revision: str
    result: Result
    latency_ms: float | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """A name that a connection had until it was renamed."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unable:
    """Why this machine cannot test a connection at present: no news of it.

    `since` is when it first could not, for this reason; `until` when it may again,
    None when nobody knows. The next test that says something ends it.
    """

    since: datetime
    diagnosis: Diagnosis
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One connection in the store. Times are aware UTC.

    `managed_by` names the workspace whose files declare it; empty for a record
    that another tool put there. `version` counts commits of this record and
    guards against lost updates; `generation` counts accepted revisions, the newest
    of which are in `accepted`, newest last.
    `next_attempt_at` is None when no retry is due (healthy, or terminal).
    `golden` is what was seen when the active revision was accepted; `marks` what was
    seen last. `expires_at` is when the credentials end as the file says it; the
    provider may know better (`key_ends_at`). `failing_since` is the first failure of
    those that `failures` counts; `unable` is set while we cannot test it.
    `on_remove` and `used_by` are the file's, and hold when it is gone. `former_names`
    come oldest first. `suspension` is what an operator asked for while it ran,
    `declared_suspension` what its file says; which of them holds now is told by
    `suspension_of`.
    """

    name: str
    type: str
    provider: str
    owner: str
    managed_by: str
    status: Status
    created_at: datetime
    updated_at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    on_remove: OnRemove = OnRemove.DEACTIVATE
    used_by: tuple[str, ...] = ()
    former_names: tuple[Former, ...] = ()
    orphaned: bool = False
    policy: HealthPolicy = field(default_factory=HealthPolicy)
    active: Deployed | None = None
    attempted: Attempt | None = None
    generation: int = 0
    version: int = 0
    failures: int = 0
    successes: int = 0
    last_tested_at: datetime | None = None
    last_connected_at: datetime | None = None
    last_used_at: datetime | None = None
    next_attempt_at: datetime | None = None
    last_test: Verdict | None = None
    marks: tuple[Mark, ...] = ()
    history: tuple[Event, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    expires_at: datetime | None = None
    golden: tuple[Mark, ...] = ()
    suspension: Suspension | None = None
    declared_suspension: Suspension | None = None
    failing_since: datetime | None = None
    unable: Unable | None = None
    stats: Statistics = field(default_factory=Statistics)
    usage: Usage | None = None


class Head(NamedTuple):
    """The part of a record that decides whether its connection needs a look.

    A tuple, because every plan makes one for every record. `revision` is the
    attempted one; `result` what became of it. `terminal` and `next_attempt_at`
    (Unix seconds) tell whether a rejected one is due again. `ends_on` is the day on
    which the key ends, counted from 1970; 0 when nobody knows of one. `suspended` tells
    that an operator suspended it, maybe until a time that is over.
    """

    name: str
    revision: str
    active_revision: str
    result: Result | None
    status: Status
    managed_by: str
    owner: str
    provider: str
    protected: bool = False
    orphaned: bool = False
    terminal: bool = False
    next_attempt_at: float | None = None
    version: int = 0
    ends_on: int = 0
    on_remove: OnRemove = OnRemove.DEACTIVATE
    suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One line of the append-only action log."""

    at: datetime
    name: str
    action: ActionName
    result: Result
    who: str
    revision: str = ""
    commit: str | None = None
    latency_ms: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One atomic write.

    `expected` maps a name to the version that was read (0 = must not exist); a
    mismatch refuses the whole write with `StaleError`.

    `desired` tells whether the recorded *desired* state moves: only then does the
    store's serial go up, so that a re-test never makes a saved plan stale.
    """

    put: tuple[Record, ...] = ()
    remove: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    expected: Mapping[str, int] = field(default_factory=dict)
    desired: bool = False


def head_of(record: Record) -> Head:
    """Return the head of a record."""
    attempted, diagnosis = record.attempted, _standing_diagnosis(record)
    due, ends_at = record.next_attempt_at, key_ends_at(record)
    return Head(
        name=record.name,
        revision=attempted.revision if attempted else "",
        active_revision=record.active.revision if record.active else "",
        result=attempted.result if attempted else None,
        status=record.status,
        managed_by=record.managed_by,
        owner=record.owner,
        provider=record.provider,
        protected=record.protected,
        orphaned=record.orphaned,
        terminal=bool(diagnosis and diagnosis.is_terminal),
        next_attempt_at=due.timestamp() if due else None,
        version=record.version,
        ends_on=int(ends_at.timestamp() // _DAY_S) if ends_at else 0,
        on_remove=record.on_remove,
        suspended=record.suspension is not None,
    )


def renamed(record: Record, name: str, *, now: datetime) -> Record:
    """Return a record under another name; it keeps everything else."""
    former = Former(name=record.name, until=now)
    return replace(record, name=name, former_names=(*record.former_names, former))


def suspension_of(record: Record, *, now: datetime) -> Suspension | None:
    """Return the suspension that holds, an operator's before the file's."""
    both = (record.suspension, record.declared_suspension)
    return next((one for one in both if one and one.holds(now)), None)


def is_suspended(record: Record, *, now: datetime) -> bool:
    """Tell whether an operator suspended it, whatever its file says."""
    return record.suspension is not None and record.suspension.holds(now)


def key_ends_at(record: Record) -> datetime | None:
    """Return when the credentials end: the earlier of what file and provider say."""
    test = record.last_test
    said = (record.expires_at, test.key.expires_at if test and test.key else None)
    return min((moment for moment in said if moment), default=None)


def certificate_of(record: Record) -> Certificate | None:
    """Return the certificate that ends first of those that tests met, if known."""
    return record.last_test.certificate if record.last_test else None


def with_event(history: tuple[Event, ...], event: Event) -> tuple[Event, ...]:
    """Return a history with one line more, in order; passing tests leave first."""
    whole = (*history, event)
    passes = [index for index, one in enumerate(whole) if _is_pass(one)]
    others = [index for index, one in enumerate(whole) if not _is_pass(one)]
    kept = {*passes[-PASSES_KEPT:], *others[-EVENTS_KEPT:]}
    return tuple(one for index, one in enumerate(whole) if index in kept)


def _is_pass(event: Event) -> bool:
    return event.action is ActionName.TEST and event.result is Result.APPLIED


def _standing_diagnosis(record: Record) -> Diagnosis | None:
    """Return why it waits: the refused revision's failure, or what runs failing."""
    attempted, test = record.attempted, record.last_test
    if attempted and attempted.result is not Result.APPLIED:
        return attempted.diagnosis
    return test.diagnosis if test and record.status is Status.ERROR else None
