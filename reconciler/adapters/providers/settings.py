"""Settings that may be sealed or plain, and a limit on requests in a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.waits import reset_after_s
from reconciler.adapters.providers.checks import Accepts, is_timeout
from reconciler.adapters.providers.ladder.patience import waiting_for_turn
from reconciler.adapters.providers.ladder.sharing import sharers
from reconciler.adapters.providers.network.session import Network
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.durations import parse_duration
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Credentials

_WINDOW_S = 60.0
_MOST_PACERS = 4096
MAX_HELD_S = 30.0
"""A longer wait is not ours to sit out: the next answer says that it is refused."""


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
    """Lets at most `limit` requests through in any window; bursts are allowed.

    A provider that says that nothing is left of its own limit is believed.
    """

    __slots__ = ("_closed_until", "_limit", "_sent", "_ticks", "_window_s")

    def __init__(
        self,
        limit: int | None,
        *,
        ticks: Callable[[], float],
        window_s: float = _WINDOW_S,
    ) -> None:
        self._limit = limit
        self._window_s = window_s
        self._sent: deque[float] = deque()
        self._ticks = ticks
        self._closed_until: float | None = None

    async def turn(self) -> None:
        """Wait until the next request is within the limit."""
        if self._closed_until is not None:
            await self._sleep(self._closed_until - self._ticks())
            self._closed_until = None
        if self._limit is None:
            return
        while len(self._sent) >= self._limit:
            wait = self._sent[0] + self._window_s - self._ticks()
            if wait <= 0:
                self._sent.popleft()
            else:
                await self._sleep(wait)
        self._sent.append(self._ticks())

    def heed(self, answer: Answer) -> None:
        """Hold the next request back when this answer was the last one allowed."""
        if answer.is_success and answer.header("X-RateLimit-Remaining").strip() == "0":
            wait = reset_after_s(answer)
            if wait is not None and wait <= MAX_HELD_S:
                self._closed_until = self._ticks() + wait

    @staticmethod
    async def _sleep(seconds: float) -> None:
        if seconds > 0:
            with waiting_for_turn():
                await asyncio.sleep(seconds)


def pacer_of(
    network: Network, connection: Connection, *, ticks: Callable[[], float]
) -> Pacer:
    """Return the pacer of `config.rate_limit`, for as long as the network lives.

    A provider counts by account: whoever asks with the same one and declares the same
    limit shares it. Without an account, a connection has its own.
    """
    limit, window_s = _budget(connection.config.get("rate_limit"))
    shared = sharers()
    key = (connection.name if shared is None else shared, limit, window_s)
    known: OrderedDict[Hashable, Pacer] = network.shared.setdefault(
        "pacers", OrderedDict()
    )
    pacer = known.pop(key, None) or Pacer(limit, ticks=ticks, window_s=window_s)
    known[key] = pacer
    if len(known) > _MOST_PACERS:
        known.popitem(last=False)
    return pacer


def _budget(value: Any) -> tuple[int | None, float]:
    """Return requests and seconds: of a number, a minute's; of a mapping, its own."""
    if not isinstance(value, dict):
        return value, _WINDOW_S
    per = parse_duration(value.get("per", f"{_WINDOW_S:g}s"))
    return value.get("requests"), float(per or _WINDOW_S)
