"""Who may touch the files now: one writer or several readers, of all processes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from reconciler.adapters.stores.tinydb.files import make_folder, open_private


class Gate:
    """Threads wait for each other here, processes at the mutex behind it.

    `held` may be nested: the inner one joins the outer one.
    """

    def __init__(self, path: Path) -> None:
        self._mutex = _Mutex(path)
        self._folder = path.parent
        self._threads = threading.RLock()
        self._depth = 0
        self._is_exclusive = False

    @contextlib.contextmanager
    def held(self, *, exclusive: bool) -> Iterator[bool]:
        """Hold it; yields whether this is the outermost holding.

        A writer creates the folder.
        """
        with self._threads:
            if self._depth:
                if exclusive and not self._is_exclusive:
                    raise AssertionError("a reader may not become a writer")
                yield False
                return
            if exclusive and not self._mutex.is_open:
                make_folder(self._folder)
            with self._mutex.held(exclusive=exclusive):
                yield from self._count(exclusive=exclusive)

    def close(self) -> None:
        """Close the mutex's file; it is opened again when needed."""
        self._mutex.close()

    def _count(self, *, exclusive: bool) -> Iterator[bool]:
        self._depth, self._is_exclusive = 1, exclusive
        try:
            yield True
        finally:
            self._depth = 0


class _Mutex:
    """Keeps processes from writing at the same moment, through flock.

    Held for one read or write, never for an operation. Not to be trusted on a
    network file system.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether the file was there once."""
        return self._fd is not None

    @contextlib.contextmanager
    def held(self, *, exclusive: bool) -> Iterator[None]:
        """Hold it; a reader that cannot even create the file goes without."""
        fd = self._open(required=exclusive)
        if fd is None:
            yield
            return
        fcntl.flock(fd, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        try:
            yield
        finally:
            fcntl.flock(fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self, *, required: bool) -> int | None:
        if self._fd is None:
            try:
                self._fd = open_private(self._path, os.O_RDWR | os.O_CREAT)
            except OSError:
                if required:
                    raise
                with contextlib.suppress(OSError):
                    self._fd = open_private(self._path, os.O_RDONLY)
        return self._fd
