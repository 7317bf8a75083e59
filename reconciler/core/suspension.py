"""Taking a connection out of service for a time: who, why, until when.

Either its file says so (`suspend:`), or an operator did while it ran. A suspension ends
by itself; nothing has to be written for that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.moments import format_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """One suspension. Times are aware UTC; without `until` it lasts until resumed.

    `who` is empty when a file suspends and does not say who wants it. `at` is None in
    a file: there it holds from the moment that it is applied. `declared` tells that
    it comes from the file, and ends by changing it.
    """

    who: str
    reason: str
    at: datetime | None = None
    until: datetime | None = None
    declared: bool = False

    def holds(self, now: datetime) -> bool:
        """Tell whether it has not ended yet."""
        return self.until is None or now < self.until

    @property
    def until_s(self) -> float:
        """Return when it ends in Unix seconds; infinite without an end."""
        return self.until.timestamp() if self.until else math.inf

    def in_words(self) -> str:
        """Return `suspended by alice until 2026-12-24T18:00:00Z: exchange moves`."""
        who = self.who or ("its file" if self.declared else "")
        by = f" by {who}" if who else ""
        until = f" until {format_moment(self.until)}" if self.until else ""
        return f"suspended{by}{until}: {self.reason}"
