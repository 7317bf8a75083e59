"""The rules that stop a dangerous plan; the plan is always shown, never hidden.

Each guard has its own flag, and every flag says how much it allows: a number or
names, so that yesterday's permission does not cover today's accident.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.core.plan import ActionKind, Change, Plan, is_removal
from reconciler.core.refusal import Guard, Refusal

__all__ = ["Allowances", "Facts", "Guard", "Limits", "Refusal", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the threshold guard speaks: a share (0 to 1) of at least so many."""

    max_removed_ratio: float = 0.3
    min_records: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """What the operator allowed on the command line.

    `removals` is a number of connections; `protected` and `take_over` are names,
    `during_freeze` names of windows.
    """

    removals: int = 0
    empty: bool = False
    protected: frozenset[str] = field(default_factory=frozenset)
    take_over: frozenset[str] = field(default_factory=frozenset)
    during_freeze: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the guards judge: the removals, and what stands against them.

    `managed` counts this workspace's records that are not orphaned; `declared`
    the files found. `protected` and `elsewhere` name the records that are
    protected, or managed by another workspace. `owners` tells whose the records of
    `renames` are, by their present names.
    """

    removals: tuple[Change, ...]
    adoptions: tuple[Change, ...]
    managed: int
    declared: int
    protected: Collection[str]
    elsewhere: Collection[str]
    renames: tuple[Change, ...] = ()
    owners: Mapping[str, str] = field(default_factory=dict)


def judge(
    facts: Facts, *, limits: Limits, allowances: Allowances
) -> tuple[Refusal, ...]:
    """Return every refusal; empty when the plan may be applied."""
    found = (
        _empty(facts, allowances),
        _threshold(facts, limits, allowances),
        _protected(facts, allowances),
        _ownership(facts, allowances),
        _renaming(facts, allowances),
    )
    return tuple(refusal for refusal in found if refusal)


def lost_files(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return what would be taken away because its file is gone.

    What a file itself switches off was reviewed; what lost its file maybe was not, so
    that somebody has to agree.
    """
    return tuple(c for c in changes if is_removal(c) and not c.after)


def check_expected(plan: Plan, expected: Plan) -> tuple[Refusal, ...]:
    """Refuse a saved plan when the store or the files moved on since it was made."""
    if (plan.lineage, plan.serial) != (expected.lineage, expected.serial):
        return (stale_plan("the store moved on since this plan was made"),)
    return check_digest(plan, expected.digest)


def check_digest(plan: Plan, digest: str) -> tuple[Refusal, ...]:
    """Refuse when the plan made now is not the one that was reviewed."""
    if plan.digest == digest:
        return ()
    return (stale_plan(f"the plan made now is {plan.digest}, not {digest}"),)


def stale_plan(why: str) -> Refusal:
    """Return the refusal of a plan that is not the present one."""
    return Refusal(guard=Guard.STALE_PLAN, message=f"{why}; plan again and review it")


def _empty(facts: Facts, allowances: Allowances) -> Refusal | None:
    if facts.declared or not facts.managed or allowances.empty:
        return None
    return Refusal(
        guard=Guard.EMPTY,
        message=f"no file declares a connection, but {facts.managed} are recorded; "
        "is this the right folder?",
        flag="--allow-empty",
    )


def _threshold(facts: Facts, limits: Limits, allowances: Allowances) -> Refusal | None:
    removed, managed = len(facts.removals), facts.managed
    if managed < limits.min_records or removed <= allowances.removals:
        return None
    if removed <= limits.max_removed_ratio * managed:
        return None
    return Refusal(
        guard=Guard.THRESHOLD,
        message=f"{removed} of {managed} connections would be removed or switched "
        f"off, more than {limits.max_removed_ratio:.0%}",
        names=tuple(change.name for change in facts.removals),
        flag=f"--allow-removals {removed}",
    )


def _protected(facts: Facts, allowances: Allowances) -> Refusal | None:
    names = tuple(
        change.name
        for change in facts.removals
        if change.name in facts.protected
        and change.name not in allowances.protected
        and (change.orphan or change.action is ActionKind.DELETE)
    )
    if not names:
        return None
    return Refusal(
        guard=Guard.PROTECTED,
        message=f"{_listed(names)} protected, but no file declares "
        f"{'it' if len(names) == 1 else 'them'} any more; put the file back",
        names=names,
        flag=" ".join(f"--allow-protected {name}" for name in names),
    )


def _ownership(facts: Facts, allowances: Allowances) -> Refusal | None:
    names = tuple(
        change.name
        for change in facts.adoptions
        if change.name in facts.elsewhere and change.name not in allowances.take_over
    )
    if not names:
        return None
    return Refusal(
        guard=Guard.OWNERSHIP,
        message=f"{_listed(names)} managed by another workspace",
        names=names,
        flag=" ".join(f"--take-over {name}" for name in names),
    )


def _renaming(facts: Facts, allowances: Allowances) -> Refusal | None:
    """Refuse to carry a record over to somebody else under another name."""
    said = {
        change.previous: _whose(change, facts)
        for change in facts.renames
        if change.previous not in allowances.take_over
    }
    found = {name: whose for name, whose in said.items() if whose}
    if not found:
        return None
    several = "; ".join(f"'{name}' {whose}" for name, whose in found.items())
    return Refusal(
        guard=Guard.OWNERSHIP,
        message=f"previous_names asks for records of others: {several}",
        names=tuple(found),
        flag=" ".join(f"--take-over {name}" for name in found),
    )


def _whose(change: Change, facts: Facts) -> str:
    if change.previous in facts.elsewhere:
        return "is managed by another workspace"
    owner = facts.owners[change.previous]
    return f"belongs to '{owner}'" if owner != change.owner else ""


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"
