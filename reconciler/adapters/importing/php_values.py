"""PHP's serialised values, as far as they are plain data.

Only null, booleans, numbers, text and arrays of them are read. Objects, references
and everything that PHP would call code for are refused by their letter alone, so
nothing in a dump can become anything but data. Lengths count bytes, as in PHP.
"""

from __future__ import annotations

import re
from typing import Any, Final

MAX_DEPTH: Final = 16
_SCALAR: Final = re.compile(rb"N;|b:([01]);|i:(-?[0-9]{1,19});|d:([-+.0-9eE]{1,40});")
_TEXT: Final = re.compile(rb's:([0-9]{1,9}):"')
_ARRAY: Final = re.compile(rb"a:([0-9]{1,6}):\{")


class PhpError(ValueError):
    """It is no plain serialised value; the message holds nothing of it."""


def unserialize(data: bytes) -> Any:
    """Return the value: None, bool, int, float, str, dict or list.

    An array with the keys 0, 1, 2 … is a list, every other one a dict with text as
    its keys.

    Raises:
        PhpError: It is not whole, is no plain data, or is nested too deeply.
    """
    value, end = _value(data, 0, 0)
    if end != len(data):
        raise PhpError("something follows the serialised value")
    return value


def looks_serialized(data: bytes) -> bool:
    """Tell whether it begins as PHP's serialised values do, objects included."""
    return re.match(rb"(?:N;|[bidsaOCErR]:)", data) is not None


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise PhpError("a serialised value is nested too deeply")
    if found := _SCALAR.match(data, at):
        return _scalar(found), found.end()
    if found := _TEXT.match(data, at):
        return _text(data, found)
    if found := _ARRAY.match(data, at):
        return _array(data, found, depth)
    raise PhpError("a serialised value is an object, a reference or damaged")


def _scalar(found: re.Match[bytes]) -> Any:
    flag, whole, number = found.groups()
    if flag is not None:
        return flag == b"1"
    if whole is not None:
        return int(whole)
    try:
        return float(number) if number is not None else None
    except ValueError:
        raise PhpError("a serialised number is damaged") from None


def _text(data: bytes, found: re.Match[bytes]) -> tuple[str, int]:
    end = found.end() + int(found[1])
    if data[end : end + 2] != b'";':
        raise PhpError("a serialised text has another length than it says")
    try:
        return data[found.end() : end].decode(), end + 2
    except UnicodeDecodeError:
        raise PhpError("a serialised text is not UTF-8") from None


def _array(data: bytes, found: re.Match[bytes], depth: int) -> tuple[Any, int]:
    at, items = found.end(), {}
    for _ in range(int(found[1])):
        key, at = _value(data, at, depth + 1)
        if type(key) not in {int, str}:
            raise PhpError("a serialised array has a key that is no text")
        items[key], at = _value(data, at, depth + 1)
    if data[at : at + 1] != b"}":
        raise PhpError("a serialised array has another length than it says")
    if items and list(items) == list(range(len(items))):
        return list(items.values()), at + 1
    return {str(key): value for key, value in items.items()}, at + 1
