"""Time that passes only when nobody has anything to do: days in seconds."""

from __future__ import annotations

import asyncio
import selectors
from datetime import timedelta

from tests.fakes import START


class _Leaping(selectors.DefaultSelector):
    """Never waits: what would be waited for is added to the time."""

    def __init__(self):
        super().__init__()
        self.time = 0.0

    def select(self, timeout=None):
        found = super().select(0)
        if not found and timeout is None:
            raise AssertionError("everybody waits for something that never happens")
        if not found and timeout > 0:
            self.time += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop over such a time; timers fire in order, at once."""

    def __init__(self):
        self.leaping = _Leaping()
        super().__init__(self.leaping)

    def time(self):
        return self.leaping.time


class VirtualClock:
    """The wall clock of a virtual loop; `offset_s` is how wrong it was set."""

    def __init__(self, loop):
        self.loop = loop
        self.offset_s = 0.0

    def now(self):
        return START + timedelta(seconds=self.loop.time() + self.offset_s)


async def inline(work, /, *arguments, **named):
    """Do at once what would be done elsewhere."""
    return work(*arguments, **named)


def run_virtually(make):
    """Run `make(clock)` on a virtual loop to its end."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(make(clock))
