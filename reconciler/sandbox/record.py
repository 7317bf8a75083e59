"""What the sandbox remembers of the requests it saw: never a value of a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADERS = (
    "authorization",
    "x-mbx-apikey",
    "x-api-key",
    "ok-access-key",
    "ok-access-sign",
    "api-key",
    "api-sign",
    "kc-api-key",
    "kc-api-sign",
    "apikey",
    "x-bapi-api-key",
    "x-bapi-sign",
    "access-key",
    "access-sign",
    "x-bx-apikey",
    "x-mexc-apikey",
    "key",
    "sign",
)
_PARAMETERS = frozenset(
    {"apikey", "api_key", "key", "token", "signature", "password", "secret"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request: where it went and how it was judged.

    Attributes:
        at_s: seconds since the epoch, true time.
        provider: provider name, `trap` for the redirect trap, `unknown` otherwise.
        account: whose key was shown, by account name; None when unknown or absent.
        credentials: something that looks like a credential arrived.
        authenticated: the caller proved to own the key.
        status: HTTP status of the answer; 0 when none was given.
        faults: the faults that it met.
    """

    at_s: float
    host: str
    method: str
    path: str
    provider: str
    account: str | None
    credentials: bool
    authenticated: bool
    status: int
    faults: tuple[str, ...] = ()


def carries_credentials(headers: Mapping[str, str], query_string: str) -> bool:
    """Say whether a request brings anything that looks like a credential."""
    if any(name in headers for name in _HEADERS):
        return True
    names = {name.lower() for name, _ in parse_qsl(query_string)}
    return not names.isdisjoint(_PARAMETERS)
