"""What a program opens has one network in common, and with it its limits.

Each connection of its own would have its own queue at the exchange, so that ten of
them ask ten times as fast as the exchange allows. Networks belong to an event loop and
close with their last user; what providers said of limits and keys outlives them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final
from weakref import WeakKeyDictionary

from reconciler.adapters.providers.running.gate import Shared
from reconciler.adapters.providers.running.job import JobTest

Open = Callable[[Shared], AbstractAsyncContextManager[JobTest]]

_KNOWN: Final[dict[Hashable, Shared]] = {}
_OPEN: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, _Common]]] = (
    WeakKeyDictionary()
)


class _Common:
    """A network that is open for as long as somebody uses it."""

    def __init__(self, manager: AbstractAsyncContextManager[JobTest]) -> None:
        self.users = 0
        self._manager = manager
        self._opening = asyncio.Lock()
        self._test: JobTest | None = None

    async def test(self) -> JobTest:
        """Return what asks over the network, which the first caller opens."""
        async with self._opening:
            if self._test is None:
                self._test = await self._manager.__aenter__()
            return self._test

    async def close(self) -> None:
        """Close the network, if it ever was open."""
        if self._test is not None:
            await self._manager.__aexit__(None, None, None)


@asynccontextmanager
async def in_common(key: Hashable, opened: Open) -> AsyncIterator[JobTest]:
    """Yield what asks over the network that all users of `key` in this loop share.

    Args:
        key: What stands for a repository and for how its network leads out.
        opened: Opens the network for the first of them.
    """
    here = _OPEN.setdefault(asyncio.get_running_loop(), {})
    if key not in here:
        shared = _KNOWN.setdefault(key, Shared.of(time.monotonic))
        here[key] = _Common(opened(shared))
    common = here[key]
    common.users += 1
    try:
        yield await common.test()
    finally:
        common.users -= 1
        if not common.users:
            del here[key]
            await common.close()
