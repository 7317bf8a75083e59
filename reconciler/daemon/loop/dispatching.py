"""The one queue of work, keyed by connection, behind a narrow port.

Due times are in the store; what is queued is only a hint, and may be lost. So a
queue shared by many hosts can stand behind the same port: adding what is queued
collapses, nobody works on one connection twice at once, and what people wait for
goes before what is merely due.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Protocol

from reconciler.daemon.board import Backlog


class Priority(IntEnum):
    """Who goes first; the lower number."""

    CHANGED = 0
    """A file was changed: its connection goes live, or not."""
    ASKED = 1
    """Somebody asked for this test and waits."""
    DUE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One test to make.

    `changed` tells that a changed file is tested, not what runs: both may wait, but
    never run at once. Of one `group` at most `limit` run at once. `since_s` is when
    it became due (Unix seconds).
    """

    name: str
    changed: bool = False
    priority: Priority = Priority.DUE
    group: str = ""
    limit: int = 1
    since_s: float = 0.0

    @property
    def key(self) -> tuple[str, bool]:
        """Return what is the same work."""
        return self.name, self.changed


class Dispatcher(Backlog, Protocol):
    """Hands out work; a host that took some tells when it is done."""

    def add(self, work: Work) -> bool:
        """Queue it; False when it was queued already, then the better priority holds.

        What is added while it runs is queued for afterwards.
        """
        ...

    def take(self) -> Work | None:
        """Return the next that may start now, None when there is none."""
        ...

    def done(self, work: Work) -> None:
        """Tell that taken work has ended, however it ended."""
        ...

    def cancel(self, key: tuple[str, bool]) -> bool:
        """Take out what waits under a key; False when nothing does."""
        ...


class LocalDispatcher:
    """The queue of one process. Groups take turns within a priority."""

    def __init__(self) -> None:
        self._queued: dict[tuple[str, bool], Work] = {}
        self._order: dict[Priority, dict[str, deque[Work]]] = {
            priority: {} for priority in Priority
        }
        self._busy: set[str] = set()
        self._running: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Return how much is queued."""
        return len(self._queued)

    @property
    def running(self) -> int:
        """Return how much was taken and is not done."""
        return len(self._busy)

    @property
    def oldest_s(self) -> float | None:
        """Return since when the longest queued waits; None when nothing does."""
        return min((work.since_s for work in self._queued.values()), default=None)

    def add(self, work: Work) -> bool:
        """Queue it; False when it was queued already."""
        before = self._queued.get(work.key)
        if before and before.priority <= work.priority:
            return False
        if before:
            work = replace(work, since_s=min(before.since_s, work.since_s))
        self._queued[work.key] = work
        groups = self._order[work.priority]
        groups.setdefault(work.group, deque()).append(work)
        return before is None

    def take(self) -> Work | None:
        """Return the next that may start now, None when there is none."""
        for groups in self._order.values():
            for group in list(groups):
                if work := self._first_of(groups, group):
                    del self._queued[work.key]
                    self._busy.add(work.name)
                    self._running[group] += 1
                    if group in groups:  # the others' turn
                        groups[group] = groups.pop(group)
                    return work
        return None

    def done(self, work: Work) -> None:
        """Tell that taken work has ended, however it ended."""
        self._busy.discard(work.name)
        self._running[work.group] -= 1
        if not self._running[work.group]:
            del self._running[work.group]

    def cancel(self, key: tuple[str, bool]) -> bool:
        """Take out what waits under a key; False when nothing does."""
        return self._queued.pop(key, None) is not None

    def _first_of(self, groups: dict[str, deque[Work]], group: str) -> Work | None:
        """Take the group's first that may start; what was moved up is dropped."""
        line = groups[group]
        held: list[Work] = []
        found = None
        while line and found is None:
            work = line[0]
            if self._queued.get(work.key) is not work:
                line.popleft()  # it was moved up meanwhile
            elif self._running[group] >= work.limit:
                break
            elif work.name in self._busy:
                held.append(line.popleft())
            else:
                found = line.popleft()
        line.extendleft(reversed(held))
        if not line:
            del groups[group]
        return found
