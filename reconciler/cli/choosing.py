"""Rows that match what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from reconciler.cli.console import Console
from reconciler.core.errors import InputError
from reconciler.core.health import UNHEALTHY, Health, Sync
from reconciler.core.ports import DesiredSet
from reconciler.core.query import Query, Sort, Table, every_match
from reconciler.core.run import Row
from reconciler.core.selecting import LabelTerm, Selection
from reconciler.report.text import count

_UNWELL = frozenset({Sync.REJECTED, Sync.DRIFTED})
_LARGEST_FIRST = frozenset({Sort.LATENCY, Sort.FAILURES})


def query_of(*, sort: str, health: Sequence[str], **filters: Any) -> Query:
    """Return what the options of `list` ask for, the worst first where there is one."""
    order = Sort(sort)
    return Query(
        health=frozenset(map(Health, health)),
        sort=order,
        descending=order in _LARGEST_FIRST,
        **filters,
    )


def listed(
    rows: Iterable[Row], wanted: Query, *, status: Sequence[str]
) -> tuple[Row, ...]:
    """Return the rows that are wanted, in their order.

    Args:
        rows: What there is.
        wanted: What they must be.
        status: Words of intent or sync, of which a row must have one; empty for any.
    """
    found = every_match(Table(rows), wanted)
    if not status:
        return found
    words = frozenset(status)
    return tuple(row for row in found if words & {row.intent.value, row.sync.value})


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
