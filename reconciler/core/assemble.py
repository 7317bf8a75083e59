"""From files and records to a plan: the pure part of planning."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from reconciler.core.decisions import decide, held
from reconciler.core.endings import EXPIRY_DAYS, expiry_warning
from reconciler.core.guard import Facts
from reconciler.core.plan import (
    ActionKind,
    Change,
    Plan,
    PlanOptions,
    Step,
    digest_of,
    is_removal,
)
from reconciler.core.ports import DesiredHead, DesiredSet
from reconciler.core.record import Head, Result, Status
from reconciler.core.renames import decide_rename, renames_of

_DAY_S = 86_400


def in_scope(name: str, options: PlanOptions) -> bool:
    """Tell whether a name is looked at; globs as in the shell."""
    scope = options.scope
    if options.labelled is not None and name not in options.labelled:
        return False
    if any(fnmatchcase(name, pattern) for pattern in scope.excludes):
        return False
    return not scope.targets or any(fnmatchcase(name, p) for p in scope.targets)


def decide_all(
    desired: DesiredSet,
    recorded: Mapping[str, Head],
    *,
    options: PlanOptions,
    now: datetime,
    suspended: Collection[str] = (),
) -> tuple[Step, ...]:
    """Return the steps, sorted by name; a name whose file is invalid has none.

    `suspended` names the records that an operator keeps out of service.
    """
    now_s = now.timestamp()
    moved = renames_of(desired, recorded)
    names = (desired.heads.keys() | recorded.keys()) - desired.invalid_names
    names -= {*moved, *moved.values()}
    if options.scope.is_partial:
        names = {name for name in names if in_scope(name, options)}
        moved = {n: f for n, f in moved.items() if in_scope(n, options)}
    steps = [
        step
        for name, former in moved.items()
        if (
            step := decide_rename(
                desired.heads[name], recorded[former], options=options, now_s=now_s
            )
        )
    ]
    for name in names:
        head, record = desired.heads.get(name), recorded.get(name)
        if head and record and _is_settled(head, record, options.workspace):
            continue  # nearly all of them, nearly always
        if step := decide(head, record, options=options, now_s=now_s):
            steps.append(step)
    if suspended:
        seen = {name for name in names if name in desired.heads} - moved.keys()
        steps = _held(steps, suspended, seen)
    return tuple(sorted(steps, key=lambda step: step.name))


def _held(
    steps: Sequence[Step], suspended: Collection[str], seen: Collection[str]
) -> list[Step]:
    """Return the steps with those held back whose records an operator suspended.

    Of `seen`, also those that need nothing are told of.
    """
    free = [one for one in steps if (one.previous or one.name) not in suspended]
    caught = [one for one in steps if (one.previous or one.name) in suspended]
    quiet = {name for name in seen if name in suspended}
    quiet -= {one.name for one in caught}
    return [
        *free,
        *(held(one, one.name) for one in caught),
        *(held(None, name) for name in quiet),
    ]


def _is_settled(head: DesiredHead, record: Head, workspace: str) -> bool:
    """Tell in one look what `decide` would find out too: nothing to do."""
    return (
        head.revision == record.revision == record.active_revision
        and record.status is Status.ACTIVE
        and record.result is Result.APPLIED
        and record.managed_by == workspace
        and head.active
        and not record.orphaned
    )


def ending_keys(
    recorded: Mapping[str, Head], *, options: PlanOptions, now: datetime
) -> tuple[str, ...]:
    """Return a warning for every managed key that ends soon, sorted by name."""
    soon = int(now.timestamp() // _DAY_S) + EXPIRY_DAYS[0]
    found = []
    for head in recorded.values():
        if head.ends_on and head.ends_on <= soon and _is_ours(head, options):
            ends_at = datetime.fromtimestamp(head.ends_on * _DAY_S, tz=UTC)
            found.append(f"{head.name}: {expiry_warning(ends_at, now=now)}")
    return tuple(sorted(found))


def _is_ours(head: Head, options: PlanOptions) -> bool:
    if head.status is Status.INACTIVE or head.managed_by != options.workspace:
        return False
    return in_scope(head.name, options)


def assemble(
    changes: tuple[Change, ...],
    desired: DesiredSet,
    recorded: Mapping[str, Head],
    *,
    options: PlanOptions,
) -> Plan:
    """Return the plan of these changes, yet without store position and refusals."""
    doing = tuple(c for c in changes if c.action is not ActionKind.KEEP)
    kept = [c for c in changes if c.action is ActionKind.KEEP]
    names = desired.heads.keys() | recorded.keys() | desired.invalid_names
    considered = len(names)
    if options.scope.is_partial:
        considered = sum(in_scope(name, options) for name in names)
    return Plan(
        digest=digest_of(doing, options.scope),
        workspace=options.workspace,
        prune=options.prune,
        scope=options.scope,
        considered=considered,
        total=len(names),
        kept=_kept(changes, desired, options),
        changes=doing,
        waiting=tuple(change for change in kept if not change.suspended),
        suspended=tuple(change for change in kept if change.suspended),
        unmanaged=_unmanaged(changes, desired, recorded, options.workspace),
        invalid=tuple(sorted(desired.invalid_names)),
    )


def facts_of(plan: Plan, desired: DesiredSet, recorded: Mapping[str, Head]) -> Facts:
    """Return what the guards judge."""
    ours = [h for h in recorded.values() if h.managed_by == plan.workspace]
    return Facts(
        removals=tuple(change for change in plan.changes if is_removal(change)),
        adoptions=tuple(c for c in plan.changes if c.action is ActionKind.ADOPT),
        renames=tuple(change for change in plan.changes if change.previous),
        managed=sum(not head.orphaned for head in ours),
        declared=desired.files,
        protected=frozenset(head.name for head in ours if head.protected),
        elsewhere=frozenset(
            head.name
            for head in recorded.values()
            if head.managed_by not in {"", plan.workspace}
        ),
        owners={
            change.previous: recorded[change.previous].owner
            for change in plan.changes
            if change.previous
        },
    )


def _kept(
    changes: tuple[Change, ...], desired: DesiredSet, options: PlanOptions
) -> int:
    """Count the declared connections that are as they should be."""
    declared = set(desired.heads)
    if options.scope.is_partial:
        declared = {name for name in declared if in_scope(name, options)}
    return len(declared - {change.name for change in changes})


def _unmanaged(
    changes: tuple[Change, ...],
    desired: DesiredSet,
    recorded: Mapping[str, Head],
    workspace: str,
) -> tuple[str, ...]:
    asked_for = {change.previous for change in changes}
    return tuple(
        sorted(
            name
            for name, head in recorded.items()
            if head.managed_by != workspace
            and name not in desired.heads
            and name not in asked_for
        )
    )
