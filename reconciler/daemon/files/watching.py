"""Hears of changed files: from the system where it tells, by looking where not.

Nothing rests on it: everything is read anew now and then anyway. A folder that is
deleted and comes back (a new checkout in its place) is watched again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.settings import DEFAULT_FILE

logger = logging.getLogger(__name__)

BOOKS = frozenset({DEFAULT_FILE, ".sops.yaml", "policy.yaml"})
"""What counts beside the folder of the connections."""
_LOOK_S = 2.0
_DEBOUNCE_MS = 400
_STEP_MS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to watch: `folder` with these names in it, and all below `connections`."""

    folder: Path
    connections: Path
    names: Collection[str] = BOOKS
    polling: bool = False


async def watch_files(
    watched: Callable[[], Watch], changed: Callable[[], None], stop: asyncio.Event
) -> None:
    """Call `changed` whenever something changed, until `stop` is set.

    `watched` is asked again and again: settings may name another folder.
    """
    while not stop.is_set():
        watch = watched()
        known = _identities(watch)
        if known[0] is None:
            await _until(stop, _LOOK_S)
            continue
        leave = asyncio.Event()
        tasks = [
            asyncio.ensure_future(_listen(watch, changed, leave, below=below))
            for below, place in ((False, known[0]), (True, known[1]))
            if place is not None
        ]
        while not stop.is_set() and _identities(watched()) == known:
            await _until(stop, _LOOK_S)
        leave.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not stop.is_set():
            changed()


async def _listen(
    watch: Watch, changed: Callable[[], None], leave: asyncio.Event, *, below: bool
) -> None:
    """Listen to one folder; where the system does not tell, look."""
    polling: bool | None = watch.polling or None
    while not leave.is_set():
        try:
            await _hear(watch, changed, leave, below=below, polling=polling)
        except OSError as error:
            # Too many watches, or a file system that cannot: look instead.
            extra = {"error": error.strerror or type(error).__name__}
            logger.warning("files are polled, not watched", extra=extra)
            polling = True
            await _until(leave, _LOOK_S)


async def _hear(
    watch: Watch,
    changed: Callable[[], None],
    leave: asyncio.Event,
    *,
    below: bool,
    polling: bool | None,
) -> None:
    from watchfiles import Change, awatch  # noqa: PLC0415  # only a daemon needs it

    def matters(_change: Change, path: str) -> bool:
        name = Path(path).name
        return below or name in watch.names

    async for _changes in awatch(
        watch.connections if below else watch.folder,
        watch_filter=matters,
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        stop_event=leave,
        recursive=below,
        force_polling=polling,
    ):
        changed()


def _identities(watch: Watch) -> tuple[object, object]:
    return _identity(watch.folder), _identity(watch.connections)


def _identity(path: Path) -> object:
    """Return what tells a folder from another one of its name; None without one."""
    with contextlib.suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


async def _until(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
