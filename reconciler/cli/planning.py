"""From options to a request for a plan, and the exit code of one that was made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reconciler.core.errors import InputError
from reconciler.core.freezing import Freeze
from reconciler.core.guard import Allowances, Limits
from reconciler.core.outcome import ExitCode, worst
from reconciler.core.plan import Plan, PlanOptions, Scope
from reconciler.core.selecting import LabelTerm
from reconciler.pipeline import Planned, PlanRequest, make_plan
from reconciler.report.text import count
from reconciler.wiring import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options that `plan` and `apply` have in common; `prune` None: settings."""

    prune: bool | None = None
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: tuple[LabelTerm, ...] = ()
    allow_removals: int = 0
    allow_empty: bool = False
    allow_protected: tuple[str, ...] = ()
    take_over: tuple[str, ...] = ()
    during_freeze: tuple[str, ...] = ()
    retry: bool = False

    @classmethod
    def of(cls, options: dict[str, Any]) -> Asked:
        """Return the options as click gives them."""
        return cls(**options)


def request_for(app: App, asked: Asked, *, saved: Plan | None = None) -> PlanRequest:
    """Return what to plan; a saved plan brings its own scope and pruning."""
    prune = app.settings.prune if asked.prune is None else asked.prune
    scope = Scope(
        targets=asked.targets,
        excludes=asked.excludes,
        labels=tuple(map(str, asked.labels)),
    )
    freezes = freezes_of(app)
    _require_windows(asked.during_freeze, freezes)
    guards = app.settings.guards
    return PlanRequest(
        options=PlanOptions(
            workspace=app.workspace,
            prune=saved.prune if saved else prune,
            retry=asked.retry,
            scope=saved.scope if saved else scope,
        ),
        limits=Limits(
            max_removed_ratio=guards.max_removed_ratio, min_records=guards.min_records
        ),
        allowances=Allowances(
            removals=asked.allow_removals,
            empty=asked.allow_empty,
            protected=frozenset(asked.allow_protected),
            take_over=frozenset(asked.take_over),
            during_freeze=frozenset(asked.during_freeze),
        ),
        freezes=freezes,
    )


def freezes_of(app: App) -> tuple[Freeze, ...]:
    """Return when what runs is left alone; raises `DocumentError`."""
    source = app.settings.source
    if source is None or "freeze" not in (source.data or {}):
        return ()
    from reconciler.core.freeze_section import FreezeSection  # costs start-up time

    return app.part(FreezeSection).freezes()


def _require_windows(asked: Iterable[str], freezes: Iterable[Freeze]) -> None:
    """Raise `InputError` for a window that is none: misspelt, it would hold on."""
    known = [freeze.window.name for freeze in freezes]
    for name in asked:
        if name not in known:
            there = ", ".join(f"'{one}'" for one in known) or "none"
            raise InputError(
                f"--during-freeze '{name}' names no window; reconcile.yaml has: {there}"
            )


def plan_of(app: App, request: PlanRequest, *, base: str | None) -> Planned:
    """Return the plan against the recorded state, or against a commit."""
    if base:
        from reconciler.branching import plan_against

        return plan_against(app, base, request)
    return make_plan(app.ports(), request)


def require_match(plan: Plan) -> None:
    """Raise `InputError` when nothing is left to look at.

    A misspelt pattern would end with 0 and nothing done.
    """
    scope = plan.scope
    if scope.is_partial and plan.total and not plan.considered:
        asked = [f"--target {pattern}" for pattern in scope.targets]
        asked += [f"--exclude {pattern}" for pattern in scope.excludes]
        asked += [f"--label {term}" for term in scope.labels]
        number = count(plan.total, "connection")
        raise InputError(
            f"{' '.join(asked)} leaves none of {number}; 'reconcile list' shows them"
        )


def exit_code_of_plan(plan: Plan, *, detailed: bool) -> ExitCode:
    """Return how `plan` ends; changes count only when asked for."""
    found = [ExitCode.INVALID] if plan.invalid else []
    if plan.refusals:
        found.append(ExitCode.REFUSED)
    if detailed and plan.changes:
        found.append(ExitCode.CHANGES)
    return worst(found)
