"""One cycle: read the files, plan, and apply exactly as `reconcile apply` would.

Nothing waits for a lock: while somebody else applies, the next cycle tries again. A
plan without changes takes none. What runs and merely fails is left to the queue, which
tests it anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reconciler.core.errors import ReconcilerError
from reconciler.core.guard import Guard, Refusal, lost_files
from reconciler.core.outcome import exit_code_of
from reconciler.core.plan import ActionKind, Change
from reconciler.core.ports import Ports
from reconciler.core.refusal import held_by, stops_all
from reconciler.daemon.board import Board
from reconciler.pipeline import Planned, PlanRequest, apply_plan, make_plan
from reconciler.recording import Run, begin_run, note_end
from reconciler.wiring import App

logger = logging.getLogger(__name__)

COMMAND = "daemon"
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the operator chose. `agreed`: lost files may switch connections off.

    `waits` for somebody else's lock as long as the settings say, or not at all.
    """

    request: Callable[[App], PlanRequest]
    agreed: bool = False
    waits: bool = False


def run_cycle(
    app: App, make_ports: Callable[[], Ports], board: Board, wish: Wish
) -> Run:
    """Read and apply the files; what goes wrong stands in the run, nothing is raised.

    `make_ports` may raise that there is nothing to read.

    Raises:
        DocumentError: The settings cannot be read, so that there is no run.
    """
    run = begin_run(app, COMMAND)
    try:
        _apply(app, make_ports(), board, wish, run)
    except ReconcilerError as error:
        note_end(run, error)
    except Exception as error:  # noqa: BLE001 - the next cycle may do better
        board.count("panics")
        logger.error(  # noqa: TRY400 - its text could hold anything
            "cycle broke off", extra={"exception": type(error).__qualname__}
        )
        note_end(run, error)
    return run


def _apply(app: App, ports: Ports, board: Board, wish: Wish, run: Run) -> None:
    planned = _planned(app, ports, board, wish)
    run.plan, run.desired = planned.plan, planned.desired
    if _free(planned):
        wait_s = app.settings.lock_timeout_s if wish.waits else 0
        with app.store.lock(operation=COMMAND, who=app.who, timeout_s=wait_s) as held:
            planned = _planned(app, ports, board, wish)
            run.plan, run.desired = planned.plan, planned.desired
            if _free(planned):
                with board.stage("apply"):
                    run.outcomes = apply_plan(ports, planned, lock_id=held.id)
    run.refusals = planned.plan.refusals
    run.exit_code = exit_code_of(planned.plan, run.outcomes)


def _planned(app: App, ports: Ports, board: Board, wish: Wish) -> Planned:
    with board.stage("plan"):
        planned = make_plan(ports, wish.request(app))
    plan = planned.plan
    changes = tuple(change for change in plan.changes if not _is_own(ports, change))
    refusals = plan.refusals
    if not (stops_all(refusals) or wish.agreed):
        held = held_by(refusals)
        free = [change for change in changes if change.name not in held]
        refusals = (*refusals, *_unagreed(lost_files(free)))
    return replace(planned, plan=replace(plan, changes=changes, refusals=refusals))


def _free(planned: Planned) -> bool:
    """Tell whether anything may be done at all."""
    plan = planned.plan
    held = held_by(plan.refusals)
    waits = all(change.name in held for change in plan.changes)
    return not waits and not stops_all(plan.refusals)


def _is_own(ports: Ports, change: Change) -> bool:
    """Tell whether it merely re-tests what runs."""
    if change.action is not ActionKind.RETEST:
        return False
    record = ports.store.get(change.name)
    return bool(record and record.active and record.active.revision == change.after)


def _unagreed(lost: Sequence[Change]) -> tuple[Refusal, ...]:
    """Return why what lost its file stays: nobody is there to agree."""
    if not lost:
        return ()
    shown = ", ".join(change.name for change in lost[:_NAMES_SHOWN])
    more = f" and {len(lost) - _NAMES_SHOWN} more" if len(lost) > _NAMES_SHOWN else ""
    return (
        Refusal(
            guard=Guard.CONFIRMATION,
            message=f"no file declares {shown}{more} any more: agree with "
            "'reconcile apply --yes', or run the daemon with --yes",
            names=tuple(change.name for change in lost),
            flag="--yes",
        ),
    )
