"""What `reconcile doctor` finds out about the place that it runs in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How one thing stands, worst first."""

    BROKEN = "broken"
    WARNING = "warning"
    SKIPPED = "skipped"
    FINE = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; `fix` says what to do where something is wrong."""

    area: str
    standing: Standing
    text: str
    fix: str = ""


def fine(area: str, text: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(area=area, standing=Standing.FINE, text=text)


def skipped(area: str, text: str) -> Check:
    """Return a check that could not be made here, which is no fault."""
    return Check(area=area, standing=Standing.SKIPPED, text=text)


def warning(area: str, text: str, fix: str) -> Check:
    """Return a check that found what will hurt one day."""
    return Check(area=area, standing=Standing.WARNING, text=text, fix=fix)


def broken(area: str, text: str, fix: str) -> Check:
    """Return a check that found what keeps the work from being done."""
    return Check(area=area, standing=Standing.BROKEN, text=text, fix=fix)


def is_broken(checks: Iterable[Check]) -> bool:
    """Tell whether something keeps the work from being done."""
    return any(check.standing is Standing.BROKEN for check in checks)
