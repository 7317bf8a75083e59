"""The nearest known word to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_ENOUGH = 0.6
"""difflib's own default: `time_out` finds `timeout`, `foo` finds nothing."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` most likely stands for, or None.

    Case, hyphens and underscores are no difference at all.
    """
    plain = {_plain(candidate): candidate for candidate in sorted(known)}
    found = get_close_matches(_plain(word), plain, n=1, cutoff=_ENOUGH)
    return plain[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the question to print as a hint; empty when nothing is near."""
    found = closest(word, known)
    return f"did you mean '{found}'?" if found else ""


def _plain(word: str) -> str:
    return word.casefold().replace("-", "").replace("_", "")
