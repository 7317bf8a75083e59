"""Is a run still alive? The kernel knows: it lets go of a file with the process.

A holder of the operation lock keeps a file of its own locked. Whoever can lock
that file knows that its holder is gone, `kill -9` included, without waiting for the
lease and without trusting process ids. Like the rest of the store it holds on one
host only.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from reconciler.adapters.stores.tinydb.files import open_private


def begin(path: Path) -> int:
    """Make a life line; it lasts as long as the returned descriptor."""
    fd = open_private(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd


def is_over(path: Path) -> bool:
    """Tell whether the life line's holder is gone; not knowing counts as alive."""
    try:
        fd = open_private(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True
