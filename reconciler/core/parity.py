"""What comes over from another tool, and how well: values only.

A draft is one connection as the other tool had it, in our words. Every remark says
how the file will differ from what was there; a row's standing is that of its gravest
remark. Plain credentials are never part of a `repr`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

Scalar = str | int | float | bool


class Standing(StrEnum):
    """How a row compares with the file that it becomes, in the words of the report."""

    SAME = "same"
    DIFFERS = "differs"
    DEFECT = "panel defect"
    CANNOT = "cannot be expressed"


_GRAVITY: Final = tuple(Standing)


class Brought(StrEnum):
    """What became of one row."""

    WRITTEN = "written"
    PLANNED = "would be written"
    THERE = "there already"
    DELETED = "deleted there"
    LEFT = "not imported"


class Recorded(StrEnum):
    """What the store was told of a row."""

    NOT = ""
    LIVE = "adopted as live, untested here"
    INACTIVE = "recorded as inactive"
    TO_TEST = "recorded, to be tested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One difference: of which field, and a sentence that holds no secret."""

    standing: Standing
    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the panel had recorded; times are aware UTC, None where it had none."""

    status: str = ""
    created_at: datetime | None = None
    last_connected_at: datetime | None = None
    last_tested_at: datetime | None = None
    last_used_at: datetime | None = None
    last_error: str = ""
    """Without the row's own credentials, cut to a line."""

    @property
    def has_worked(self) -> bool:
        """Tell whether the panel calls it active and had reached the provider."""
        return self.status == "active" and self.last_connected_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One connection on its way. `place` says where it was read: `dump.sql:31`.

    `more` are further sections as our files have them. `unplaced` lists what has no
    place in our file, each as it may be shown in a comment there.
    """

    place: str
    title: str
    id: str = ""
    name: str = ""
    type: str = ""
    provider: str = ""
    owner: str = "admin"
    active: bool = True
    deleted: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, Scalar] = field(default_factory=dict, repr=False)
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    symbols: tuple[str, ...] = ()
    timeframes: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    unplaced: tuple[str, ...] = ()
    past: Past | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def is_expressible(self) -> bool:
        """Tell whether it can become a file at all."""
        return standing_of(self.remarks) is not Standing.CANNOT

    def noting(self, standing: Standing, about: str, text: str) -> Draft:
        """Return the draft with one more remark."""
        remark = Remark(standing=standing, field=about, text=text)
        return replace(self, remarks=(*self.remarks, remark))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """One row of the report: where it came from, what it became, and how alike."""

    place: str
    id: str
    title: str
    name: str
    file: str
    result: Brought
    standing: Standing
    recorded: Recorded = Recorded.NOT
    remarks: tuple[Remark, ...] = ()


def standing_of(remarks: Iterable[Remark]) -> Standing:
    """Return the gravest standing, `same` without a remark."""
    return max(
        (remark.standing for remark in remarks),
        key=_GRAVITY.index,
        default=Standing.SAME,
    )


def is_complete(rows: Iterable[Parity]) -> bool:
    """Tell whether every row that was to come over did."""
    return all(row.result not in {Brought.LEFT, Brought.THERE} for row in rows)
