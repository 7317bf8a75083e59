"""The outside world of one run, all of it together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reconciler.core.connectivity import Outage
from reconciler.core.ports.documents import DocumentSource, Unsealer
from reconciler.core.ports.storing import StateStore
from reconciler.core.ports.testing import Tester


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the present moment, aware UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The outside world of one run.

    What costs time to find out (`who` acts, the Git `commit`) is asked when it is
    needed; `stopping` tells that a stop was asked for, `outage` whether a daemon of
    this machine knows that our network is down.
    """

    source: DocumentSource
    store: StateStore
    tester: Tester
    unsealer: Unsealer
    clock: Clock
    who: Callable[[], str]
    commit: Callable[[], str | None] = lambda: None
    stopping: Callable[[], bool] = lambda: False
    outage: Callable[[], Outage | None] = lambda: None
