"""What the alerts need from the outside: channels, their limits, time, who writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reconciler.core.incidents.book import Member
from reconciler.core.incidents.delivering import Courier, Pulse
from reconciler.core.incidents.notice import Sender
from reconciler.core.incidents.observation import Observation
from reconciler.core.incidents.outbox import AlertState
from reconciler.core.incidents.telling import Manner

Subjects = Iterable[Observation | Member]
"""Everybody of whom somebody might be told."""


class Memory(Protocol):
    """Where it is kept what was told and what waits; both are called in a thread."""

    def load(self) -> tuple[AlertState, str]:
        """Return what was remembered, and what was wrong with it; mostly nothing."""
        ...

    def save(self, state: AlertState) -> str:
        """Keep it; return why it could not be kept, empty when it was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel: its way out, and how many messages a minute may go there."""

    courier: Courier
    per_minute: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysOut:
    """Everything; replaced as a whole when the settings change.

    `manner` says how people are told at a moment: who is in maintenance changes.
    """

    manner: Callable[[Subjects, datetime], Manner]
    channels: Mapping[str, Channel] = field(default_factory=dict)
    sender: Sender = field(default_factory=Sender)
    pulse: Pulse | None = None
    pulse_every_s: float = 60.0
