"""The requests that are under way, so that a network closes after the last of them.

A library that asks several things at once gives up at the first failure and leaves
the rest running, with nobody to wait for them. One that is cancelled in its TLS
handshake, as the end of the loop does, leaves an open socket behind: so they are
given a moment to end, and cancelled only then.
"""

from __future__ import annotations

import asyncio
from typing import Any

_PATIENCE_S = 0.5
"""Long enough for a handshake; who asked does not wait for these answers."""


class Inflight:
    """The tasks that have a request under way."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], int] = {}

    async def settle(self) -> None:
        """Wait until nothing is under way but what the caller itself asks."""
        own = asyncio.current_task()
        left = [task for task in self._tasks if task is not own and not task.done()]
        if not left:
            return
        _, late = await asyncio.wait(left, timeout=_PATIENCE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def begin(self) -> asyncio.Task[Any] | None:
        """Note that the running task asks something."""
        task = asyncio.current_task()
        if task is not None:
            self._tasks[task] = self._tasks.get(task, 0) + 1
        return task

    def end(self, task: asyncio.Task[Any] | None) -> None:
        """Note that a task has its answer, or none to expect."""
        if task is None:
            return
        self._tasks[task] -= 1
        if not self._tasks[task]:
            del self._tasks[task]
