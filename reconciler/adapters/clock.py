"""The one door to time: everything else is handed a clock, or a `now`."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, behind `reconciler.core.ports.Clock`."""

    def now(self) -> datetime:
        """Return the present moment, aware UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds since some fixed moment; never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; returns at once for zero or less."""
        time.sleep(max(0.0, seconds))
