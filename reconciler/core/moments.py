"""Moments as the files have them: `2026-12-24T18:00:00Z`, always with their offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})$"
)
_FORM: Final = re.compile(PATTERN)


def parse_moment(value: object) -> datetime | None:
    """Return a moment in UTC, or None when `value` is none.

    Text only, and with an offset: a wall clock without one is a guess.
    """
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or beyond the calendar
        return None


def format_moment(moment: datetime) -> str:
    """Return how a file would have it, in UTC and to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
