"""One apply: lock, plan under the lock, check, show, agree, test and commit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.asking import GO_ON, refusal_unless
from reconciler.cli.console import Console
from reconciler.cli.keys import require_key
from reconciler.cli.planning import Asked, request_for, require_match
from reconciler.cli.reading import read_text
from reconciler.core.codec import from_json
from reconciler.core.errors import InputError
from reconciler.core.guard import Refusal, check_digest, check_expected, lost_files
from reconciler.core.outcome import ExitCode, exit_code_of, worst
from reconciler.core.plan import FORMAT_VERSION, Plan
from reconciler.core.ports import LockInfo, Ports
from reconciler.core.refusal import held_by, stops_all
from reconciler.pipeline import (
    Planned,
    apply_plan,
    make_plan,
)
from reconciler.recording import Run, recorded_run
from reconciler.report.plan import plan_human
from reconciler.report.text import count, names
from reconciler.wiring import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What `apply` was told beyond what `plan` knows; times in seconds."""

    asked: Asked
    saved: Plan | None = None
    expect: str | None = None
    yes: bool = False
    no_input: bool = False
    lock_timeout_s: float | None = None

    @property
    def is_reviewed(self) -> bool:
        """Tell whether somebody looked at this very plan before."""
        return self.saved is not None or self.expect is not None


def run_apply(console: Console, app: App, wish: Wish) -> Run:
    """Apply, and return the run with its report written."""
    with recorded_run(app, "apply") as run:
        with _lock(app, wish) as held:
            ports = app.ports()
            planned = _planned(app, ports, wish)
            run.plan, run.desired = planned.plan, planned.desired
            _show(console, planned.plan)
            planned = _agreed(console, planned, wish)
            run.plan, run.refusals = planned.plan, planned.plan.refusals
            if not stops_all(run.refusals):
                _require_key_for_all(app, run.plan)
                with console.stop.patient():
                    run.outcomes = apply_plan(ports, planned, lock_id=held.id)
        run.exit_code = exit_code_after(console, exit_code_of(run.plan, run.outcomes))
    return run


def exit_code_after(console: Console, code: ExitCode) -> ExitCode:
    """Return the exit code, or the signal's when one was heard meanwhile."""
    stopped = console.stop.exit_code
    return worst((code, ExitCode(stopped))) if stopped else code


def wish_of(options: dict[str, Any], planfile: Path | None) -> Wish:
    """Return the options of `apply` as one value, a saved plan loaded.

    Raises:
        UsageError: A saved plan is to be applied with another scope or pruning.
    """
    own = ("expect", "yes", "no_input", "lock_timeout")
    told = {name: options.pop(name) for name in own}
    asked = Asked.of(options)
    scoped = asked.targets or asked.excludes or asked.labels
    if planfile and (scoped or asked.prune is not None):
        raise click.UsageError(
            "a saved plan brings its own --target, --exclude, --label and --prune"
        )
    return Wish(
        asked=asked,
        saved=load_plan(planfile) if planfile else None,
        lock_timeout_s=told.pop("lock_timeout"),
        **told,
    )


def load_plan(path: Path) -> Plan:
    """Return a saved plan; raises `InputError` when it is none that we know."""
    try:
        plan = from_json(Plan, read_text(path))
    except ValueError:
        plan = Plan()
    if not plan.digest:
        raise InputError(
            f"'{path}' is not a plan; 'reconcile plan --out FILE' writes one"
        )
    if plan.format_version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise InputError(
            f"'{path}' has format version {plan.format_version}, known is "
            f"{FORMAT_VERSION}; plan again with this release"
        )
    return plan


def _lock(app: App, wish: Wish) -> AbstractContextManager[LockInfo]:
    wait_s = wish.lock_timeout_s
    if wait_s is None:
        wait_s = app.settings.lock_timeout_s
    return app.store.lock(operation="apply", who=app.who, timeout_s=wait_s)


def _planned(app: App, ports: Ports, wish: Wish) -> Planned:
    """Plan anew, and hold it against what was reviewed."""
    planned = make_plan(ports, request_for(app, wish.asked, saved=wish.saved))
    require_match(planned.plan)
    stale: tuple[Refusal, ...] = ()
    if wish.saved:
        stale = check_expected(planned.plan, wish.saved)
    if wish.expect and not stale:
        stale = check_digest(planned.plan, wish.expect)
    return _refused(planned, stale)


def _require_key_for_all(app: App, plan: Plan) -> None:
    """Refuse once where nothing can be done; where something can, others go on."""
    held = held_by(plan.refusals)
    free = [change for change in plan.changes if change.name not in held]
    sealed = [change.name for change in free if change.needs_key]
    if len(sealed) == len(free):
        require_key(app, sealed)


def _show(console: Console, plan: Plan) -> None:
    """Show the plan; what the guards refused stands in the result."""
    if plan.changes or plan.waiting or plan.suspended:
        shown = replace(plan, refusals=())
        color, verbose = console.err_color, console.verbose
        console.say(plan_human(shown, color=color, verbose=verbose, brief=True))
        console.gap()


def _agreed(console: Console, planned: Planned, wish: Wish) -> Planned:
    refusals = planned.plan.refusals
    held = held_by(refusals)
    free = [c for c in planned.plan.changes if c.name not in held]
    removals = lost_files(free)
    if stops_all(refusals) or not removals or wish.is_reviewed:
        return planned
    gone = names([change.name for change in removals], limit=5)
    number = count(len(removals), "connection")
    what = "switched off, deleted or let go"
    question = f"{number} would be {what}: {gone}{GO_ON}"
    refusal = refusal_unless(console, question, yes=wish.yes, no_input=wish.no_input)
    return _refused(planned, [refusal] if refusal else [])


def _refused(planned: Planned, refusals: Sequence[Refusal]) -> Planned:
    found = (*planned.plan.refusals, *refusals)
    return replace(planned, plan=replace(planned.plan, refusals=found))
