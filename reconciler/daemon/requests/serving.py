"""Requests of commands on this machine, one JSON object per line, both ways.

    → {"format_version": "1", "test": ["spot"], "who": "alice@desk", "wait": true}
    ← {"accepted": "3f2a…"}
    ← {"handled": "3f2a…", "outcome": {…}}          one for each name
    ← {"done": "3f2a…"}

The token names one request: who waits hears of their own tests, not of others'. A
request dies with its connection; whoever does not wait may leave at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.local_socket import bound_socket, is_trusted
from reconciler.core.codec import to_data
from reconciler.core.errors import ReconcilerError
from reconciler.core.outcome import Outcome, failed
from reconciler.core.plan import Change
from reconciler.daemon.control import Control
from reconciler.daemon.requests import FORMAT_VERSION
from reconciler.retesting import RETEST

logger = logging.getLogger(__name__)

LONGEST_LINE: Final = 4 * 1024 * 1024
_PATIENCE_S: Final = 10.0
"""A request is one line; whoever connects says it at once."""


@dataclass(slots=True, kw_only=True)
class RequestServer:
    """Answers requests until it is stopped."""

    control: Control
    path: Path
    _left: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; raises `StateError` when it cannot listen."""
        bound = bound_socket(self.path)
        server = await asyncio.start_unix_server(
            self._answer, sock=bound, limit=LONGEST_LINE
        )
        try:
            await stop.wait()
        finally:
            server.close()
            with contextlib.suppress(OSError):
                self.path.unlink()
            for task in list(self._left):
                task.cancel()
            await asyncio.gather(*self._left, return_exceptions=True)

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._left.add(task)
            task.add_done_callback(self._left.discard)
        try:
            with contextlib.suppress(OSError, TimeoutError, ValueError):
                await self._handled(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _handled(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer: socket.socket = writer.get_extra_info("socket")
        if not is_trusted(peer):
            return
        async with asyncio.timeout(_PATIENCE_S):
            asked = _parsed(await reader.readline())
        if asked is None:
            await _send(writer, {"error": "the request is not understood"})
            return
        token = uuid.uuid4().hex
        logger.info(
            "tests asked for",
            extra={"token": token, "tests": len(asked.names), "who": asked.who},
        )
        tests = [
            asyncio.ensure_future(self._tested(name, who=asked.who))
            for name in asked.names
        ]
        await _send(writer, {"accepted": token})
        if not asked.wait:
            for test in tests:  # they go on; their results lie in the store
                self._left.add(test)  # type: ignore[arg-type]
                test.add_done_callback(self._left.discard)
            return
        for done in asyncio.as_completed(tests):
            outcome = to_data(await done)
            await _send(writer, {"handled": token, "outcome": outcome})
        await _send(writer, {"done": token})

    async def _tested(self, name: str, *, who: str) -> Outcome:
        try:
            return await self.control.test(name, who=who)
        except ReconcilerError as error:
            change = Change(name=name, action=RETEST, reason="")
            return failed(change, str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    names: Sequence[str]
    who: str
    wait: bool


def _parsed(line: bytes) -> _Asked | None:
    """Return what is asked; None for what is no request that we know."""
    try:
        data: dict[str, Any] = json.loads(line)
        names, who, wait = data["test"], data["who"], data["wait"]
        known = data["format_version"] == FORMAT_VERSION
    except (ValueError, KeyError, TypeError):
        return None
    right = (
        known
        and isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and isinstance(who, str)
        and isinstance(wait, bool)
    )
    return (
        _Asked(names=tuple(dict.fromkeys(names)), who=who, wait=wait) if right else None
    )


async def _send(writer: asyncio.StreamWriter, data: dict[str, Any]) -> None:
    writer.write(json.dumps(data).encode() + b"\n")
    await writer.drain()
