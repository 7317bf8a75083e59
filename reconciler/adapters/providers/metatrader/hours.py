"""When foreign exchange is open, and what a broker's silence means at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from reconciler.core.errors import ProviderError

_HOUR_MS = 3_600_000
_WEEK_MS = 168 * _HOUR_MS
_OPEN_MS = 119 * _HOUR_MS
"""From Sunday 22:00 to Friday 21:00 UTC."""
_FIRST_OPENING_MS = (3 * 24 + 22) * _HOUR_MS
"""Sunday 1970-01-04 22:00: the epoch was a Thursday."""
_YEAR_MS = 365 * 24 * _HOUR_MS
_SILENT_CODES = frozenset(
    {
        *("market_closed", "service_not_available"),
        *("timeouterror", "notconnectederror", "notsynchronizederror"),
    }
)
"""In the words of bridges, and of MetaApi."""


class SilentError(ProviderError):
    """The broker does not serve now; at a weekend that is no failure."""


def reopening(now: datetime) -> datetime | None:
    """Return when foreign exchange opens again, None while it is open."""
    now_ms = int(now.timestamp() * 1000)
    opened_ms = _opened_ms(now_ms)
    if now_ms < opened_ms + _OPEN_MS:
        return None
    return datetime.fromtimestamp((opened_ms + _WEEK_MS) / 1000, tz=UTC)


def closed_sentence(now: datetime) -> str:
    """Return what to say of a closed market, empty while it is open."""
    opens = reopening(now)
    return f"the market is closed until {opens:%A %H:%M} UTC" if opens else ""


def window_start_ms(end_ms: int, span_ms: int) -> int:
    """Return where a window begins that holds `span_ms` of open market.

    Weekends are walked over, so twenty one-minute bars asked for on a Sunday are
    Friday's. Never before 1971.
    """
    at, left = end_ms, span_ms
    while at > _YEAR_MS:
        opened = _opened_ms(at)
        at = min(at, opened + _OPEN_MS)
        if left <= at - opened:
            return max(at - left, _YEAR_MS)
        left -= at - opened
        at = opened - (_WEEK_MS - _OPEN_MS)
    return _YEAR_MS


def window_end_ms(start_ms: int, span_ms: int) -> int:
    """Return where a window ends that holds `span_ms` of open market."""
    at, left = start_ms, span_ms
    while True:
        closes = _opened_ms(at) + _OPEN_MS
        if left <= closes - at:
            return at + left
        left -= max(0, closes - at)
        at = closes + (_WEEK_MS - _OPEN_MS)


def silent_or_not(error: ProviderError, now: datetime) -> ProviderError:
    """Return the error as a `SilentError` when its code says so, else as it is."""
    codes = error.diagnosis.evidence.get("code", "").lower().split(", ")
    return silent(error, now) if _SILENT_CODES & {*codes} else error


def silent(error: ProviderError, now: datetime) -> SilentError:
    """Return the error of a broker that does not serve now, with when it will."""
    opens = reopening(now)
    if opens is None:
        return SilentError(error.diagnosis)
    fix = f"{closed_sentence(now)}: test again then"
    wait_s = (opens - now).total_seconds()
    return SilentError(replace(error.diagnosis, fix=fix, retry_after_s=wait_s))


def _opened_ms(at_ms: int) -> int:
    weeks = (at_ms - _FIRST_OPENING_MS) // _WEEK_MS
    return _FIRST_OPENING_MS + weeks * _WEEK_MS
