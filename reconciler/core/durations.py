"""Lengths of time as the files have them: `30s`, `15m`, `1h30m`, or seconds."""

from __future__ import annotations

import re
from typing import Final

PATTERN: Final = r"^(?:[0-9]{1,9}[smhdw]){1,5}$"
"""For the schema; which units follow which is only checked here."""

_UNITS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LONGEST: Final = 10 * 366 * 86_400
_WHOLE: Final = re.compile(
    "".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNITS)
)


def parse_duration(value: object) -> int | None:
    """Return seconds, or None when `value` is not a duration.

    A whole number counts seconds. Text names its units, the largest first, each
    once: `90m` and `1h30m` are equal. More than ten years is none.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value <= _LONGEST else None
    found = _WHOLE.fullmatch(value) if isinstance(value, str) and value else None
    if found is None:
        return None
    parts = found.groupdict()
    seconds = sum(_UNITS[unit] * int(count) for unit, count in parts.items() if count)
    return seconds if seconds <= _LONGEST else None


def format_duration(seconds: float) -> str:
    """Return the shortest spelling with whole units: 5400 is `1h30m`, 0 is `0s`."""
    left, parts = int(seconds), []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
