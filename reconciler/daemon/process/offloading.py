"""Threads for what blocks: one line of work each, in order."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Offload(Protocol):
    """Runs what blocks where it may block; one after the other, in order."""

    def __call__(
        self, work: Callable[..., T], /, *arguments: Any, **named: Any
    ) -> Awaitable[T]:
        """Return what `work` returns; raises what it raises."""
        ...


class Line:
    """One thread that does one thing after the other for the loop."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def __call__(
        self, work: Callable[..., T], /, *arguments: Any, **named: Any
    ) -> Awaitable[T]:
        """Return what `work` returns there; the log still knows what it belongs to."""
        context = contextvars.copy_context()
        call = partial(context.run, partial(work, *arguments, **named))
        return asyncio.get_running_loop().run_in_executor(self._executor, call)

    async def close(self) -> None:
        """Wait for what runs, forget the rest; the loop turns meanwhile."""
        shutdown = partial(self._executor.shutdown, cancel_futures=True)
        await asyncio.to_thread(shutdown)
