"""Which connection is due when: a heap that forgets what was changed since."""

from __future__ import annotations

import heapq

_SLACK = 64


class Timetable:
    """The next moment of each name, in Unix seconds; a name has one or none."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._at)

    @property
    def size(self) -> int:
        """Return how many entries are held, the forgotten ones too."""
        return len(self._heap)

    @property
    def next_at(self) -> float | None:
        """Return when the first is due; None for none."""
        self._drop_forgotten()
        return self._heap[0][0] if self._heap else None

    def moment_of(self, name: str) -> float | None:
        """Return when a name is due; None when it is not."""
        return self._at.get(name)

    def set(self, name: str, at_s: float | None) -> None:
        """Set when a name is due; None takes it out."""
        if at_s is None:
            self._at.pop(name, None)
        elif self._at.get(name) != at_s:
            self._at[name] = at_s
            heapq.heappush(self._heap, (at_s, name))
        if len(self._heap) > 2 * len(self._at) + _SLACK:
            self._heap = [(at, name) for name, at in self._at.items()]
            heapq.heapify(self._heap)

    def shift(self, by_s: float) -> None:
        """Move every moment, after the clock was moved."""
        self._at = {name: at + by_s for name, at in self._at.items()}
        self._heap = [(at, name) for name, at in self._at.items()]
        heapq.heapify(self._heap)

    def take_due(self, now_s: float) -> list[tuple[str, float]]:
        """Take out what is due, the longest overdue first, with its moment."""
        taken = []
        while (at := self.next_at) is not None and at <= now_s:
            _, name = heapq.heappop(self._heap)
            del self._at[name]
            taken.append((name, at))
        return taken

    def _drop_forgotten(self) -> None:
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
