"""What the daemon knows of itself: everybody notes their part, HTTP reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reconciler.core.connectivity import Outage
from reconciler.core.incidents.standing import AlertStanding
from reconciler.core.ports import Clock
from reconciler.daemon.control import DaemonState, Queue, Revisions

STUCK_S = 900.0
"""Work that waits while nothing starts or ends for so long: the queue is stuck."""


class Backlog(Protocol):
    """How much work waits and runs."""

    @property
    def waiting(self) -> int:
        """Return how much is queued."""
        ...

    @property
    def running(self) -> int:
        """Return how much was taken and is not done."""
        ...

    @property
    def oldest_s(self) -> float | None:
        """Return since when the longest queued waits; None when nothing does."""
        ...


@dataclass(slots=True, kw_only=True)
class Board:
    """The daemon's own facts; `problems` holds one sentence per part that has one."""

    clock: Clock
    run_id: str
    started_at: datetime
    problems: dict[str, str] = field(default_factory=dict)
    outage: Outage | None = None
    reload_ok: bool = True
    reloaded_at: datetime | None = None
    revisions: Revisions = field(default_factory=Revisions)
    stages: dict[str, float] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    moved_at: datetime | None = None
    alerts: AlertStanding = field(default_factory=AlertStanding)

    def problem(self, part: str, sentence: str) -> None:
        """Note what keeps a part from working; an empty sentence: nothing any more."""
        if sentence:
            self.problems[part] = sentence
        else:
            self.problems.pop(part, None)

    def count(self, what: str, number: int = 1) -> None:
        """Add to a total since the start."""
        self.counters[what] += number

    def moved(self) -> None:
        """Note that a test was started or ended."""
        self.moved_at = self.clock.now()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long the block took."""
        began = self.clock.now()
        try:
            yield
        finally:
            self.stages[name] = max(0.0, (self.clock.now() - began).total_seconds())

    def state(self, queue: Backlog) -> DaemonState:
        """Return it all at this moment."""
        now, oldest_s = self.clock.now(), queue.oldest_s
        oldest = datetime.fromtimestamp(oldest_s, tz=now.tzinfo) if oldest_s else None
        return DaemonState(
            run_id=self.run_id,
            started_at=self.started_at,
            now=now,
            not_ready=(*self.problems.values(), *self._stuck(queue, now)),
            outage=self.outage,
            reload_ok=self.reload_ok,
            reloaded_at=self.reloaded_at,
            revisions=self.revisions,
            queue=Queue(
                waiting=queue.waiting,
                running=queue.running,
                oldest_due_at=oldest,
                moved_at=self.moved_at,
            ),
            stages=dict(self.stages),
            counters=dict(self.counters),
            alerts=self.alerts,
        )

    def _stuck(self, queue: Backlog, now: datetime) -> Iterator[str]:
        since = self.moved_at or self.started_at
        still_s = (now - since).total_seconds()
        if queue.waiting and still_s > STUCK_S:
            waiting = f"{queue.waiting} tests wait"
            yield f"{waiting}, but none began or ended in {still_s:.0f} s"
