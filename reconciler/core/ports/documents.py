"""The files: what they declare, and their credentials once unsealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from reconciler.core.allowances import Allowed
from reconciler.core.connection import Connection
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.secret import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """One document's credentials in memory, and whether they may be sent.

    `warning` is set when they are bound by the MAC only (sealed by plain sops).
    """

    credentials: Credentials
    warning: str = ""


class Unsealer(Protocol):
    """Opens sealed documents; raises `SecretError` naming what is missing."""

    def can_unseal(self) -> bool:
        """Tell whether any identity was found."""
        ...

    def unseal(self, text: str, *, file: str) -> Unsealed:
        """Return the credentials after checking MAC and binding."""
        ...


class DesiredHead(NamedTuple):
    """The part of a document that decides whether it needs a look.

    A tuple, because every plan makes one for every document. `suspended_until` (Unix
    seconds) is when the suspension that it asks for ends; 0 for none.
    """

    name: str
    file: str
    revision: str
    active: bool
    owner: str
    provider: str
    protected: bool = False
    previous_names: tuple[str, ...] = ()
    suspended_until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one document says, in full; `data` is plain, credentials still sealed.

    `seal` is the digest of the ciphertext (`core.revision.seal_of`).
    """

    connection: Connection
    revision: str
    file: str
    text: str
    data: Mapping[str, Any]
    seal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredSet:
    """All documents of one reading. `files` counts what was found, also invalid.

    `invalid_names` are the names of the documents that have errors: they are
    neither desired nor gone. `allowed` are warnings that comments keep quiet.
    """

    heads: Mapping[str, DesiredHead]
    diagnostics: tuple[Diagnostic, ...] = ()
    invalid_names: frozenset[str] = frozenset()
    files: int = 0
    allowed: tuple[Allowed, ...] = ()


class DocumentSource(Protocol):
    """The files: read, validated, remembered between runs by content."""

    def read(self) -> DesiredSet:
        """Read and validate every document; problems are values."""
        ...

    def load(self, name: str) -> Desired:
        """Return one valid document of the last reading in full."""
        ...

    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Return the labels of every valid document of the last reading, by name."""
        ...

    def parse(self, text: str, *, file: str) -> Desired:
        """Return a document kept elsewhere (the store's); raises `DocumentError`."""
        ...
