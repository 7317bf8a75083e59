"""The door to pyrage, loaded on first use: commands without a key stay light."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from reconciler.adapters.sops.age.kinds import NotOursError


@cache
def pyrage() -> Any:
    """Return the library; it has no types."""
    return import_module("pyrage")


def decrypted(key: Any, armoured: str) -> bytes:
    """Open an age file with one of pyrage's identities.

    Raises:
        NotOursError: It does not fit, or the file is damaged; age does not say which.
    """
    library = pyrage()
    try:
        # pyrage takes any armour but one that is indented or led by blanks.
        plain: bytes = library.decrypt(armoured.strip().encode(), [key])
    except library.DecryptError:
        raise NotOursError from None
    return plain
