"""JSON for machines: indented, stable, and ASCII only.

ASCII, because a pipe's encoding is not ours to choose and no character of a
provider's answer should reach a terminal as it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

from reconciler.core.codec import to_data

FORMAT_VERSION: Final = "1.0"
"""Of the documents that wrap our values; minor = additive, major = break."""


def pretty(data: object) -> str:
    """Return plain data as JSON text that ends in a newline.

    A number that is not finite becomes null: JSON has none, and no provider's
    answer may keep a report from being written.
    """
    return (_quick(data) or _exact(data)).replace("\x7f", "\\u007f") + "\n"


def of_value(value: object) -> str:
    """Return one of our values as JSON text."""
    return pretty(to_data(value))


def of_parts(**parts: Any) -> str:
    """Return a JSON object of plain data that begins with its format version."""
    return pretty({"format_version": FORMAT_VERSION, **parts})


def each(values: Iterable[object]) -> list[Any]:
    """Return our values as plain data."""
    return [to_data(value) for value in values]


def _quick(data: object) -> str:
    """Return the text if the fast encoder writes it as we want it, else nothing."""
    import orjson  # noqa: PLC0415  # costs start-up time

    try:
        text = orjson.dumps(data, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # a whole number beyond 64 bits, half a surrogate pair
        return ""
    return text if text.isascii() else ""


def _exact(data: object) -> str:
    try:
        return json.dumps(data, indent=2, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(data), indent=2, allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(item) for key, item in data.items()}
    if isinstance(data, list):
        return list(map(_finite, data))
    return None if isinstance(data, float) and not math.isfinite(data) else data
