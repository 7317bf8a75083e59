"""What the API answers. Readers ignore unknown keys; minor versions only add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.core.connection import HealthPolicy
from reconciler.core.health import Health, Intent, Sync
from reconciler.core.market import Mark
from reconciler.core.outcome import Outcome
from reconciler.core.ports import Sample
from reconciler.core.record import Action, Attempt, Event, Record
from reconciler.core.run import Row
from reconciler.core.verdict import Verdict
from reconciler.daemon.control import DaemonState, Queue, Revisions

FORMAT_VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisCounts:
    """How many there are of each word of each axis, everything else as asked."""

    intent: Mapping[Intent, int]
    sync: Mapping[Sync, int]
    health: Mapping[Health, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPage:
    """One page of connections; `next` is the `after` of the next one, or empty.

    `total` counts what matches on all pages; `as_of` is when health was judged.
    """

    format_version: str = FORMAT_VERSION
    as_of: datetime
    total: int
    offset: int
    next: str
    counts: AxisCounts
    connections: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRevision:
    """The revision that runs."""

    revision: str
    file: str
    commit: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDetail:
    """One connection in full, but for its sealed document.

    `refused` is the attempted revision when it does not run, with why; `history` has
    the newest last.
    """

    format_version: str = FORMAT_VERSION
    connection: Row
    active: ActiveRevision | None
    refused: Attempt | None
    policy: HealthPolicy
    protected: bool
    managed_by: str
    generation: int
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None
    last_test: Verdict | None
    marks: tuple[Mark, ...] = ()
    history: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was done, newest first."""

    format_version: str = FORMAT_VERSION
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a test found, and how the connection stands now."""

    format_version: str = FORMAT_VERSION
    outcome: Outcome
    connection: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What a connection answered; prices are text, times UTC milliseconds."""

    format_version: str = FORMAT_VERSION
    symbol: str
    timeframe: str
    sample: Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How the connection stands after what was asked for."""

    format_version: str = FORMAT_VERSION
    connection: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonAnswer:
    """What the daemon says of itself, field by field: a new one is shown on purpose."""

    run_id: str
    started_at: datetime
    now: datetime
    not_ready: tuple[str, ...]
    network_up: bool
    network_down_since: datetime | None
    reload_ok: bool
    reloaded_at: datetime | None
    revisions: Revisions
    queue: Queue
    stages: Mapping[str, float]
    counters: Mapping[str, int]


def daemon_of(state: DaemonState, *, sees_all: bool) -> DaemonAnswer:
    """Return the state, for most without sentences: they may name others' files."""
    told = state.not_ready if sees_all else ()
    why = state.revisions.why if sees_all else ""
    return DaemonAnswer(
        run_id=state.run_id,
        started_at=state.started_at,
        now=state.now,
        not_ready=told,
        network_up=state.network_up,
        network_down_since=state.outage.since if state.outage else None,
        reload_ok=state.reload_ok,
        reloaded_at=state.reloaded_at,
        revisions=replace(state.revisions, why=why),
        queue=state.queue,
        stages=state.stages,
        counters=state.counters,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StateAnswer:
    """What the daemon says of itself, and how many connections one sees of each kind.

    Who does not see everything is not told sentences that may name what they do not
    see.
    """

    format_version: str = FORMAT_VERSION
    version: str
    ready: bool
    daemon: DaemonAnswer
    connections: int
    counts: AxisCounts
    principal: str
    role: str
    problems: tuple[str, ...] = field(default=())


def detail_of(record: Record, row: Row) -> ConnectionDetail:
    """Return a record as it may be shown."""
    active, attempted = record.active, record.attempted
    runs = (
        active is not None
        and attempted is not None
        and (active.revision == attempted.revision)
    )
    return ConnectionDetail(
        connection=row,
        active=ActiveRevision(
            revision=active.revision,
            file=active.file,
            commit=active.commit,
            at=active.at,
        )
        if active
        else None,
        refused=None if runs else attempted,
        policy=record.policy,
        protected=record.protected,
        managed_by=record.managed_by,
        generation=record.generation,
        created_at=record.created_at,
        updated_at=record.updated_at,
        last_used_at=record.last_used_at,
        last_test=record.last_test,
        marks=record.marks,
        history=record.history,
    )
