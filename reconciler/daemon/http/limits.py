"""How much one client may ask for, and how much all together."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from reconciler.daemon.http.problems import Problem

_CLIENTS_KEPT: Final = 4096

Receive = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may take, and all together. Times in seconds.

    `requests` are answered side by side and `connections` kept; a connection has
    `idle_s` for each whole request. `request_s` is for what only looks, `action_s` for
    what waits for a provider.
    """

    body_bytes: int = 64 * 1024
    header_bytes: int = 16 * 1024
    connections: int = 512
    requests: int = 64
    request_s: float = 30.0
    action_s: float = 180.0
    idle_s: float = 10.0
    failed_logins_per_minute: int = 10
    actions_per_minute: int = 60
    renewal_s: float = 5.0
    """How often certificate and policy are looked at for changes."""


class Rate:
    """So many per minute for each key, so many at once at most; forgets the idle."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, *, per_minute: int) -> float:
        """Take one; return 0, or after how many seconds there is one again."""
        now = self._clock_s()
        left, at = self._left.pop(key, (float(per_minute), now))
        left = min(per_minute, left + (now - at) * per_minute / 60)
        wait_s = 0.0 if left >= 1 else (1 - left) * 60 / per_minute
        self._left[key] = (left if wait_s else left - 1, now)
        if len(self._left) > _CLIENTS_KEPT:
            self._left.popitem(last=False)
        return wait_s


def too_many(wait_s: float) -> Problem:
    """Return the refusal of one who asks too often."""
    after = str(max(1, round(wait_s + 0.5)))
    detail = f"too many requests; ask again in {after} s"
    return Problem(429, detail, {"Retry-After": after})


def network_of(address: str) -> str:
    """Return what counts as one client: an address, for IPv6 its network of 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4 or found.is_loopback:  # noqa: PLR2004  # IPv4
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


def bounded(receive: Receive, limit: int) -> Receive:
    """Return what receives a body that is not too long; raises `Problem` 413."""
    size = 0

    async def receive_bounded() -> Any:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            detail = f"the body is longer than {limit} bytes"
            raise Problem(413, detail, {"Connection": "close"})
        return message

    return receive_bounded
