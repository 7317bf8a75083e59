"""A test's time limit, which stands still while the test waits for its turn.

Connections of one exchange share its rate limit. On a slow one a dozen tests wait
for minutes in all, and would run into their limits by our own making: what counts
is the time that the provider takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LIMIT: ContextVar[asyncio.Timeout | None] = ContextVar("reconcile_limit", default=None)


class Patience:
    """The seconds that are left of one test, over all its rungs."""

    __slots__ = ("left_s",)

    def __init__(self, seconds: float) -> None:
        self.left_s = seconds

    def spending(self) -> _Spending:
        """Let the block take what is left; raises `TimeoutError` beyond it."""
        return _Spending(self)

    @property
    def is_over(self) -> bool:
        """Tell whether the time has run out."""
        return self.left_s <= 0


class _Spending:
    """One block's time limit; a class, since every rung of every test enters one."""

    __slots__ = ("_limit", "_patience", "_token")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._limit = asyncio.timeout(max(0.0, patience.left_s))

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._token = _LIMIT.set(self._limit)

    async def __aexit__(self, *raised: object) -> None:
        _LIMIT.reset(self._token)
        now = asyncio.get_running_loop().time()
        self._patience.left_s = (self._limit.when() or now) - now
        await self._limit.__aexit__(*raised)  # type: ignore[arg-type]


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
