"""How messages leave: what a channel is given, and how it says that it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reconciler.core.errors import ReconcilerError
from reconciler.core.incidents.causes import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One letter in every form that a channel may want; `body` is JSON.

    `id` is the same for every try, so that a receiver can tell a repetition. `is_good`
    tells that it is good news.
    """

    id: str
    severity: Severity
    is_good: bool
    subject: str
    text: str
    markdown: str
    body: str


class DeliveryError(ReconcilerError):
    """A channel did not take a message; it is tried again.

    The text is in our words and holds no address. `wait_s` is how many seconds the
    receiver asked us to wait, None when it did not.
    """

    def __init__(self, message: str, *, wait_s: float | None = None) -> None:
        self.wait_s = wait_s
        super().__init__(message)


class Courier(Protocol):
    """One channel's way out."""

    async def deliver(self, message: Message) -> None:
        """Deliver it within the channel's time; raises `DeliveryError`."""
        ...


class Pulse(Protocol):
    """The heartbeat's way out."""

    async def beat(self) -> None:
        """Call the address within its time; raises `DeliveryError`."""
        ...
