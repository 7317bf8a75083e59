"""What a guard says when it stops a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Guard(StrEnum):
    """Each rule."""

    THRESHOLD = "threshold"
    EMPTY = "empty"
    PROTECTED = "protected"
    OWNERSHIP = "ownership"
    STALE_PLAN = "stale-plan"
    CONFIRMATION = "confirmation"
    SUSPENDED = "suspended"
    FREEZE = "freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a guard refused; `flag` overrides it, empty where nothing does.

    A freeze holds `names` back and nothing else; any other guard stops everything.
    """

    guard: Guard
    message: str
    names: tuple[str, ...] = ()
    flag: str = ""


def stops_all(refusals: Iterable[Refusal]) -> bool:
    """Tell whether nothing at all may be done."""
    return any(one.guard is not Guard.FREEZE for one in refusals)


def held_by(refusals: Iterable[Refusal]) -> dict[str, str]:
    """Return why single changes are held back, by their connections' names."""
    return {
        name: one.message
        for one in refusals
        if one.guard is Guard.FREEZE
        for name in one.names
    }
