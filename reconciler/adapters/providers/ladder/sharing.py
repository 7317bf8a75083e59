"""Whose budget the running task spends: set around a test, asked where it is paced."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_SHARERS: ContextVar[Hashable] = ContextVar("reconcile_sharers", default=None)


@contextmanager
def sharing(sharers: Hashable) -> Iterator[None]:
    """Let the block's requests count for all that have `sharers` in common."""
    token = _SHARERS.set(sharers)
    try:
        yield
    finally:
        _SHARERS.reset(token)


def sharers() -> Hashable:
    """Return what those have in common that share this task's budget; None for none."""
    return _SHARERS.get()
