"""What one pretend provider is made of: calls in, answers out, and no I/O.

A provider is a table of routes plus three habits of its own: how it reads a key
and a signature, how it words a refusal, and what it says about an unknown path.
The server does the network, the engine applies faults; everything here is plain
values, so an exchange's module reads like its documentation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from reconciler.sandbox.accounts import Account
    from reconciler.sandbox.candles import Market
    from reconciler.sandbox.faults import Fault


class Kind(StrEnum):
    """What an endpoint is for; a fault may be limited to one kind."""

    PUBLIC = "public"
    CANDLES = "candles"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it arrived, with the provider's own view of time and market.

    `target` (path and query), `query_string` and `body` are exactly as sent:
    signatures cover those bytes. `path` is decoded, for finding the route.
    `now_s` is the provider's clock, any skew included. `memory` is what providers
    keep between calls (highest nonces, logins); it lives as long as the sandbox.
    `certificate` is the name in the caller's TLS certificate, empty without one.
    """

    method: str
    host: str
    path: str
    target: str
    query_string: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now_s: float
    peer_ip: str
    market: Market
    memory: MutableMapping[str, int]
    certificate: str = ""

    @property
    def now_ms(self) -> int:
        """The provider's clock in whole milliseconds."""
        return int(self.now_s * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response: status, body and headers, before the network touches it."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalContext:
    """What a refusal may mention: the time, the caller's address, the wait."""

    now_s: float
    ip: str
    retry_after_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoute:
    """An endpoint that answers anybody."""

    reply: Callable[[Call], Answer]
    kind: Kind = Kind.PUBLIC

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds a fault can mean by this endpoint."""
        return frozenset({self.kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRoute:
    """An endpoint whose caller must prove an account, and may need a permission."""

    reply: Callable[[Call, Account], Answer]
    kind: Kind = Kind.PRIVATE
    needs: str | None = None

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds a fault can mean: candles behind a key are private too."""
        return frozenset({self.kind, Kind.PRIVATE})


Route = OpenRoute | SignedRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One pretend provider.

    `presented_key` reads the caller's key without judging it. `authenticate`
    returns the account a call proves to be, or raises Refusal. `refuse` words a
    fault the way this provider does.
    """

    name: str
    hosts: tuple[str, ...]
    accounts: tuple[Account, ...]
    find_route: Callable[[str, str], Route | None]
    presented_key: Callable[[Call], str | None]
    authenticate: Callable[[Call, tuple[Account, ...]], Account]
    refuse: Callable[[Fault, RefusalContext], Answer]
    not_found: Answer


class Refusal(Exception):  # noqa: N818  (a refusal is an answer, not a malfunction)
    """The provider says no, in its own words; waiting may or may not help."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"refused with HTTP {answer.status}")


def json_answer(
    document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an answer holding compact JSON, as exchanges send it."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return Answer(status=status, body=body, headers=headers or {})


def html_answer(status: int, title: str) -> Answer:
    """Return the kind of page a proxy or firewall puts in front of an API."""
    page = (
        f"<!DOCTYPE html><html><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>sandbox edge</p></body></html>"
    )
    return Answer(status=status, body=page.encode(), content_type="text/html")


def account_with_key(accounts: tuple[Account, ...], key: str | None) -> Account | None:
    """Return the account that owns a key, or None."""
    return next((account for account in accounts if account.api_key == key), None)


def table(routes: Mapping[str, Route]) -> Callable[[str, str], Route | None]:
    """Return a route finder over a table keyed by "METHOD /path"."""
    return lambda method, path: routes.get(f"{method} {path}")


def number(text: str) -> float | str:
    """Return a decimal string as a JSON number, and rubbish as it is."""
    try:
        return float(text)
    except ValueError:
        return text
