"""The same work over many items, on every processor that we may use.

Parsing holds the interpreter's lock, so threads do not help; a pool of spawned
processes costs more to start than most runs take. A forked child inherits everything
that is loaded and answers with plain data through a pipe. Where forking is unwise
(threads are running, one processor, few items) the work is simply done here; and so
is a part whose child failed, which makes its error appear as it would have anyway.
"""

from __future__ import annotations

import marshal
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

T = TypeVar("T")
R = TypeVar("R", bound=list[Any])

WORTHWHILE: Final = 500
"""Fewer items are done before a child has started and copied its pages."""
_MOST_WORKERS: Final = 8


def map_forked(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return `work` of each item, in their order.

    Args:
        work: Returns plain data (lists, text, numbers, None); changes nothing.
        items: What to work on.
    """
    workers = _workers(len(items))
    size = -(-len(items) // workers) if items else 1
    parts = [items[start : start + size] for start in range(0, len(items), size)]
    children = [_start(work, part) for part in parts[1:]]
    try:
        results = [work(item) for item in parts[0]] if parts else []
    except BaseException:
        for process, readable in children:
            os.close(readable)  # the child fails on writing, and ends
            os.waitpid(process, 0)
        raise
    for part, child in zip(parts[1:], children, strict=True):
        results += _collect(child, len(part)) or [work(item) for item in part]
    return results


def _workers(items: int) -> int:
    if items < WORTHWHILE or threading.active_count() > 1:
        return 1
    if not hasattr(os, "fork") or not hasattr(os, "sched_getaffinity"):
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_WORKERS)


def _start(work: Callable[[T], R], part: Sequence[T]) -> tuple[int, int]:
    """Fork a child for one part; return its process id and the pipe to read."""
    readable, writable = os.pipe()
    child = os.fork()
    if child:
        os.close(writable)
        return child, readable
    # In the child: nothing may return or raise out of here, the parent's code follows.
    status = 1
    try:
        os.close(readable)
        with os.fdopen(writable, "wb") as stream:
            stream.write(marshal.dumps([work(item) for item in part]))
        status = 0
    finally:
        os._exit(status)


def _collect(child: tuple[int, int], expected: int) -> list[Any] | None:
    """Return a child's results; None when it failed."""
    process, readable = child
    with os.fdopen(readable, "rb") as stream:
        data = stream.read()
    _, status = os.waitpid(process, 0)
    if status != 0:
        return None
    results = marshal.loads(data)  # noqa: S302  # written by our own child
    return results if len(results) == expected else None
