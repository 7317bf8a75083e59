"""How the plain scalars of a connection file are typed, and which are refused.

YAML 1.1, YAML 1.2 and go-yaml (which sops uses) disagree about dozens of spellings:
`yes`, `0777`, `12:30`, `1_000`. Whatever all of them read alike is typed here as
they do; whatever they read differently has no type at all, only an explanation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final


def typed(text: str) -> tuple[bool, Any]:
    """Type a plain (unquoted) scalar.

    Returns:
        True and a str, int, float, bool or None; or False and the text itself when
        YAML readers would disagree, or JSON could not carry the value.
    """
    if text in _CONSTANTS:
        return True, _CONSTANTS[text]
    if text[0] in _NUMERIC:
        return _number(text)
    return text not in _REFUSED, text


def is_boolean_word(text: str) -> bool:
    """Tell whether this is a boolean to YAML 1.1 and text to everybody else."""
    return text in _WORDS


def reason(text: str) -> str:
    """Say why `typed` refused this scalar, as the end of a sentence about it."""
    if text in _REFUSED:
        kind = "a boolean" if text in _WORDS else "a special sign"
        return f"is {kind} to some YAML readers and text to others"
    if _is_grouped(text):
        return "is a number to some YAML readers and text to others"
    return next(iter(_reasons(text)), "does not fit a 64-bit number")


@lru_cache(maxsize=1024)
def _number(text: str) -> tuple[bool, Any]:
    if _INTEGER.fullmatch(text):
        small = len(text) < _LONG and int(text) in _INT64
        return small, int(text) if small else text
    if _FLOAT.fullmatch(text):
        value = float(text)
        finite = abs(value) <= _LARGEST
        return finite, value if finite else text
    return not (_reasons(text) or _is_grouped(text)), text


def _reasons(text: str) -> list[str]:
    return [why for form, why in _UNCLEAR if form.fullmatch(text)]


def _is_grouped(text: str) -> bool:
    """Tell whether this is a number once its underscores are dropped, as in Go."""
    return "_" in text and bool(_ANY_NUMBER.fullmatch(text.replace("_", "")))


_CONSTANTS: Final[dict[str, Any]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMERIC: Final = frozenset("+-.0123456789")
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
)
_LONG: Final = 21
"""No 64-bit number has more characters; Python would take any length."""
_INT64: Final = range(-(2**63), 2**63)
_LARGEST: Final = 1.7976931348623157e308

_WORDS: Final = frozenset(
    [
        "y",
        "Y",
        "yes",
        "Yes",
        "YES",
        "n",
        "N",
        "no",
        "No",
        "NO",
        "on",
        "On",
        "ON",
        "off",
        "Off",
        "OFF",
    ]
)
_REFUSED: Final = _WORDS | {"=", "<<"}
_UNCLEAR: Final = (
    (
        re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"),
        "is a number in base 60 to some YAML readers and text to others",
    ),
    (
        re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?"),
        "is a date to some YAML readers and text to others",
    ),
    (
        re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
        "is not a number that JSON can carry",
    ),
    (
        re.compile(r"[-+]?0(?:[xX][0-9a-fA-F_]+|[bB][01_]+|[oO]?[0-7_]+)"),
        "is read in base 2, 8, 10 or 16, or as text, depending on the YAML reader",
    ),
    (
        re.compile(r"[-+]?0[0-9_]+(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"),
        "has leading zeros, which YAML readers treat differently",
    ),
)
_ANY_NUMBER: Final = re.compile(
    r"[-+]?(?:0[xXoObB][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)"
)
