"""How far a broker's server is from UTC, from whatever a bridge says of it."""

from __future__ import annotations

from datetime import timedelta


def utc_offset_of(value: object) -> timedelta | None:
    """Return a server's offset from UTC, None for what cannot be understood.

    Servers give hours, minutes or seconds; the three cannot be confused, since no
    place is more than 14 hours from UTC and none is less than a quarter from the next.
    Text is `+03:00`, `GMT+3`, `UTC+5:30`.
    """
    if isinstance(value, str):
        value = _hours_of(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    units = ((14, timedelta(hours=1)), (840, timedelta(minutes=1)))
    for most, unit in (*units, (50_400, timedelta(seconds=1))):
        if abs(value) <= most:
            offset = value * unit
            whole = offset % timedelta(minutes=15) == timedelta()
            return offset if whole else None
    return None


def _hours_of(text: str) -> float | None:
    plain = text.strip().upper().removeprefix("UTC").removeprefix("GMT")
    if not text.strip():
        return None
    hours, _, minutes = plain.strip("() ").partition(":")
    try:
        whole = int(hours or 0)
        part = int(minutes or 0) / 60
    except ValueError:
        return None
    return whole - part if hours.startswith("-") else whole + part
