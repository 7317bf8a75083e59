"""What a plan leaves alone: out of its scope, suspended by an operator, or frozen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from reconciler.core.freezing import Freeze, frozen, touches
from reconciler.core.plan import Change
from reconciler.core.ports import DesiredSet, Ports, StateStore
from reconciler.core.record import Head, Status, is_suspended
from reconciler.core.refusal import Refusal
from reconciler.core.selecting import fits_all, label_term
from reconciler.core.windows import is_inside


def labelled_names(
    ports: Ports,
    desired: DesiredSet,
    recorded: Mapping[str, Head],
    conditions: Sequence[str],
) -> frozenset[str]:
    """Return the names that all conditions on labels fit: a file's, else a record's.

    A name whose file is invalid goes by what is recorded.
    """
    terms = [term for text in conditions if (term := label_term(text))]
    declared = ports.source.labels()
    found = {name for name, labels in declared.items() if fits_all(terms, labels)}
    for name in recorded.keys() - desired.heads.keys():
        record = ports.store.get(name)
        if record and fits_all(terms, record.labels):
            found.add(name)
    return frozenset(found)


def suspended_names(
    store: StateStore, recorded: Mapping[str, Head], *, now: datetime
) -> frozenset[str]:
    """Return the names of what operators keep out of service at this moment."""
    records = (store.get(head.name) for head in recorded.values() if head.suspended)
    return frozenset(
        record.name for record in records if record and is_suspended(record, now=now)
    )


def held_by_freezes(
    ports: Ports,
    freezes: Iterable[Freeze],
    changes: Iterable[Change],
    recorded: Mapping[str, Head],
    *,
    allowed: Collection[str],
) -> tuple[Refusal, ...]:
    """Return what freezes hold back; looks at labels only while one holds."""
    now = ports.clock.now()
    open_now = [one for one in freezes if is_inside(one.window, now)]
    if not open_now:
        return ()
    touching = [
        change
        for change in changes
        if touches(change, _running(recorded.get(change.previous or change.name)))
    ]
    return frozen(
        open_now,
        touching,
        {change.name: _labels(ports, change) for change in touching},
        now=now,
        allowed=allowed,
    )


def _running(head: Head | None) -> str:
    runs = head is not None and head.status is not Status.INACTIVE
    return head.active_revision if head and runs else ""


def _labels(ports: Ports, change: Change) -> Mapping[str, str]:
    if change.after:
        return ports.source.load(change.name).connection.labels
    record = ports.store.get(change.name)
    return record.labels if record else {}
