"""How a record looks after a change or a test: pure, one connection at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.core.connection import Connection
from reconciler.core.declaring import (
    accepted_of,
    as_declared,
    attempt_of,
    deployed_of,
    new_record,
)
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.golden import held_to_sample
from reconciler.core.observing import observe, tested, unable_to_test, untold
from reconciler.core.outcome import Outcome, is_untested, untested
from reconciler.core.plan import ActionKind, Change
from reconciler.core.ports import Desired
from reconciler.core.record import (
    ACCEPTED_LIMIT,
    Action,
    ActionName,
    Attempt,
    Event,
    Record,
    Result,
    Status,
    renamed,
    with_event,
)
from reconciler.core.schedule import next_attempt
from reconciler.core.suspension import Suspension
from reconciler.core.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who acts, when, for which workspace and from which Git commit."""

    now: datetime
    who: str
    workspace: str
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What to commit for one change: a record (None removes it), a log line.

    Nothing, when this machine could not test and the record is the very same.
    """

    record: Record | None
    actions: tuple[Action, ...]
    outcome: Outcome


def settle(
    change: Change,
    *,
    desired: Desired | None,
    record: Record | None,
    verdict: Verdict | None,
    context: Context,
) -> Settled:
    """Return what one change leaves behind.

    A failed verdict never replaces what runs. A change that needs a test must
    come with a verdict. One that this machine could not test changes no revision.
    """
    if change.test and verdict is None:
        raise AssertionError(f"{change.name}: a change to test came without a verdict")
    if verdict and is_untested(verdict):
        return _unable(change, desired, record, verdict, context)
    if desired is None:
        after = _removed(change, record, context)
    elif change.previous and record and (verdict is None or verdict.passed):
        after = _accepted(
            desired, renamed(record, change.name, now=context.now), verdict, context
        )
    elif record and change.action is ActionKind.RETEST and _runs_this(record, desired):
        verdict = held_to_sample(record, verdict) if verdict else None
        after = _observed(record, verdict, context)
    elif verdict and not verdict.passed:
        after = _rejected(desired, record, verdict, context)
    else:
        after = _accepted(desired, record, verdict, context)
    return _settled(change, after, verdict, context)


def settle_test(
    record: Record, verdict: Verdict, *, context: Context, accept_sample: bool = False
) -> Settled:
    """Return what a test of what runs leaves behind; `reconcile test` and daemon.

    With `accept_sample` its data becomes what later tests are held to.
    """
    if accept_sample and verdict.passed:
        record = replace(record, golden=())
    else:
        verdict = held_to_sample(record, verdict)
    revision = record.active.revision if record.active else ""
    change = Change(
        name=record.name,
        action=ActionKind.RETEST,
        reason="test passed",
        before=revision,
        after=revision,
        test=True,
    )
    if is_untested(verdict):
        return _unable_to_test(change, record, verdict, context)
    after = observe(record, verdict, now=context.now)
    return _settled(change, after, verdict, context)


def _runs_this(record: Record | None, desired: Desired) -> bool:
    return bool(record and record.active and record.active.revision == desired.revision)


def _unable(
    change: Change,
    desired: Desired | None,
    record: Record | None,
    verdict: Verdict,
    context: Context,
) -> Settled:
    """Leave everything as it is; only of what runs it is known that nobody looks."""
    if desired and record and _runs_this(record, desired):
        return _unable_to_test(change, record, verdict, context)
    return Settled(record=record, actions=(), outcome=untested(change, verdict))


def _unable_to_test(
    change: Change, record: Record, verdict: Verdict, context: Context
) -> Settled:
    """Record that this machine cannot test what runs; the history tells it once."""
    outcome, diagnosis = untested(change, verdict), verdict.diagnosis
    action = replace(_log_line(change, outcome, context), result=Result.SKIPPED)
    if diagnosis is None:
        raise AssertionError(f"{change.name}: not tested, and nobody says why")
    after = unable_to_test(record, diagnosis, now=context.now)
    if after.unable and after.unable.since == context.now:
        after = _with_line(after, action, diagnosis)
        return Settled(record=after, actions=(action,), outcome=outcome)
    return Settled(record=after, actions=(), outcome=outcome)


def _removed(change: Change, record: Record | None, context: Context) -> Record | None:
    if change.action is ActionKind.DELETE or record is None:
        return None
    if change.action is ActionKind.UPDATE:  # let go: it runs on as it did
        return replace(record, orphaned=change.orphan, updated_at=context.now)
    return _switched_off(
        replace(
            record,
            orphaned=change.orphan,
            updated_at=context.now,
            next_attempt_at=None,
        ),
        context,
    )


def _switched_off(record: Record, context: Context) -> Record:
    return replace(
        untold(record, now=context.now),
        status=Status.INACTIVE,
        failures=0,
        failing_since=None,
        successes=0,
        unable=None,
    )


def _observed(
    record: Record | None, verdict: Verdict | None, context: Context
) -> Record:
    if record is None or verdict is None:
        raise AssertionError("a re-test needs a record and a verdict")
    return replace(observe(record, verdict, now=context.now), updated_at=context.now)


def _accepted(
    desired: Desired,
    record: Record | None,
    verdict: Verdict | None,
    context: Context,
) -> Record:
    base = record or _new_record(desired.connection, context)
    connection = desired.connection
    changed = base.active is None or base.active.revision != desired.revision
    deployed = deployed_of(desired, commit=context.commit, at=context.now)
    runs = replace(
        _declared(base, connection, context),
        attempted=_attempt(desired, Result.APPLIED, context),
        generation=base.generation + changed,
        next_attempt_at=None,
        orphaned=False,
    )
    if not connection.active or _is_out(runs, context):
        return _switched_off(runs, context)
    if changed:
        passed = accepted_of(desired, commit=context.commit, at=context.now)
        accepted = (*base.accepted, passed)
        runs = replace(runs, active=deployed, accepted=accepted[-ACCEPTED_LIMIT:])
    if verdict is None:
        return runs
    if changed:
        runs = replace(runs, golden=())
    return replace(
        tested(runs, verdict),
        status=Status.ACTIVE,
        failures=0,
        failing_since=None,
        successes=1,
    )


def _rejected(
    desired: Desired, record: Record | None, verdict: Verdict, context: Context
) -> Record:
    """Keep what runs; otherwise record an error under the desired declaration."""
    base = record or _new_record(desired.connection, context)
    before = base.attempted
    again = before and before.revision == desired.revision and before.diagnosis
    tries = before.tries + 1 if before and again else 1
    attempt = replace(
        _attempt(desired, Result.REJECTED, context),
        diagnosis=verdict.diagnosis,
        tries=tries,
    )
    due = next_attempt(
        verdict.diagnosis,
        failures=tries,
        policy=desired.connection.health,
        now=context.now,
    )
    rejected = replace(
        base, attempted=attempt, next_attempt_at=due, updated_at=context.now
    )
    if base.status is Status.ACTIVE and base.active:
        return replace(rejected, managed_by=context.workspace, orphaned=False)
    return replace(
        tested(_declared(rejected, desired.connection, context), verdict),
        status=Status.ERROR,
        failures=tries,
        failing_since=base.failing_since if again else verdict.at,
        successes=0,
        orphaned=False,
    )


def _attempt(desired: Desired, result: Result, context: Context) -> Attempt:
    return attempt_of(desired, result, commit=context.commit, at=context.now)


def _new_record(connection: Connection, context: Context) -> Record:
    return new_record(connection, workspace=context.workspace, at=context.now)


def _declared(record: Record, connection: Connection, context: Context) -> Record:
    return replace(
        as_declared(record, connection),
        declared_suspension=_declared_suspension(record, connection, context),
        managed_by=context.workspace,
        updated_at=context.now,
    )


def _is_out(record: Record, context: Context) -> bool:
    asked = record.declared_suspension
    return asked is not None and asked.holds(context.now)


def _declared_suspension(
    record: Record, connection: Connection, context: Context
) -> Suspension | None:
    """Return what the file asks for, since when it was first recorded."""
    asked, known = connection.suspension, record.declared_suspension
    if asked is None or not connection.active:
        return None
    same = known is not None and replace(known, at=None) == asked
    return known if same else replace(asked, at=context.now)


def _settled(
    change: Change, after: Record | None, verdict: Verdict | None, context: Context
) -> Settled:
    rejected = verdict is not None and not verdict.passed
    result = Result.REJECTED if rejected else Result.APPLIED
    diagnosis = verdict.diagnosis if verdict else None
    outcome = Outcome(
        name=change.name,
        action=change.action,
        result=result,
        reason=diagnosis.summary if diagnosis else _why(change),
        before=change.before,
        after=change.after,
        running=bool(after and after.status is Status.ACTIVE),
        recorded_as=after.name if after and after.name != change.name else "",
        verdict=verdict,
        diagnosis=diagnosis,
    )
    action = _log_line(change, outcome, context)
    if after:
        after = _with_line(after, action, diagnosis)
    if after and change.previous and after.name == change.name:
        return Settled(
            record=after,
            actions=(_farewell(change, context), action),
            outcome=outcome,
        )
    return Settled(record=after, actions=(action,), outcome=outcome)


def _why(change: Change) -> str:
    """Return why a change was made; that no test was needed is news to a reader."""
    return "sealed again, same values" if change.resealed else change.reason


def _farewell(change: Change, context: Context) -> Action:
    """Return the last line under a connection's former name."""
    return Action(
        at=context.now,
        name=change.previous,
        action=ActionName.RENAME,
        result=Result.APPLIED,
        who=context.who,
        revision=change.before,
        commit=context.commit,
        detail=f"renamed to {change.name}",
    )


def _with_line(record: Record, action: Action, diagnosis: Diagnosis | None) -> Record:
    event = Event(
        at=action.at,
        action=action.action,
        revision=action.revision,
        result=action.result,
        latency_ms=action.latency_ms,
        category=diagnosis.category if diagnosis else None,
    )
    return replace(record, history=with_event(record.history, event))


def _log_line(change: Change, outcome: Outcome, context: Context) -> Action:
    retest = change.action is ActionKind.RETEST
    return Action(
        at=context.now,
        name=change.name,
        action=ActionName.TEST if retest else ActionName(change.action),
        result=outcome.result,
        who=context.who,
        revision=change.after or change.before,
        commit=context.commit,
        latency_ms=outcome.verdict.latency_ms if outcome.verdict else None,
        detail=outcome.reason,
    )
