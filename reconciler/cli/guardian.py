"""Wiping a folder of plain text, also when the process that made it was killed.

Run as a program of its own it is the folder's last guard: its stdin is a pipe that
closes however the process at the other end ends, `kill -9` included; then it wipes.
It is started by its path, without the package, so that it is there in milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

READY = b"!"
"""What the guard writes to stdout as soon as it listens."""

_TRIES = 40
_PAUSE_S = 0.05
"""An editor that was left behind may write into the folder while it goes."""

_CHUNK = 65_536
_DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def wipe(folder: str, kept: Iterable[int] = ()) -> bool:
    """Overwrite whatever lies in a folder with zeros, and remove it.

    Args:
        folder: The folder; one that is gone already is fine.
        kept: Descriptors of files that may have left the folder: editors write a
            new file and remove the one they opened.

    Returns:
        Whether the folder is gone.
    """
    for descriptor in kept:
        with contextlib.suppress(OSError):
            _overwrite(descriptor)
    for _ in range(_TRIES):
        _empty(folder)
        if not os.path.lexists(folder):
            return True
        time.sleep(_PAUSE_S)  # noqa: TID251  # the guard knows no clock of ours
    return False


def _empty(folder: str) -> None:
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in (*files, *folders):
            with contextlib.suppress(OSError):
                _erase(os.path.join(parent, name))  # noqa: PTH118
    with contextlib.suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106


def _erase(path: str) -> None:
    if os.path.islink(path) or not os.path.isdir(path):  # noqa: PTH112, PTH114
        with contextlib.suppress(OSError):
            _zero(path)
        os.unlink(path)  # noqa: PTH108
    else:
        os.rmdir(path)  # noqa: PTH106


def _zero(path: str) -> None:
    if os.path.islink(path) or not os.path.isfile(path):  # noqa: PTH113, PTH114
        return
    os.chmod(path, 0o600)  # noqa: PTH101
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        _overwrite(descriptor)
    finally:
        os.close(descriptor)


def _overwrite(descriptor: int) -> None:
    left = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(descriptor, bytes(min(left, _CHUNK)))
    os.fsync(descriptor)


def main(arguments: list[str]) -> int:
    """Wait until nobody holds the pipe any more, then wipe; deaf to signals."""
    for number in _DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
    folder, *kept = arguments
    os.write(1, READY)
    while os.read(0, 1):
        pass
    return 0 if wipe(folder, [int(one) for one in kept]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
