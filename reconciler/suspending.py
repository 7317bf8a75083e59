"""Suspend what runs, and resume it: for the command line and for the daemon alike.

Takes no lock: an operator does not wait for a run that is under way, and that run
finds the suspension when it comes to commit. The desired state does not move, so
that a plan which somebody reviewed stays what it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from reconciler.core.errors import InputError, StaleError
from reconciler.core.moments import format_moment
from reconciler.core.observing import untold
from reconciler.core.ports import StateStore
from reconciler.core.record import (
    Action,
    ActionName,
    Commit,
    Event,
    Record,
    Result,
    with_event,
)
from reconciler.core.suspension import Suspension

COMMIT_TRIES = 5
"""A test that ends meanwhile moves the record."""


def suspend(store: StateStore, name: str, suspension: Suspension) -> Record:
    """Suspend a recorded connection; a second suspension replaces the first.

    Args:
        store: Where it is recorded.
        name: Its name.
        suspension: Who, why, from when and until when; `at` must be set.

    Raises:
        InputError: Nothing of that name is recorded, or the end is in the past.
        StateError: It cannot be written.
    """
    now = suspension.at
    if now is None:
        raise AssertionError("a suspension at run time begins at some moment")
    if not suspension.holds(now):
        raise InputError(f"'{name}' cannot be suspended until a time that is over")
    until = f"until {format_moment(suspension.until)}: " if suspension.until else ""

    def change(record: Record) -> tuple[Record, Action]:
        after = replace(untold(record, now=now), suspension=suspension)
        action = _action(record, ActionName.SUSPEND, who=suspension.who, now=now)
        return after, replace(action, detail=f"{until}{suspension.reason}")

    return _committed(store, name, change)


def resume(store: StateStore, name: str, *, who: str, now: datetime) -> Record:
    """End the suspension of a connection; it runs again as it did before.

    Raises:
        InputError: Nothing of that name is recorded, or suspended by an operator.
        StateError: It cannot be written.
    """

    def change(record: Record) -> tuple[Record, Action]:
        held = record.suspension
        if held is None or not held.holds(now):
            raise InputError(why_not_resumed(record, now=now))
        action = _action(record, ActionName.RESUME, who=who, now=now)
        after = replace(record, suspension=None)
        return after, replace(action, detail=f"was {held.in_words()}")

    return _committed(store, name, change)


def why_not_resumed(record: Record, *, now: datetime) -> str:
    """Return why there is nothing that `resume` could end."""
    declared = record.declared_suspension
    if declared and declared.holds(now):
        file = record.attempted.file if record.attempted else "its file"
        return (
            f"'{record.name}' is suspended by {file}: remove 'suspend' there and run "
            "'reconcile apply'"
        )
    return f"'{record.name}' is not suspended; 'reconcile status' shows what is"


def recorded(store: StateStore, name: str) -> Record:
    """Return a record; raises `InputError` when there is none of that name."""
    record = store.get(name)
    if record is None:
        raise InputError(
            f"'{name}' is not recorded; 'reconcile list' shows what is, 'reconcile "
            "apply' makes files live"
        )
    return record


def _committed(
    store: StateStore, name: str, change: Callable[[Record], tuple[Record, Action]]
) -> Record:
    """Commit a change of one record; when it moved meanwhile, once more."""
    tries = COMMIT_TRIES
    while True:
        record = recorded(store, name)
        after, action = change(record)
        event = Event(
            at=action.at,
            action=action.action,
            revision=action.revision,
            result=action.result,
        )
        history = with_event(record.history, event)
        after = replace(after, updated_at=action.at, history=history)
        expected = {name: record.version}
        tries -= 1
        try:
            store.commit(Commit(put=(after,), actions=(action,), expected=expected))
        except StaleError:
            if not tries:
                raise
        else:
            return after


def _action(record: Record, action: ActionName, *, who: str, now: datetime) -> Action:
    return Action(
        at=now,
        name=record.name,
        action=action,
        result=Result.APPLIED,
        who=who,
        revision=record.active.revision if record.active else "",
    )
