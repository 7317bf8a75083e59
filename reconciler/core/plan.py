"""What would be done, and why: a pure function of files and records.

A plan is a document: it has a digest, it can be saved, reviewed and applied
later, and it is refused when files or store have moved on meanwhile. Nothing in
it is secret: sealed fields only say that they changed.

`reason` is for people. It is never branched on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from reconciler.core.connection import OnRemove
from reconciler.core.diff import FieldChange
from reconciler.core.ports import DesiredHead, StoreInfo
from reconciler.core.record import Head, Result, Status
from reconciler.core.refusal import Refusal

FORMAT_VERSION = "1.0"


class ActionKind(StrEnum):
    """The closed set of steps."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    RETEST = "retest"
    ADOPT = "adopt"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The bare decision about one name, before anybody looks at the fields."""

    name: str
    action: ActionKind
    reason: str
    test: bool = False
    orphan: bool = False
    compare: bool = False
    """True when the fields decide whether a test is needed."""
    previous: str = ""
    """The name of the record, for a connection that is renamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One connection's step. `before` and `after` are revisions, empty for none.

    `test` tells that the provider will be asked; `needs_key` that credentials must
    be unsealed for it. `resealed`: new ciphertext, same values (known with a key).
    `notes` are sentences that a reviewer should read: never branched on either.
    `previous` is the record's name when the connection is renamed. `used_by` and
    `last_used_at` are known of what a change takes away or replaces.
    """

    name: str
    action: ActionKind
    reason: str
    type: str = ""
    provider: str = ""
    owner: str = ""
    file: str = ""
    before: str = ""
    after: str = ""
    test: bool = False
    needs_key: bool = False
    orphan: bool = False
    resealed: bool = False
    previous: str = ""
    used_by: tuple[str, ...] = ()
    last_used_at: datetime | None = None
    fields: tuple[FieldChange, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of everything was looked at; empty tuples mean all of it."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Tell whether something was left out on request."""
        return bool(self.targets or self.excludes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The ordered set of changes, sorted by name, and what they were made from.

    `waiting` holds the rejected revisions that are not due: nothing is done, but
    nobody should take them for healthy. `kept` counts the declared connections that
    need nothing. `warnings` name what needs no change but somebody's attention: keys
    that end soon. `unmanaged` names records that no file of
    this workspace ever declared; they are never touched.
    """

    format_version: str = FORMAT_VERSION
    digest: str = ""
    workspace: str = ""
    lineage: str = ""
    serial: int = 0
    commit: str | None = None
    created_at: datetime | None = None
    prune: bool = False
    scope: Scope = field(default_factory=Scope)
    considered: int = 0
    total: int = 0
    kept: int = 0
    changes: tuple[Change, ...] = ()
    waiting: tuple[Change, ...] = ()
    unmanaged: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not self.changes


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the caller asked for; `retry` ignores waiting times."""

    workspace: str
    prune: bool = False
    retry: bool = False
    scope: Scope = field(default_factory=Scope)


def decide(
    desired: DesiredHead | None,
    recorded: Head | None,
    *,
    options: PlanOptions,
    now_s: float,
) -> Step | None:
    """Return the step for one name, or None when there is nothing to do or say."""
    if desired and recorded:
        return _decide_both(desired, recorded, options=options, now_s=now_s)
    if desired:
        return _create(desired)
    if recorded:
        return _decide_gone(recorded, options)
    return None


def digest_of(changes: Iterable[Change], scope: Scope) -> str:
    """Return what names a plan's content: the same steps, the same digest.

    Retests are left out: they depend on the hour, and change no desired state.
    """
    steps = [
        [c.name, c.action, c.before, c.after, c.test, c.orphan, *_renamed(c)]
        for c in changes
        if c.action is not ActionKind.RETEST
    ]
    content = [sorted(steps), sorted(scope.targets), sorted(scope.excludes)]
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _renamed(change: Change) -> tuple[str, ...]:
    return (change.previous,) if change.previous else ()


def counts(changes: Iterable[Change]) -> Mapping[ActionKind, int]:
    """Return how many changes each action has, in the order of the actions."""
    tally = dict.fromkeys(ActionKind, 0)
    for change in changes:
        tally[change.action] += 1
    return {action: count for action, count in tally.items() if count}


def is_stale(plan: Plan, info: StoreInfo) -> bool:
    """Tell whether the store moved on since the plan was made."""
    return (plan.lineage, plan.serial) != (info.lineage, info.serial)


def is_removal(change: Change) -> bool:
    """Tell whether the change takes a connection away: from those who use it, or us."""
    match change.action:
        case ActionKind.DELETE | ActionKind.DEACTIVATE:
            return True
        case ActionKind.UPDATE if change.orphan:
            return True
        case (
            ActionKind.CREATE
            | ActionKind.UPDATE
            | ActionKind.ACTIVATE
            | ActionKind.RETEST
            | ActionKind.ADOPT
            | ActionKind.KEEP
        ):
            return False
        case _ as never:
            assert_never(never)


def _create(desired: DesiredHead) -> Step:
    if desired.active:
        return Step(
            name=desired.name, action=ActionKind.CREATE, reason="new file", test=True
        )
    return Step(
        name=desired.name, action=ActionKind.CREATE, reason="new file, not active"
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
            reason="the file is back, not active",
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
        return Step(name=name, action=action, reason="active: false in the file")
    if recorded.status is Status.INACTIVE:
        return Step(
            name=name,
            action=ActionKind.ACTIVATE,
            reason="active: true in the file",
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
            reason="recorded as inactive",
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
