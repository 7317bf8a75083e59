"""A test's time limit, which stands still while the test waits for its turn.

Connections of one exchange share its rate limit. On a slow one a dozen tests wait
for minutes in all, and would run into their limits by our own making: what counts
is the time that the provider takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_LIMIT: ContextVar[asyncio.Timeout | None] = ContextVar("reconcile_limit", default=None)


class Patience:
    """The seconds that are left of one test, over all its rungs."""

    __slots__ = ("_left_s",)

    def __init__(self, seconds: float) -> None:
        self._left_s = seconds

    @asynccontextmanager
    async def spending(self) -> AsyncIterator[None]:
        """Let the block take what is left; raises `TimeoutError` beyond it."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(max(0.0, self._left_s)) as limit:
            token = _LIMIT.set(limit)
            try:
                yield
            finally:
                _LIMIT.reset(token)
                self._left_s = (limit.when() or loop.time()) - loop.time()

    @property
    def is_over(self) -> bool:
        """Tell whether the time has run out."""
        return self._left_s <= 0


@contextmanager
def waiting_for_turn() -> Iterator[None]:
    """Stop the running test's clock for the block."""
    limit = _LIMIT.get()
    due = None if limit is None or limit.expired() else limit.when()
    if limit is None or due is None:
        yield
        return
    loop = asyncio.get_running_loop()
    left_s = due - loop.time()
    limit.reschedule(None)
    try:
        yield
    finally:
        limit.reschedule(loop.time() + left_s)


def is_limited() -> bool:
    """Tell whether a time limit is already running here."""
    return _LIMIT.get() is not None


def left_s() -> float | None:
    """Return the seconds that are left of the running limit, None without one."""
    limit = _LIMIT.get()
    due = None if limit is None else limit.when()
    return None if due is None else max(0.0, due - asyncio.get_running_loop().time())
