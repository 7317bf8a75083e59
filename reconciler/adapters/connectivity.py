"""Finds out whether this machine's own network is up, by asking as little as possible.

The newest contacts of the tests say most. Where they leave it open, the reference
endpoints of `reconcile.yaml` are asked, or else hosts that answered before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from reconciler.core.connectivity import Contact, NetworkState, judge_references

if TYPE_CHECKING:
    from reconciler.adapters.providers.network.session import Network

_ANSWER_S: Final = 5.0
_FRESH_S: Final = 1.0
"""So long an answer counts for whoever asks next: a burst of failures asks once."""
_OTHERS: Final = 3
_HTTPS: Final = 443


class Outlook:
    """The port `Connectivity` over one open network; asks once for many who ask.

    `references` are `https://…` or `tcp://host:port`; while the network is down, they
    are asked every `interval_s` at most.
    """

    def __init__(
        self,
        network: Network,
        references: Sequence[str] = (),
        *,
        interval_s: float = 10.0,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._network = network
        self._references = tuple(references)
        self._interval_s = interval_s
        self._ticks = ticks
        self._asking: asyncio.Task[NetworkState] | None = None
        self._told = NetworkState.UNSURE
        self._told_at: float | None = None

    def state(self) -> NetworkState:
        """Return what is known; asks nobody.

        Down holds until somebody answers: while it is down nobody is tested, so that
        the newest contacts soon say nothing.
        """
        if self._told is NetworkState.DOWN and self._is_fresh():
            return self._told
        state = self._network.contacts.state()
        was_down = self._told is NetworkState.DOWN
        return self._told if was_down and state is NetworkState.UNSURE else state

    async def find_out(self) -> NetworkState:
        """Return what is known after asking, unless somebody answered just now."""
        if self._is_fresh():
            return self._told
        if self._network.contacts.state() is NetworkState.UP:
            return NetworkState.UP
        if self._asking is None:
            # Its own task: one who stops waiting must not end it for the others.
            self._asking = asyncio.get_running_loop().create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        return await asyncio.shield(self._asking)

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _is_fresh(self) -> bool:
        if self._told_at is None:
            return False
        is_down = self._told is NetworkState.DOWN
        most_s = self._interval_s if is_down else _FRESH_S
        return self._ticks() - self._told_at <= most_s

    def _asked(self, task: asyncio.Task[NetworkState]) -> None:
        self._asking = None
        if not task.cancelled() and task.exception() is None:
            self._told, self._told_at = task.result(), self._ticks()

    async def _ask(self) -> NetworkState:
        if self._references:
            found = await asyncio.gather(*map(self._ask_reference, self._references))
            return judge_references(found)
        contacts = self._network.contacts
        for host in contacts.to_ask(_OTHERS):
            if await self._within(self._network.greets(host, _HTTPS)):
                contacts.note(host, reached=True)
                break
            contacts.note(host, reached=False)
        return contacts.state()

    async def _ask_reference(self, url: str) -> Contact:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _HTTPS
        if parts.scheme == "https":
            reached = await self._within(self._network.answers(url))
        else:
            reached = await self._within(self._network.knock(host, port))
        return Contact(f"{host}:{port}", self._ticks(), reached)

    @staticmethod
    async def _within(asking: Awaitable[bool]) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await asking
        except TimeoutError:
            return False
