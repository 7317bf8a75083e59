"""Signals, heard by the loop: the first asks for a good end, the second for any.

SIGHUP asks for settings and files to be read anew.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Stopping:
    """How the daemon is told to end. `threads` tells it to what runs in threads."""

    threads: threading.Event
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    number: int = 0

    def stop(self, number: int = 0) -> None:
        """Ask for the end, or for it now when it was asked for already."""
        if self.asked.is_set():
            self.hurry.set()
        self.number = number or self.number
        self.threads.set()
        self.asked.set()


@contextmanager
def hearing(handlers: Mapping[int, Callable[[], object]]) -> Iterator[None]:
    """Call a handler on the loop for each signal while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in handlers}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, earlier)
