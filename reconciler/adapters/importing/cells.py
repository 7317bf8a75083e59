"""What a cell of a foreign table means: flags, times, JSON within text, credentials."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from reconciler.core.parity import Scalar

_TRUE: Final = frozenset(("1", "t", "true", "yes", "y", "on"))
_FALSE: Final = frozenset(("0", "f", "false", "no", "n", "off", ""))
_EPOCH_YEAR: Final = 1971  # MySQL's '0000-00-00' and its kin mean nothing
_MAX_DEPTH: Final = 3
MAX_LINE: Final = 200


class CellError(ValueError):
    """A cell does not hold what it should; the message holds nothing of it."""


def text_of(value: Any) -> str:
    """Return a cell as one line of text, at most 200 characters."""
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise CellError("is no text")
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return " ".join(text.split())[:MAX_LINE]


def flag_of(value: Any, *, default: bool) -> bool:
    """Return a cell as true or false, however the database spells that."""
    if value is None:
        return default
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE or word == "\0":
        return False
    return word == "\1" or _raised("is neither true nor false")


def _raised(why: str) -> bool:
    raise CellError(why)


def time_of(value: Any) -> datetime | None:
    """Return a cell as a moment; a time without a zone is UTC, as Laravel writes it."""
    if value is None or value == "":
        return None
    text = re.sub(r"([+-][0-9]{2})$", r"\1:00", str(value).strip())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        if text.startswith("0000"):
            return None
        raise CellError("is no time such as 2026-01-31 12:00:00") from None
    if found.year < _EPOCH_YEAR:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def json_of(value: Any) -> Any:
    """Return what a cell of JSON holds, also when it was encoded twice."""
    for _ in range(_MAX_DEPTH):
        if not isinstance(value, str) or not value.strip():
            break
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise CellError("is no JSON") from None
    return value


def mapping_of(value: Any) -> dict[str, Any]:
    """Return a cell as a mapping; PHP writes an empty one as `[]`."""
    found = json_of(value)
    if found in (None, "", []):
        return {}
    if not isinstance(found, dict):
        raise CellError("is no mapping")
    return found


def lines_of(value: Any) -> tuple[str, ...]:
    """Return a list of texts, each once; one text with commas is a list as well."""
    if value is None or value == "":
        return ()
    items = value.split(",") if isinstance(value, str) else value
    if isinstance(items, dict):
        items = list(items.values())  # PHP, once an element was unset
    if not isinstance(items, list) or not all(isinstance(i, str) for i in items):
        raise CellError("is no list of texts")
    cleaned = (item.strip() for item in items)
    return tuple(dict.fromkeys(item for item in cleaned if item))


def scalars_of(found: Mapping[str, Any]) -> tuple[dict[str, Scalar], list[str]]:
    """Return the values that are one value, and the names of those that are not.

    Empty values are none at all: the panel's form sends a field that was left empty.

    Raises:
        CellError: A text holds half a character, so it is damaged.
    """
    kept = {
        str(name): value
        for name, value in found.items()
        if isinstance(value, Scalar) and value != ""
    }
    for text in (*kept, *kept.values()):
        if isinstance(text, str) and any("\ud800" <= c <= "\udfff" for c in text):
            raise CellError("is no valid text")
    odd = [str(n) for n, v in found.items() if isinstance(v, dict | list) and v]
    return kept, odd
