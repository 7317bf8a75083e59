"""What has no place in our file, as a comment there may show it.

The panel kept its config in plain text, and people put keys into plain text. So a
value is shown only when it cannot be one: numbers below a hundred thousand, booleans
and short words without a digit, under a name that says nothing of secrets.
"""

from __future__ import annotations

import re
from typing import Any, Final

_LARGEST: Final = 100_000
_TELLING: Final = re.compile(r"(?i)key|pass|pwd|pin|secret|token|auth|cred|sign|otp")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_ /.-]{0,23}")


def leftover(name: str, value: Any) -> str:
    """Return `name: value`, or the name alone where the value could be a secret."""
    legal = re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", name) is not None
    shown = name if legal else "a field with an odd name"
    if not legal or _TELLING.search(name):
        return shown
    if isinstance(value, bool):
        return f"{shown}: {str(value).lower()}"
    if isinstance(value, int | float) and abs(value) < _LARGEST:
        return f"{shown}: {value}"
    if isinstance(value, str) and _WORD.fullmatch(value):
        return f"{shown}: {value}"
    return shown
