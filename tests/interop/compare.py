"""Whether two readings agree: same keys in the same order, same types, same values."""

from __future__ import annotations

import math
from typing import Any

from reconciler.adapters.sops.values import Timestamp


class Disagreement(Exception):  # noqa: N818  # it is what the whole suite looks for
    """Two programs read one file differently; holds the throw-away document."""

    def __init__(self, what: str, *, document: str, sealed: str = "") -> None:
        self.what, self.document, self.sealed = what, document, sealed
        super().__init__(what)


def difference(expected: Any, found: Any, place: str = "") -> str:
    """Return the first difference in words, or nothing.

    Whole floats and whole numbers count as equal: sops itself writes the float 3.0
    as `3`.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        if list(expected) != list(found):
            return f"{place or 'the root'}: keys {list(expected)} against {list(found)}"
        pairs = ((f"{place}.{key}", expected[key], found[key]) for key in expected)
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"{place}: {len(expected)} items against {len(found)}"
        both = zip(expected, found, strict=True)
        pairs = ((f"{place}[{at}]", one, two) for at, (one, two) in enumerate(both))
    else:
        same = _same_scalar(expected, found)
        return "" if same else f"{place}: {expected!r} against {found!r}"
    return next(filter(None, (difference(a, b, at) for at, a, b in pairs)), "")


def as_json(value: Any) -> Any:
    """Return what JSON keeps of typed data: a timestamp is its text."""
    if isinstance(value, dict):
        return {key: as_json(child) for key, child in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.text if isinstance(value, Timestamp) else value


def has_json(value: Any) -> bool:
    """Tell whether JSON can hold it: not what is infinite or no number."""
    if isinstance(value, dict):
        return all(map(has_json, value.values()))
    if isinstance(value, list):
        return all(map(has_json, value))
    return not isinstance(value, float) or math.isfinite(value)


def _same_scalar(expected: Any, found: Any) -> bool:
    numbers = int | float
    both = isinstance(expected, numbers) and isinstance(found, numbers)
    if both and not isinstance(expected, bool) and not isinstance(found, bool):
        nan = math.isnan(expected) and math.isnan(found)
        # Exact, not through float: 2**53 + 1 must not pass for 2**53.
        return nan or expected == found
    return type(expected) is type(found) and expected == found
