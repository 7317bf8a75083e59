"""Where to listen, and whether that is safe with what the files say of who may ask."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.core.errors import InputError
from reconciler.core.http_settings import HttpSection
from reconciler.daemon.http.limits import Limits
from reconciler.daemon.http.server.passing import passed_socket

_ADDRESS: Final = re.compile(
    r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d+)"
)
SYSTEMD: Final = "systemd"
_MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where and how to listen; port 0 takes any that is free."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    limits: Limits = field(default_factory=Limits)
    passed: socket.socket | None = field(default=None, repr=False)
    """What listens there already, and was handed to us."""

    @property
    def is_loopback(self) -> bool:
        """Tell whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def speaks_tls(self) -> bool:
        """Tell whether there is a certificate."""
        return self.certificate is not None


def listen_at(
    address: str,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Listen:
    """Return where to listen; raises `InputError` for what is no address.

    At `systemd` that is the socket which the environment tells of.
    """
    if (certificate is None) != (key is None):
        raise InputError(
            "a certificate needs its key: give --tls-certificate and --tls-key"
        )
    if address == SYSTEMD:
        passed = passed_socket(environment or {})
        host, port = passed.getsockname()[:2]
        return Listen(
            host=host, port=port, certificate=certificate, key=key, passed=passed
        )
    found = _ADDRESS.fullmatch(address)
    port = int(found["port"]) if found else -1
    if found is None or port > _MAX_PORT:
        raise InputError(
            f"cannot listen at '{address}': say HOST:PORT, such as 127.0.0.1:8080,"
            " or systemd"
        )
    host = found["six"] or found["host"] or "0.0.0.0"  # noqa: S104  # as asked for
    return Listen(host=host, port=port, certificate=certificate, key=key)


def check_safe(listen: Listen, section: HttpSection) -> None:
    """Refuse to listen to others without knowing who they are.

    Raises:
        InputError: Beyond loopback, or behind a proxy, there is no token; or beyond
            loopback tokens would travel in plain text.
    """
    where = f"{listen.host}:{listen.port}"
    if section.behind_proxy and not section.tokens:
        raise InputError(
            "http.behind_proxy is set, so others can ask, and http.tokens is empty;"
            " make a token with 'reconcile tokens new'"
        )
    if listen.is_loopback:
        return
    if not section.tokens:
        raise InputError(
            f"refusing to listen at {where}, which other machines can reach, without"
            " http.tokens; make one with 'reconcile tokens new', or listen at 127.0.0.1"
        )
    if not listen.speaks_tls and not section.behind_proxy:
        raise InputError(
            f"refusing to listen at {where} in plain text: give --tls-certificate and"
            " --tls-key, or set http.behind_proxy when a proxy in front speaks TLS"
        )


def bound_socket(listen: Listen) -> socket.socket:
    """Return a socket that is bound; raises `InputError` when that cannot be."""
    if listen.passed is not None:
        listen.passed.setblocking(False)
        return listen.passed
    try:
        found = socket.getaddrinfo(
            listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError:
            bound.close()
            raise
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(
            f"cannot listen at {listen.host}:{listen.port}: {why}"
        ) from None
    bound.setblocking(False)
    return bound
