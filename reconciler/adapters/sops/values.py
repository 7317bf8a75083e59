"""What a scalar of a sops file can be, beyond JSON's kinds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A YAML timestamp, as the RFC 3339 text that sops would write."""

    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A sealed comment: never a value, and never part of the MAC."""

    text: str


Scalar = str | int | float | bool | Timestamp | Comment | bytes | None
"""`bytes` is text that is not UTF-8."""
