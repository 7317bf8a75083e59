"""What a guard says when it stops a plan."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a guard refused; `flag` overrides it, empty where nothing does."""

    guard: Guard
    message: str
    names: tuple[str, ...] = ()
    flag: str = ""
