"""Asking the running daemon for tests, from another process of this machine."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.adapters.local_socket import connected_socket
from reconciler.core.codec import from_data
from reconciler.core.errors import StateError
from reconciler.core.outcome import Outcome
from reconciler.daemon.requests import FORMAT_VERSION
from reconciler.wiring import App

_GONE = "the daemon went away; 'reconcile test' tests here, or start it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request: its token, and the outcomes of who waited."""

    token: str
    outcomes: tuple[Outcome, ...] = ()


def ask_daemon(
    app: App, names: Sequence[str], *, who: str, wait: bool
) -> Answer | None:
    """Let the running daemon test these; None when none runs.

    Raises:
        StateError: It went away before it was done, or does not understand us.
    """
    connection = connected_socket(app.socket_path)
    if connection is None:
        return None
    request = {
        "format_version": FORMAT_VERSION,
        "test": list(names),
        "who": who,
        "wait": wait,
    }
    with connection:
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
            return _answer(connection, wait=wait)
        except OSError:
            raise StateError(_GONE) from None


def _answer(connection: socket.socket, *, wait: bool) -> Answer:
    outcomes: list[Outcome] = []
    token = ""
    with connection.makefile("rb") as lines:
        for line in lines:
            told: dict[str, Any] = json.loads(line)
            if "error" in told:
                raise StateError(
                    f"the daemon refuses: {told['error']}; is it of another release?"
                )
            token = told.get("accepted", token)
            if "outcome" in told:
                outcomes.append(from_data(Outcome, told["outcome"]))
            if "done" in told or not wait:
                found = sorted(outcomes, key=lambda outcome: outcome.name)
                return Answer(token=token, outcomes=tuple(found))
    raise StateError(_GONE)
