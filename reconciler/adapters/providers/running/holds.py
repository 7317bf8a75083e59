"""Who has to wait because a provider asked this address to: all that go the same way.

A ban meets an address, not a connection: whoever goes on asking makes it longer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reconciler.adapters.providers.running.ways import Way
from reconciler.core.diagnosis import Category, Diagnosis, diagnose

SHORT_S: Final = 5.0
"""A shorter wait is sat out, a longer one comes back as postponed."""
_DEFAULTS_S: Final = {Category.RATE_LIMITED: 30.0, Category.IP_BANNED: 300.0}
"""Waits of providers that do not say for how long."""
_MOST: Final = 1024


class Holds:
    """Until when nothing is sent a way; `ticks` is a steady clock in seconds."""

    __slots__ = ("_ticks", "_until")

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._until: dict[Way, tuple[float, str]] = {}

    def __len__(self) -> int:
        return len(self._until)

    def left_s(self, way: Way) -> float:
        """Return for how long nothing is sent this way, 0 when it is open."""
        until, _ = self._until.get(way, (0.0, ""))
        left = until - self._ticks()
        if left <= 0:
            self._until.pop(way, None)
        return max(0.0, left)

    def heed(self, way: Way, diagnosis: Diagnosis, name: str) -> None:
        """Hold a way as long as the answer that `name` got asks for."""
        wait_s = wait_asked_for(diagnosis)
        if wait_s <= self.left_s(way):
            return
        if len(self._until) >= _MOST:
            self._forget_what_is_over()
        if len(self._until) < _MOST:
            self._until[way] = self._ticks() + wait_s, name

    def postponed(self, way: Way) -> Diagnosis:
        """Return why a test is not made now, and for how long."""
        _, name = self._until.get(way, (0.0, ""))
        return diagnose(
            Category.POSTPONED,
            detail=f"as '{name}' was told" if name else "",
            retry_after_s=round(self.left_s(way), 1),
        )

    def _forget_what_is_over(self) -> None:
        for way in list(self._until):
            self.left_s(way)


def wait_asked_for(diagnosis: Diagnosis) -> float:
    """Return how long an answer asks everybody to wait; 0 when it does not."""
    usual = _DEFAULTS_S.get(diagnosis.category)
    return 0.0 if usual is None else diagnosis.retry_after_s or usual
