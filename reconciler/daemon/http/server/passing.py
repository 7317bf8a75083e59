"""The socket that systemd listens with in our place, see sd_listen_fds(3).

It is there before the daemon is and stays while that is started anew: who asks then
waits a moment, and is refused nothing. It may lead to a port that only root may open.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

from reconciler.core.errors import InputError

_FIRST: Final = 3
_KINDS: Final = frozenset({socket.AF_INET, socket.AF_INET6})
_UNIT: Final = "as deploy/systemd/reconcile.socket does; or say HOST:PORT"


def passed_socket(environment: Mapping[str, str]) -> socket.socket:
    """Return the one socket that was passed; raises `InputError` without one."""
    count, pid = environment.get("LISTEN_FDS", ""), environment.get("LISTEN_PID", "")
    if pid != str(os.getpid()) or count in {"", "0"}:
        raise InputError(
            "cannot listen at 'systemd': no socket was passed; let a socket unit start"
            f" the service, {_UNIT}"
        )
    if count != "1":
        raise InputError(
            f"cannot listen at 'systemd': {count} sockets were passed; name one"
            f" address, {_UNIT}"
        )
    try:
        found = socket.socket(fileno=_FIRST)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(f"cannot listen at 'systemd': {why}") from None
    if found.family not in _KINDS or found.type != socket.SOCK_STREAM:
        found.close()
        raise InputError(
            "cannot listen at 'systemd': what was passed is no TCP socket; use"
            f" ListenStream with an address and a port, {_UNIT}"
        )
    found.set_inheritable(False)
    return found
