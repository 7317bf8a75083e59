"""What systemd is told of a service: ready, reloading, stopping, and that it lives.

See sd_notify(3): lines of `NAME=value` in a datagram to the socket that the
environment names. Elsewhere than below systemd nothing is sent.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

_US_PER_S = 1_000_000
_BEATS_PER_LIMIT = 2
"""systemd's advice: twice as often as it would lose patience."""


@dataclass(slots=True, kw_only=True)
class Notifier:
    """Sends to the service manager; `address` empty: nobody is told.

    `watchdog_s` is after how long without a sign of life the manager restarts us.
    """

    address: str = ""
    watchdog_s: float = 0.0
    _beat_at: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Notifier:
        """Return what the environment asks for."""
        limit = environment.get("WATCHDOG_USEC", "")
        return cls(
            address=environment.get("NOTIFY_SOCKET", ""),
            watchdog_s=int(limit) / _US_PER_S if limit.isdigit() else 0.0,
        )

    def ready(self, status: str) -> None:
        """Tell that it does its work, and what it does."""
        self._send("READY=1", f"STATUS={status}")

    def status(self, text: str) -> None:
        """Tell in one line how it stands."""
        self._send(f"STATUS={text}")

    def reloading(self) -> None:
        """Tell that settings and files are read anew; `ready` ends it."""
        # Type=notify-reload wants the moment on the clock that nobody can set.
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now_us}")

    def stopping(self) -> None:
        """Tell that it ends."""
        self._send("STOPPING=1")

    def beat(self) -> None:
        """Tell that the loop turns; sent no more often than it is wanted."""
        now = time.monotonic()
        if self.watchdog_s and now - self._beat_at >= self.watchdog_s / 2 / (
            _BEATS_PER_LIMIT
        ):
            self._beat_at = now
            self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self.address:
            return
        # A leading '@' stands for the NUL of Linux's abstract names.
        name = self.address
        target = f"\0{name[1:]}" if name.startswith("@") else name
        # A manager that does not listen must not end the service.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
        ):
            sender.sendto("\n".join(lines).encode(), target)
