"""How long a provider asks us to wait: from headers, and from its sentences.

Headers name the moment in four units: seconds to go, milliseconds to go, a moment in
seconds and one in milliseconds. A moment is by the provider's own clock, which the
answer's `Date` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.core.diagnosis import Category

MAX_WAIT_S = 7 * 86_400.0
_LIMITED = frozenset({418, 429, 503})
_RESETS = (
    "X-RateLimit-Reset",
    "RateLimit-Reset",
    "X-BM-RateLimit-Reset",
    "X-Gate-RateLimit-Reset-Timestamp",
    "X-Bapi-Limit-Reset-Timestamp",
    "Bitvavo-RateLimit-ResetAt",
)
_RESETS_MS = ("gw-ratelimit-reset",)
"""Headers whose small numbers are milliseconds to go (KuCoin)."""
_EARLIEST_MOMENT_S = 1_000_000_000
"""A larger number of seconds counts from 1970."""
_NUMBER = re.compile(r"\d{1,13}(?:\.\d{1,6})?")
_STRUCTURED = re.compile(r"(?:\breset\s*=\s*|;\s*t\s*=\s*)(\d{1,9})")
"""`RateLimit: limit=10, remaining=0, reset=30` and `RateLimit: "a";r=0;t=30`."""
_MOMENT = re.compile(
    r"(?i)(?:banned|blocked|locked|expires?|retry|again|available)\b[^.{}\d]{0,24}"
    r"(?:until|at|after)\W{0,3}(\d{13}|\d{10}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)"
)
_NUMBERED_MOMENT = re.compile(
    r"(?i)(\b(?:until|after|at)\W{1,3})([12]\d{9}(?:\d{3})?)\b"
)
_SPAN = re.compile(
    r"(?i)(?:again|retry|wait|unlock\w*|lift\w*|after)\b[^.{}\d]{0,24}?(\d{1,6})\s*"
    r"(ms|millisecond|s|sec|second|m|min|minute|h|hour)s?\b"
)
_UNITS_S = {"ms": 0.001, "mi": 60.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def is_limit(category: Category) -> bool:
    """Tell whether a category is about asking too much, whatever the status."""
    return category in {Category.RATE_LIMITED, Category.IP_BANNED}


def retry_after_s(
    answer: Answer, *, now_s: float, limited: bool = False
) -> float | None:
    """Return how long the provider asks to wait: a header, or a ban's end in text.

    `limited` tells that the answer is about a limit, which its status may hide.
    """
    header = answer.header("Retry-After").strip()
    if header.isdigit():
        return _bounded(float(header))
    if header:
        try:
            return _bounded(parsedate_to_datetime(header).timestamp() - now_s)
        except (TypeError, ValueError):
            return None
    limited = limited or answer.status in _LIMITED
    said = _said_s(answer.head, now_s=now_s) if limited else None
    if said is not None:
        return said
    return reset_after_s(answer) if limited else None


def reset_after_s(answer: Answer) -> float | None:
    """Return when the provider counts anew, None when it does not say."""
    for text, factor in _resets(answer):
        if not _NUMBER.fullmatch(text):
            continue
        value = float(text)
        if value < _EARLIEST_MOMENT_S:
            return _bounded(value * factor)
        try:
            now_s = parsedate_to_datetime(answer.header("Date")).timestamp()
        except (TypeError, ValueError):
            continue
        is_ms = value >= _EARLIEST_MOMENT_S * 1000
        return _bounded((value / 1000 if is_ms else value) - now_s)
    return None


def _resets(answer: Answer) -> Iterator[tuple[str, float]]:
    """Yield what headers say of the next count, and the seconds in one unit of it."""
    for name in _RESETS:
        yield answer.header(name).strip(), 1.0
    for name in _RESETS_MS:
        yield answer.header(name).strip(), 0.001
    structured = _STRUCTURED.search(answer.header("RateLimit"))
    yield (structured[1] if structured else ""), 1.0


def readable(text: str) -> str:
    """Return a text in which the end of a wait is no bare number of seconds."""
    return _NUMBERED_MOMENT.sub(_in_words, text)


def _in_words(found: re.Match[str]) -> str:
    moment = datetime.fromtimestamp(_moment_s(found[2]), tz=UTC)
    return f"{found[1]}{moment:%Y-%m-%d %H:%M:%S} UTC"


def _said_s(text: str, *, now_s: float) -> float | None:
    moment = _MOMENT.search(text)
    if moment:
        return _bounded(_moment_s(moment[1]) - now_s)
    span = _SPAN.search(text)
    if span is None:
        return None
    unit = span[2].lower()
    factor = _UNITS_S.get(unit[:2]) or _UNITS_S[unit[0]]
    return _bounded(int(span[1]) * (0.001 if unit.startswith("milli") else factor))


def _moment_s(text: str) -> float:
    if text.isdigit():
        return int(text) / (1000 if len(text) > 10 else 1)  # noqa: PLR2004
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:  # the 30th of February
        return 0.0


def _bounded(seconds: float) -> float:
    return min(max(0.0, round(seconds, 1)), MAX_WAIT_S)
