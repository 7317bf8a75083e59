"""What the daemon remembers of every record: when it is due, and little else.

The store is the truth. Its heads are compared by version, and only records that
moved (by our results, by `apply` in CI) are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from reconciler.core.diagnosis import Category
from reconciler.core.due import due_at, phase_of, spread_out
from reconciler.core.record import Head, Record, Result
from reconciler.daemon.loop.timetable import Timetable
from reconciler.daemon.loop.world import World

RECONNECTED_S = 60.0
"""What a cut kept from being tested is tested within so long after it."""


class Known(NamedTuple):
    """What is kept of a record; `retry_s` is its usual first wait after a failure.

    `cut_off` tells that our own network kept it from being tested.
    """

    version: int
    type: str
    provider: str
    retry_s: float
    cut_off: bool = False


@dataclass(slots=True)
class Fleet:
    """All records as the daemon knows them. Times are Unix seconds."""

    table: Timetable = field(default_factory=Timetable)
    known: dict[str, Known] = field(default_factory=dict)
    retries: dict[str, float] = field(default_factory=dict)
    """When refused revisions may be tried again, which an apply does."""

    def moved(self, heads: Mapping[str, Head]) -> list[str]:
        """Forget what is gone, and return the names to read again, sorted."""
        for name in self.known.keys() - heads.keys():
            self.forget(name)
        self.retries = dict(_retries(heads.values()))
        return sorted(
            name
            for name, head in heads.items()
            if name not in self.known or self.known[name].version != head.version
        )

    def learn(self, record: Record, world: World, *, spread: bool = False) -> None:
        """Take in a record as it is in the store now.

        With `spread` what is overdue is not all due at once.
        """
        now = world.ports.clock.now()
        phase = phase_of(record.name, world.seed)
        at = due_at(record, now=now, phase=phase, luck=world.luck())
        policy = record.policy
        if at is not None and spread:
            at = spread_out(
                at,
                now_s=now.timestamp(),
                interval_s=policy.interval_s,
                phase=phase,
            )
        self.known[record.name] = Known(
            version=record.version,
            type=record.type,
            provider=record.provider,
            retry_s=policy.retry_interval_s,
            cut_off=_is_cut_off(record),
        )
        self.table.set(record.name, at)

    def again(self, name: str, now: datetime) -> None:
        """Plan another test of what left no result: not at once, or it never ends."""
        known = self.known.get(name)
        if known is None:
            return
        soonest_s = now.timestamp() + known.retry_s
        planned_s = self.table.moment_of(name)
        if planned_s is None or planned_s < soonest_s:
            self.table.set(name, soonest_s)

    def reconnected(self, world: World) -> None:
        """Test soon what our own network kept from being tested, spread over a while.

        Nothing has to wait for its usual turn to be known again.
        """
        now_s = world.ports.clock.now().timestamp()
        for name, known in self.known.items():
            if known.cut_off:
                soon_s = now_s + phase_of(name, world.seed) * RECONNECTED_S
                at = self.table.moment_of(name)
                self.table.set(name, soon_s if at is None else min(at, soon_s))

    def forget(self, name: str) -> None:
        """Forget a record that is gone."""
        self.known.pop(name, None)
        self.table.set(name, None)

    def shift(self, by_s: float) -> None:
        """Go with a clock that was set: nothing waits longer, nothing starts now."""
        self.table.shift(by_s)

    def retry_after(self, since_s: float) -> float | None:
        """Return the first moment after `since_s` at which a refused one is due."""
        return min((at for at in self.retries.values() if at > since_s), default=None)


def _is_cut_off(record: Record) -> bool:
    unable = record.unable
    return bool(unable and unable.diagnosis.category is Category.OWN_NETWORK)


def _retries(heads: Iterable[Head]) -> Iterable[tuple[str, float]]:
    for head in heads:
        refused = head.result not in {None, Result.APPLIED}
        if refused and not head.terminal and head.next_attempt_at is not None:
            yield head.name, head.next_attempt_at
