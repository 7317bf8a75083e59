"""Whole numbers kept in one line of text: a record holds dozens, and stays small."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_MOST_DIGITS: Final = 18


def numbers_in(text: str) -> tuple[int, ...]:
    """Return the numbers of a line, oldest first; what is none counts as 0.

    A store that somebody edited must not keep a connection from being shown.
    """
    return tuple(
        int(word) if word.isdecimal() and len(word) <= _MOST_DIGITS else 0
        for word in text.split()
    )


def text_of(numbers: Iterable[int]) -> str:
    """Return numbers as one line."""
    return " ".join(map(str, numbers))
