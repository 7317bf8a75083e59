"""The socket by which commands on this machine speak to the running daemon.

It lies beside the store, in a folder that only its owner may enter. Paths of sockets
are short (108 bytes on Linux), those of folders are not: a long one is reached through
the folder's descriptor.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from reconciler.core.errors import LockedError, StateError

NAME: Final = "socket"
_LONGEST: Final = 100
_CREDENTIALS: Final = struct.Struct("3i")
"""Linux's `struct ucred`: process, user, group."""


def bound_socket(path: Path) -> socket.socket:
    """Return a listening socket that only its owner can reach.

    Raises:
        StateError: It cannot lie there.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(path.lstat().st_mode):
                path.unlink()  # a killed daemon left it
        with _address_of(path) as address:
            made.bind(address)
        path.chmod(0o600)
        made.listen()
    except OSError as error:
        made.close()
        why = error.strerror or type(error).__name__
        raise StateError(f"cannot take requests at '{path}': {why}") from None
    return made


def require_alone(path: Path) -> None:
    """Raise `LockedError` when another daemon answers there."""
    other = connected_socket(path)
    if other is not None:
        other.close()
        raise LockedError(
            f"a daemon runs already for this workspace and store, at '{path}'; stop it,"
            " or let it read everything anew with SIGHUP"
        )


def connected_socket(path: Path) -> socket.socket | None:
    """Return a connection to the daemon; None when none runs."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address_of(path) as address:
            made.connect(address)
    except OSError:
        made.close()
        return None
    return made


def is_answered(path: Path) -> bool:
    """Tell whether a daemon lives there."""
    made = connected_socket(path)
    if made is not None:
        made.close()
    return made is not None


def is_trusted(peer: socket.socket) -> bool:
    """Tell whether who connected is our user, or root."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder's rights say it already
    packed = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(packed)
    return user in {0, os.geteuid()}


@contextlib.contextmanager
def _address_of(path: Path) -> Iterator[str]:
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
