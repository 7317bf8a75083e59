"""Rows that match what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol, TypeVar

from reconciler.cli.console import Console
from reconciler.core.errors import InputError
from reconciler.core.health import UNHEALTHY, Sync
from reconciler.core.ports import DesiredSet
from reconciler.core.run import Row
from reconciler.core.selecting import LabelTerm, Selection, fits_all
from reconciler.report.text import count

_NEVER = datetime.min.replace(tzinfo=UTC)
_SORTS: Mapping[str, Callable[[Row], Any]] = {
    "name": lambda row: row.name,
    "type": lambda row: row.type,
    "provider": lambda row: row.provider,
    "owner": lambda row: row.owner,
    "health": lambda row: list(type(row.health)).index(row.health),
    "sync": lambda row: row.sync.value,
    "latency": lambda row: -(row.latency_ms or 0.0),
    "tested": lambda row: row.last_tested_at or _NEVER,
}
SORTS = tuple(_SORTS)
_UNWELL = frozenset({Sync.REJECTED, Sync.DRIFTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What rows must be; None and empty mean anything, globs are allowed."""

    status: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    owner: str | None = None
    kind: str | None = None
    provider: str | None = None
    labels: tuple[LabelTerm, ...] = ()

    def accepts(self, row: Row) -> bool:
        """Tell whether a row is what was asked for."""
        words = {row.intent.value, row.sync.value}
        return (
            (not self.status or bool(words & set(self.status)))
            and (not self.health or row.health.value in self.health)
            and _fits(row.owner, self.owner)
            and _fits(row.type, self.kind)
            and _fits(row.provider, self.provider)
            and fits_all(self.labels, row.labels)
        )


def sorted_rows(rows: Sequence[Row], sort: str) -> tuple[Row, ...]:
    """Return the rows in the order asked for; equal ones by name."""
    return tuple(sorted(rows, key=lambda row: (_SORTS[sort](row), row.name)))


class Labelled(Protocol):
    """What can be chosen: a row, or a record."""

    @property
    def name(self) -> str:
        """Return its name."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """Return its labels."""
        ...


L = TypeVar("L", bound=Labelled)


def matching(
    everything: Iterable[L], names: Sequence[str], labels: Sequence[LabelTerm] = ()
) -> tuple[L, ...]:
    """Return those that are meant; no names and no labels mean all.

    Raises:
        InputError: A name or a glob fits none, or the labels leave none.
    """
    held = tuple(everything)
    asked = Selection(names=tuple(names), labels=tuple(labels))
    if unknown := asked.unmatched([one.name for one in held]):
        raise InputError(
            f"there is no connection '{unknown}'; 'reconcile list' shows them all"
        )
    found = tuple(one for one in held if asked.accepts(one.name, one.labels))
    if asked.labels and not found:
        terms = " ".join(f"--label {term}" for term in asked.labels)
        raise InputError(f"{terms} leaves no connection; 'reconcile list' shows them")
    return found


def is_unwell(rows: Sequence[Row]) -> bool:
    """Tell whether something is unhealthy, rejected or drifted."""
    return any(row.health in UNHEALTHY or row.sync in _UNWELL for row in rows)


def note_unread(console: Console, desired: DesiredSet | None) -> None:
    """Tell of files that could not be taken into account."""
    if desired is None:
        console.say("The files cannot be read: only what is recorded is shown.")
    elif desired.invalid_names:
        files = count(len(desired.invalid_names), "file")
        console.say(f"Left out: {files} with errors; see 'reconcile validate'.")


def _fits(text: str, pattern: str | None) -> bool:
    return pattern is None or fnmatchcase(text, pattern)
