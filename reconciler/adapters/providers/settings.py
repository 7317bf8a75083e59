"""Settings that may be sealed or plain, and a limit on requests a minute."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from reconciler.adapters.providers.checks import Accepts, is_timeout
from reconciler.adapters.providers.network import Network
from reconciler.adapters.providers.patience import waiting_for_turn
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Credentials

_WINDOW_S = 60.0


def setting(connection: Connection, credentials: Credentials, name: str) -> Any:
    """Return a setting from config, else from the credentials, else None."""
    if name in connection.config:
        return connection.config[name]
    secret = credentials.get(name)
    return None if secret is None else secret.reveal().strip()


def checked(name: str, value: Any, accepts: Accepts, *, category: Category) -> Any:
    """Return the value; raises `ProviderError` when it cannot be used.

    Sealed settings are seen here for the first time: the message names the
    setting and never shows its value.
    """
    if fault := accepts(value):
        raise ProviderError(
            diagnose(category, detail=f"{name} {fault}", fix=f"correct {name}")
        )
    return value


def timeout_s(
    connection: Connection, credentials: Credentials, *, default: float
) -> float:
    """Return the whole test's time limit in seconds."""
    value = setting(connection, credentials, "timeout")
    if value is None:
        return default
    if isinstance(value, str):
        with suppress(ValueError):
            value = float(value)
    return float(checked("timeout", value, is_timeout, category=Category.BAD_REQUEST))


class Pacer:
    """Lets at most `limit` requests through in any minute; bursts are allowed."""

    __slots__ = ("_limit", "_sent", "_ticks")

    def __init__(self, limit: int | None, *, ticks: Callable[[], float]) -> None:
        self._limit = limit
        self._sent: deque[float] = deque()
        self._ticks = ticks

    async def turn(self) -> None:
        """Wait until the next request is within the limit."""
        if self._limit is None:
            return
        while len(self._sent) >= self._limit:
            wait = self._sent[0] + _WINDOW_S - self._ticks()
            if wait <= 0:
                self._sent.popleft()
            else:
                with waiting_for_turn():
                    await asyncio.sleep(wait)
        self._sent.append(self._ticks())


def pacer_of(
    network: Network, connection: Connection, *, ticks: Callable[[], float]
) -> Pacer:
    """Return the pacer of `config.rate_limit`; tests of one run share it."""
    key = f"pacer:{connection.name}"
    limit = connection.config.get("rate_limit")
    if key not in network.shared:
        network.shared[key] = Pacer(limit, ticks=ticks)
    pacer: Pacer = network.shared[key]
    return pacer
