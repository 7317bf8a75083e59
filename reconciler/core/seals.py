"""What can be told of a sealed file: who opens it, how old it is, what ties it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Tie(StrEnum):
    """What keeps credentials from being sent elsewhere."""

    BOUND = "bound"
    MAC = "unbound, the MAC covers it"
    UNBOUND = "unbound"
    MISMATCH = "mismatch"
    UNCHECKED = "sealed, not checked"
    BROKEN = "cannot be verified"
    NONE = "nothing sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """When something last changed; `at` is None where it was not committed yet.

    Not `exact`: it may be older than that, but is no younger. Without `commit` it is
    what the file says of itself.
    """

    at: datetime | None = None
    commit: str = ""
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Somebody who can open a file: a public key, and a name where one is known."""

    recipient: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealDrift:
    """One difference from `.sops.yaml`, and the command that mends it."""

    code: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedValue:
    """One credential and since when its ciphertext is what it is.

    Under a new data key every ciphertext is new, so the value may then be older.
    """

    name: str
    since: Since


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeal:
    """Everything about one sealed file; it holds no value and needs no key.

    `rule` is the `path_regex` of the creation rule that applies, empty for one that
    matches everything, None where there is no rule. `problem` says why the file, or
    its seal, could not be read.
    """

    file: str
    recipients: tuple[Opener, ...] = ()
    groups: int = 1
    config: str = ""
    rule: str | None = None
    drift: tuple[SealDrift, ...] = ()
    data_key: Since | None = None
    credentials: tuple[SealedValue, ...] = ()
    binding: Tie = Tie.NONE
    problem: str = ""

    @property
    def is_well(self) -> bool:
        """Tell whether nothing has to be done about it."""
        unwell = (Tie.UNBOUND, Tie.MISMATCH, Tie.BROKEN)
        return not (self.drift or self.problem or self.binding in unwell)
