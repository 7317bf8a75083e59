"""How go-yaml types a scalar, and the exact bytes that sops seals and hashes for it.

Every plain value of a file may be part of its MAC, so the typing must equal that of
go-yaml v3, not PyYAML's: `yes` is text, `0777` is 511, `089` is the float 89.
"""

from __future__ import annotations

import binascii
import math
import re
from base64 import b64decode
from datetime import date, time
from decimal import Decimal
from typing import Final

from reconciler.adapters.sops.values import Comment, Scalar, Timestamp
from reconciler.core.errors import SecretError

REFUSED: Final = 23
"""The exit code of sops for a tree that it cannot represent."""


def resolve(text: str, *, plain: bool, tag: str = "") -> Scalar:
    """Type a scalar as go-yaml v3 does.

    Args:
        text: The scalar's text without its quotes.
        plain: False for quoted and block text.
        tag: The author's explicit tag in full, or empty.

    Raises:
        SecretError: An integer from 2**63 to 2**64-1, which sops refuses, or a
            tag that does not fit its text.
    """
    kind = tag.removeprefix(_CORE)
    if kind == "binary":
        return _binary(text)
    if tag and kind not in _TYPES:
        return text
    value: Scalar = _resolved(text) if plain or kind in _TYPED else text
    if not kind:
        return value
    if kind == "str":
        return text
    if kind == "float" and type(value) is int:
        return float(value)
    if not isinstance(value, _TYPES[kind]) or (kind != "bool" and value in _BOOLS):
        raise SecretError(f"a value does not fit its tag !!{kind}", code=2)
    return value


def encode(value: Scalar) -> tuple[bytes, str]:
    """Return the plaintext bytes and the type name of a value that is not null."""
    if type(value) is str:  # most are
        return value.encode(), "str"
    if isinstance(value, bytes):
        return value, "str"
    kind = _KIND_OF[type(value)]
    if isinstance(value, float):
        return format_float(value).encode(), kind
    text = value.text if isinstance(value, Timestamp | Comment) else str(value)
    return text.encode(), kind


def decode(raw: bytes, kind: str) -> Scalar:
    """Read the plaintext bytes of a sealed value.

    Raises:
        SecretError: The bytes do not fit the type. The message holds no value.
    """
    if kind == "bytes":
        return raw
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        if kind == "str":
            return raw
        raise SecretError(f"a sealed {kind} is not text", code=25) from None
    if kind == "str":
        return text
    if kind == "comment":
        return Comment(text)
    return _decoded(text, kind)


def format_float(value: float) -> str:
    """Format a float like Go's shortest 'f' form: never an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def rfc3339(text: str) -> str | None:
    """Reformat a timestamp as Go's RFC3339 does: whole seconds, `Z` for UTC."""
    match = _RFC3339.fullmatch(text)
    if not match:
        return None
    stamp = _timestamp(text)
    return _FRACTION.sub("", stamp.text) if stamp else None


_KIND_OF: Final[dict[type, str]] = {
    str: "str", bool: "bool", int: "int", float: "float",
    Timestamp: "time", Comment: "comment",
}  # fmt: skip
_CORE: Final = "tag:yaml.org,2002:"
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "": (object,), "str": (str,), "int": (int,), "float": (float,),
    "bool": (bool,), "null": (type(None),), "timestamp": (Timestamp,),
}  # fmt: skip
_TYPED: Final = frozenset({"int", "float", "bool", "null", "timestamp"})
_BOOLS: Final = (True, False)

_CONSTANTS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER: Final = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)"
    r"|0[oO]?(?P<o>[0-7]+)|(?P<d>0|[1-9][0-9]*))"
)
_BASES: Final = (("d", 10), ("x", 16), ("b", 2), ("o", 8))
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DATE: Final = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:(?:[Tt](?P<zoned>.*)|[ ]+(?P<local>.*)))?",
    re.ASCII,
)
_TIME: Final = re.compile(
    r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(?P<zone>Z|[-+]\d\d:\d\d)?", re.ASCII
)
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)", re.ASCII
)
_FRACTION: Final = re.compile(r"\.\d+")
_MAX_DIGITS: Final = 400
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def _resolved(text: str) -> Scalar:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in "+-0123456789":
        return _number_or_time(text)
    if text[0] == ".":
        return _float(text.replace("_", ""), text)
    return text


def _number_or_time(text: str) -> Scalar:
    stamp = _timestamp(text)
    if stamp:
        return stamp
    bare = text.replace("_", "")
    match = _INTEGER.fullmatch(bare)
    if not match or len(bare) > _MAX_DIGITS:
        return _float(bare, text)
    number = next(int(match[name], base) for name, base in _BASES if match[name])
    number = -number if match["sign"] == "-" else number
    if -(2**63) <= number < 2**63:
        return number
    if 0 < number < 2**64:
        raise SecretError("a whole number above 2**63 must be quoted", code=REFUSED)
    return _float(bare, text)


def _float(bare: str, text: str) -> Scalar:
    if not _FLOAT.fullmatch(bare):
        return text
    value = float(bare)
    return text if math.isinf(value) else value


def _timestamp(text: str) -> Timestamp | None:
    """Read go-yaml's four forms; the one with a space takes no zone."""
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day = (int(part) for part in match.groups()[:3])
    clock = match["zoned"] if match["zoned"] is not None else match["local"]
    found = _TIME.fullmatch("0:0:0Z" if clock is None else clock)
    zoned = clock is None or match["zoned"] is not None
    if not found or (found["zone"] is not None) != zoned:
        return None
    hour, minute, second = (int(part) for part in found.groups()[:3])
    try:
        day_text = date(year, month, day).isoformat()
        clock_text = time(hour, minute, second).isoformat()
    except ValueError:
        return None
    digits = (found[4] or "")[:9].rstrip("0")
    zone = "Z" if found["zone"] in _UTC else found["zone"]
    return Timestamp(f"{day_text}T{clock_text}{'.' + digits if digits else ''}{zone}")


_UTC: Final = (None, "Z", "+00:00", "-00:00")


def _binary(text: str) -> Scalar:
    try:
        raw = b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError):
        raise SecretError("a !!binary value is not base64", code=2) from None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def _decoded(text: str, kind: str) -> Scalar:
    if kind == "bool" and text in _TRUE | _FALSE:
        return text in _TRUE
    if kind == "int" and re.fullmatch(r"[-+]?[0-9]{1,20}", text, re.ASCII):
        number = int(text)
        if -(2**63) <= number < 2**63:
            return number
    if kind == "float" and text in _NAMED_FLOATS:
        return _NAMED_FLOATS[text]
    if kind == "float" and _FLOAT.fullmatch(text):
        return float(text)
    if kind == "time" and rfc3339(text):
        return Timestamp(text)
    raise SecretError(f"a sealed {kind} does not hold a {kind}", code=25)


_NAMED_FLOATS: Final = {"+Inf": math.inf, "-Inf": -math.inf, "NaN": math.nan}
