"""The rules that stop a dangerous plan; the plan is always shown, never hidden."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Guard(StrEnum):
    """Each rule, and the flag that overrides it (`override_flag`)."""

    THRESHOLD = "threshold"
    EMPTY = "empty"
    PROTECTED = "protected"
    OWNERSHIP = "ownership"
    STALE_PLAN = "stale-plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a guard refused; `flag` is empty where nothing overrides it."""

    guard: Guard
    message: str
    names: tuple[str, ...] = ()
    flag: str = ""
