"""Which piece of work a line of the log belongs to: one id per test and per cycle."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_track: ContextVar[str] = ContextVar("track", default="")


@contextmanager
def track() -> Iterator[str]:
    """Give what the block does an id of its own."""
    token = _track.set(uuid.uuid4().hex[:12])
    try:
        yield _track.get()
    finally:
        _track.reset(token)


def current_track() -> str:
    """Return the id of the present piece of work; empty outside of one."""
    return _track.get()
