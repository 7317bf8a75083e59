"""A record for a connection that ran in the panel, so that it goes on running here.

Nothing goes live untested; here another tool tested it. That is an exception, asked
for by name (`import panel --adopt`) and visible: the log and the history say `adopt`,
and there is no test of ours until the next one (docs/decisions/0008).

- worked there and is active: recorded as active under the sealed document; a plan
  has nothing to do for it.
- switched off there: recorded as inactive; a plan has nothing to do either.
- anything else (failing, never connected): recorded as considered and refused, due
  now; a plan shows its test, and nothing of it runs before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from reconciler.core.declaring import (
    accepted_of,
    attempt_of,
    deployed_of,
    new_record,
)
from reconciler.core.parity import Draft, Past, Recorded
from reconciler.core.ports import Desired
from reconciler.core.record import (
    Action,
    ActionName,
    Event,
    Record,
    Result,
    Status,
)
from reconciler.core.settle import Context


def adopted(
    draft: Draft, desired: Desired, *, context: Context, version: int = 0
) -> tuple[Record, Action]:
    """Return what to commit for one imported connection.

    Args:
        draft: With the panel's past of it.
        desired: The sealed document as it was written.
        context: Who adopts, when and for which workspace.
        version: That of the record that it replaces, 0 for none.
    """
    past, connection = draft.past or Past(), desired.connection
    runs = connection.active and past.has_worked
    result = Result.APPLIED if runs or not connection.active else Result.REJECTED
    times = _times(past, context.now)
    record = replace(
        new_record(connection, workspace=context.workspace, at=context.now),
        status=_status(active=connection.active, runs=runs),
        created_at=times.created_at or context.now,
        attempted=attempt_of(desired, result, commit=context.commit, at=context.now),
        version=version,
        last_tested_at=times.last_tested_at,
        last_connected_at=times.last_connected_at,
        last_used_at=times.last_used_at,
    )
    if runs:
        record = _running(record, desired, context)
    event = Event(
        at=context.now,
        action=ActionName.ADOPT,
        revision=desired.revision,
        result=result,
    )
    return replace(record, history=(event,)), _action(draft, desired, result, context)


def recorded_as(record: Record) -> Recorded:
    """Return how an adopted record is told of."""
    if record.status is Status.INACTIVE:
        return Recorded.INACTIVE
    return Recorded.LIVE if record.status is Status.ACTIVE else Recorded.TO_TEST


def _status(*, active: bool, runs: bool) -> Status:
    if not active:
        return Status.INACTIVE
    return Status.ACTIVE if runs else Status.ERROR


def _running(record: Record, desired: Desired, context: Context) -> Record:
    deployed = deployed_of(desired, commit=context.commit, at=context.now)
    accepted = accepted_of(desired, commit=context.commit, at=context.now)
    return replace(record, active=deployed, accepted=(accepted,), generation=1)


def _times(past: Past, now: datetime) -> Past:
    """Return the panel's times without those that lie ahead: its clock was wrong."""

    def known(at: datetime | None) -> datetime | None:
        return at if at and at <= now else None

    return replace(
        past,
        created_at=known(past.created_at),
        last_connected_at=known(past.last_connected_at),
        last_tested_at=known(past.last_tested_at),
        last_used_at=known(past.last_used_at),
    )


def _action(draft: Draft, desired: Desired, result: Result, context: Context) -> Action:
    past = draft.past or Past()
    said = f"panel id {draft.id or '-'}, {past.status or 'no status'} there"
    error = f"; its last error: {past.last_error}" if past.last_error else ""
    return Action(
        at=context.now,
        name=desired.connection.name,
        action=ActionName.ADOPT,
        result=result,
        who=context.who,
        revision=desired.revision,
        commit=context.commit,
        detail=f"imported: {said}{error}",
    )
