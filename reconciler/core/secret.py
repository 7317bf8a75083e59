"""A credential in memory: it hides itself wherever it is printed.

`reveal()` may be called in `adapters/{notify,providers,sops}` only; an
architecture test scans for it elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, final

MASK = "**********"


@final
class Secret:
    """One plaintext credential value; equal by value, masked in every rendering."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the plaintext. Keep it in memory and as short as possible."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, _spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __len__(self) -> int:
        return len(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")


Credentials = Mapping[str, Secret]
