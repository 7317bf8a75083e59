"""Control a sandbox that runs in another process. Standard library only."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from typing import TYPE_CHECKING, Any

from reconciler.core.errors import InputError, ReconcilerError
from reconciler.sandbox.info import CONTROL_HOST

if TYPE_CHECKING:
    from reconciler.sandbox.info import SandboxInfo

_TIMEOUT_S = 10.0


class _Loopback(http.client.HTTPSConnection):
    """An HTTPS connection to the sandbox's port under the control host's name."""

    def __init__(self, info: SandboxInfo) -> None:
        self._trust = ssl.create_default_context(cafile=str(info.ca_file))
        super().__init__(CONTROL_HOST, info.port, timeout=_TIMEOUT_S)

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), _TIMEOUT_S)
        self.sock = self._trust.wrap_socket(plain, server_hostname=CONTROL_HOST)


def put_fault(
    info: SandboxInfo, provider: str, fault: str, **params: str | float | None
) -> None:
    """Set a fault in a running sandbox; see `faults.make_fault` for parameters.

    Raises:
        InputError: the sandbox does not know the provider, fault or parameter.
        ReconcilerError: nobody answers.
    """
    _ask(info, "PUT", "/faults", {"provider": provider, "fault": fault, **params})


def clear_faults(info: SandboxInfo, provider: str | None = None) -> None:
    """Heal one provider of a running sandbox, or all of them.

    Raises:
        ReconcilerError: nobody answers.
    """
    _ask(info, "DELETE", f"/faults/{provider}" if provider else "/faults")


def list_faults(info: SandboxInfo) -> list[dict[str, Any]]:
    """Return the faults that are set in a running sandbox, oldest first."""
    faults: list[dict[str, Any]] = _ask(info, "GET", "/faults")["faults"]
    return faults


def list_requests(info: SandboxInfo) -> list[dict[str, Any]]:
    """Return the requests a running sandbox has seen, oldest first."""
    requests: list[dict[str, Any]] = _ask(info, "GET", "/requests")["requests"]
    return requests


def _ask(
    info: SandboxInfo, method: str, path: str, document: dict[str, Any] | None = None
) -> dict[str, Any]:
    try:
        connection = _Loopback(info)
        try:
            connection.request(method, path, json.dumps(document) if document else None)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
    except (OSError, ValueError) as error:
        raise ReconcilerError(
            f"the sandbox on port {info.port} does not answer: {error}"
        ) from error
    if response.status != http.client.OK:
        raise InputError(f"the sandbox refused: {answer.get('error', answer)}")
    return answer
