"""The dead man's switch: an address that is called while the daemon's work moves."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.adapters.notify.calling import Request, call
from reconciler.adapters.notify.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Calls one address."""

    address: Place
    timeout_s: float

    async def beat(self) -> None:
        """Call it; raises `DeliveryError`."""
        request = Request(
            method="GET",
            address=self.address.read_address(),
            headers={"User-Agent": "reconcile"},
        )
        await call(request, timeout_s=self.timeout_s)
