"""How HTTP and the status page speak to the running daemon, and what it says of itself.

The engine implements `Control`; whoever serves it needs nothing else of the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reconciler.core.connectivity import Outage
from reconciler.core.incidents.standing import AlertStanding
from reconciler.core.outcome import Outcome
from reconciler.core.ports import Ask, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """What of the files runs, and what was refused and why.

    `running` and `refused` are Git commits, empty without Git or a refusal.
    """

    running: str = ""
    applied_at: datetime | None = None
    refused: str = ""
    refused_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The work ahead: tests that are due or asked for, and those that run.

    `oldest_due_at` is when the longest waiting test became due.
    """

    waiting: int = 0
    running: int = 0
    oldest_due_at: datetime | None = None
    moved_at: datetime | None = None
    """When a test was last started or ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonState:
    """What the daemon says of itself. Times are aware UTC.

    `not_ready` says why it is not ready, one sentence each; empty means ready.
    `outage` is there while our own network is down. `reload_ok` tells whether files
    and settings could be read the last time.
    `stages` maps a stage of the cycle (read, plan, test, commit, report) to the
    seconds that it took last.
    """

    run_id: str
    started_at: datetime
    now: datetime
    not_ready: tuple[str, ...] = ()
    outage: Outage | None = None
    reload_ok: bool = True
    reloaded_at: datetime | None = None
    revisions: Revisions = field(default_factory=Revisions)
    queue: Queue = field(default_factory=Queue)
    stages: Mapping[str, float] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    """Totals since the start, such as `tests_passed`, `tests_failed`, `panics`."""
    alerts: AlertStanding = field(default_factory=AlertStanding)
    """Open incidents, and how their delivery does."""

    @property
    def network_up(self) -> bool:
        """Tell whether our own network is not known to be down."""
        return self.outage is None

    @property
    def is_ready(self) -> bool:
        """Tell whether it does what it is there for."""
        return not self.not_ready


class Control(Protocol):
    """The running daemon, as its own process and only within it sees it.

    Everything raises `InputError` for a name that is not there, and `StateError`
    when the daemon cannot do it now.
    """

    def state(self) -> DaemonState:
        """Return what the daemon says of itself; cheap, never blocks."""
        ...

    async def test(self, name: str, *, who: str) -> Outcome:
        """Test what runs before everything that is merely due; wait for the outcome."""
        ...

    async def sample(self, name: str, ask: Ask, *, who: str) -> Sample:
        """Fetch data through what runs, and note the use."""
        ...

    async def suspend(
        self, name: str, *, who: str, reason: str, until: datetime | None
    ) -> None:
        """Take a connection out of service for a time; it is not tested meanwhile."""
        ...

    async def resume(self, name: str, *, who: str) -> None:
        """Put a suspended connection back, and test it."""
        ...
