"""What the engine tells of, to whoever judges, counts or alerts.

Nothing is told before it lies in the store. A listener is called on the daemon's
loop: it returns at once, and what it raises is counted and logged, never more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.core.outcome import Outcome
from reconciler.core.record import Record
from reconciler.core.run import RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A test of what runs. `after` is the record as it was committed.

    They are the same when nothing was written: this machine could not test, or the
    record was changed meanwhile; the outcome tells.
    """

    before: Record
    after: Record
    outcome: Outcome


class Listener(Protocol):
    """Hears of everything."""

    def tested(self, results: Sequence[Tested]) -> None:
        """Results that came in together were committed."""
        ...

    def reported(self, report: RunReport) -> None:
        """A cycle ended and its report was written: every connection has a row."""
        ...
