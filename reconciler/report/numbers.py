"""Prices and times of market data as text, however wild the provider's numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

_PLACES: Final = 30
"""A larger exponent stays one: written out it could fill the memory."""


def decimal(number: Decimal | None) -> str:
    """Return a number as the provider gave it, without an exponent; `-` for none."""
    if number is None:
        return "-"
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _PLACES:
        return str(number)
    return format(number, "f")


def utc_ms(at_ms: int | None) -> str:
    """Return UTC milliseconds as `2026-11-23 00:25:00Z`; `-` for none."""
    if at_ms is None:
        return "-"
    try:
        at = datetime.fromtimestamp(at_ms / 1_000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"
    return at.strftime("%Y-%m-%d %H:%M:%SZ")
