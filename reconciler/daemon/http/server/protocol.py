"""How one connection is held to its time: uvicorn's protocol, with a patience.

uvicorn waits for ever for the rest of a request once a connection is open, so that a
handful of clients that send nothing could take all there is.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.daemon.http.limits import Limits


class PatientProtocol(H11Protocol):
    """Closes what sends no whole request in time, and what is one too many."""

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless there are too many already."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            transport.abort()
            return
        self._wait_for_request()

    def data_received(self, data: bytes) -> None:
        """Take in what came; a request that is whole ends the waiting for it."""
        super().data_received(data)
        if self.conn.their_state is h11.SEND_BODY or self._is_between():
            self._wait_for_request()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Answered: what follows has its own time (uvicorn's keep-alive)."""
        super().on_response_complete()
        self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_between(self) -> bool:
        """Tell whether a request has begun to come, or none has yet."""
        return self.conn.their_state is h11.IDLE and not self.transport.is_closing()

    def _wait_for_request(self) -> None:
        """Give the request its time, once: bytes that trickle in do not prolong it."""
        if self._patience is None:
            self._patience = self.loop.call_later(self._limits.idle_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        self.transport.abort()
