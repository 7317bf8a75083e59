"""The step for one name, from what the files and the store say of it: pure.

Everything that could be done is decided here, without a look at the fields.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.connection import OnRemove
from reconciler.core.plan import ActionKind, PlanOptions, Step
from reconciler.core.ports import DesiredHead
from reconciler.core.record import Head, Result, Status


def decide(
    desired: DesiredHead | None,
    recorded: Head | None,
    *,
    options: PlanOptions,
    now_s: float,
) -> Step | None:
    """Return the step for one name, or None when there is nothing to do or say.

    What its file suspends is wanted inactive until that ends.
    """
    if desired is None or not desired.suspended_until:
        return _decide(desired, recorded, options=options, now_s=now_s)
    if not desired.active:
        plain = desired._replace(suspended_until=0.0)
        return _decide(plain, recorded, options=options, now_s=now_s)
    if desired.suspended_until <= now_s:
        return _decide(desired, recorded, options=options, now_s=now_s)
    off = desired._replace(active=False)
    step = _decide(off, recorded, options=options, now_s=now_s)
    return replace(step, suspended=True) if step else _kept_out(desired.name)


def held(step: Step | None, name: str) -> Step:
    """Return the step for what an operator suspended, from what it would be.

    What takes the connection away goes on; whatever else there is to do waits.
    """
    if step is None or step.action is ActionKind.KEEP:
        return _kept_out(name)
    if step.orphan or step.action in _ENDINGS:
        return step
    waits = "what is new in its file waits"
    return replace(_kept_out(name), reason=waits, previous=step.previous)


def _kept_out(name: str) -> Step:
    return Step(name=name, action=ActionKind.KEEP, reason="", suspended=True)


_ENDINGS = frozenset({ActionKind.DELETE, ActionKind.DEACTIVATE})


def _decide(
    desired: DesiredHead | None,
    recorded: Head | None,
    *,
    options: PlanOptions,
    now_s: float,
) -> Step | None:
    if desired and recorded:
        return _decide_both(desired, recorded, options=options, now_s=now_s)
    if desired:
        return _create(desired)
    if recorded:
        return _decide_gone(recorded, options)
    return None


def _create(desired: DesiredHead) -> Step:
    if desired.active:
        return Step(
            name=desired.name, action=ActionKind.CREATE, reason="new file", test=True
        )
    return Step(
        name=desired.name,
        action=ActionKind.CREATE,
        reason=f"new file, {_why_off(desired)}",
    )


def _decide_both(
    desired: DesiredHead, recorded: Head, *, options: PlanOptions, now_s: float
) -> Step | None:
    if recorded.managed_by != options.workspace:
        return _adopt(desired, recorded)
    if recorded.orphaned:
        return _returned(desired, recorded)
    if desired.revision != recorded.revision:
        return _changed(desired, recorded)
    if recorded.result is not Result.APPLIED:
        return _retry(recorded, options=options, now_s=now_s, why="rejected")
    return _same_revision(desired, recorded, options=options, now_s=now_s)


def _adopt(desired: DesiredHead, recorded: Head) -> Step:
    holder = recorded.managed_by or "no workspace"
    same = desired.revision == recorded.active_revision
    return Step(
        name=desired.name,
        action=ActionKind.ADOPT,
        reason=f"in the store, managed by {holder}",
        test=desired.active and not (same and recorded.status is Status.ACTIVE),
    )


def _returned(desired: DesiredHead, recorded: Head) -> Step:
    if recorded.status is not Status.INACTIVE:
        return _taken_back(desired, recorded)
    if not desired.active:
        return Step(
            name=desired.name,
            action=ActionKind.UPDATE,
            reason=f"the file is back, {_why_off(desired)}",
        )
    return Step(
        name=desired.name,
        action=ActionKind.ACTIVATE,
        reason="the file is back",
        test=True,
    )


def _taken_back(desired: DesiredHead, recorded: Head) -> Step:
    """Return the step for what went on running without a file."""
    runs_this = desired.revision == recorded.active_revision
    if desired.revision != recorded.revision or not (desired.active and runs_this):
        step = _changed(desired, recorded)
        return replace(step, reason=f"the file is back; {step.reason}")
    return Step(
        name=desired.name,
        action=ActionKind.UPDATE,
        reason="the file is back; it kept running",
    )


def _changed(desired: DesiredHead, recorded: Head) -> Step:
    name = desired.name
    if not desired.active:
        running = recorded.status is not Status.INACTIVE
        action = ActionKind.DEACTIVATE if running else ActionKind.UPDATE
        return Step(name=name, action=action, reason=_why_off(desired))
    if recorded.status is Status.INACTIVE:
        return Step(
            name=name,
            action=ActionKind.ACTIVATE,
            reason=_why_on(desired, "active: true in the file"),
            test=True,
        )
    if desired.revision == recorded.active_revision:
        return Step(
            name=name,
            action=ActionKind.UPDATE,
            reason="the file is back at the revision that runs",
        )
    return Step(
        name=name,
        action=ActionKind.UPDATE,
        reason="the file changed",
        test=True,
        compare=recorded.status is Status.ACTIVE,
    )


def _same_revision(
    desired: DesiredHead, recorded: Head, *, options: PlanOptions, now_s: float
) -> Step | None:
    name, status = desired.name, recorded.status
    if desired.active and status is Status.INACTIVE:
        return Step(
            name=name,
            action=ActionKind.ACTIVATE,
            reason=_why_on(desired, "recorded as inactive"),
            test=True,
        )
    if not desired.active and status is not Status.INACTIVE:
        return Step(
            name=name,
            action=ActionKind.DEACTIVATE,
            reason="recorded as active",
        )
    if desired.active and status is Status.ERROR:
        return _retry(recorded, options=options, now_s=now_s, why="failing")
    return None


def _why_off(desired: DesiredHead) -> str:
    suspended = desired.suspended_until > 0
    return "suspended in the file" if suspended else "active: false in the file"


def _why_on(desired: DesiredHead, otherwise: str) -> str:
    return "its suspension has ended" if desired.suspended_until else otherwise


def _retry(head: Head, *, options: PlanOptions, now_s: float, why: str) -> Step:
    if options.retry or (not head.terminal and _is_due(head, now_s)):
        return Step(
            name=head.name,
            action=ActionKind.RETEST,
            reason=f"{why}, due for another test",
            test=True,
        )
    wait = "waits for a new revision" if head.terminal else "waits for its next test"
    return Step(name=head.name, action=ActionKind.KEEP, reason=f"{why}, {wait}")


def _is_due(head: Head, now_s: float) -> bool:
    return head.next_attempt_at is None or head.next_attempt_at <= now_s


def _decide_gone(recorded: Head, options: PlanOptions) -> Step | None:
    if recorded.managed_by != options.workspace:
        return None
    if recorded.on_remove is OnRemove.DELETE:
        return Step(
            name=recorded.name,
            action=ActionKind.DELETE,
            reason="no file declares it (on_remove: delete)",
        )
    if options.prune and recorded.on_remove is not OnRemove.ORPHAN:
        return Step(
            name=recorded.name, action=ActionKind.DELETE, reason="no file declares it"
        )
    if recorded.orphaned:
        return None
    if recorded.on_remove is OnRemove.ORPHAN:
        return _released(recorded)
    return Step(
        name=recorded.name,
        action=ActionKind.DEACTIVATE,
        reason="no file declares it; the record is kept",
        orphan=True,
    )


def _released(recorded: Head) -> Step:
    runs = recorded.status is not Status.INACTIVE
    return Step(
        name=recorded.name,
        action=ActionKind.UPDATE,
        reason="no file declares it (on_remove: orphan); "
        + ("it keeps running, no longer ours" if runs else "no longer ours"),
        orphan=True,
    )
