"""SIGINT and SIGTERM: the first asks a run to end well, the second ends it now.

Outside of a patient part the first signal already ends the command, by an exception
that releases locks and writes reports on its way out.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BASE = 128
"""A process that a signal ends answers 128 plus the signal's number."""


class Stopped(BaseException):
    """A signal ended the command; `exit_code` is 130 or 143."""

    def __init__(self, number: int) -> None:
        self.exit_code = _BASE + number
        super().__init__(signal.Signals(number).name)


class StopSign:
    """What signals ask for; `event` is set once somebody asked."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.exit_code = 0
        self._patience = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listen for signals while the block runs."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may listen
            return
        before = {number: signal.signal(number, self._heard) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def patient(self) -> Iterator[None]:
        """Let the block end by itself on the first signal."""
        self._patience += 1
        try:
            yield
        finally:
            self._patience -= 1

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        first = not self.event.is_set()
        self.event.set()
        self.exit_code = _BASE + number
        if not (first and self._patience):
            raise Stopped(number)
