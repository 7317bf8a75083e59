"""What a cycle's end means for the daemon's own standing: ready or not, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.core.outcome import ExitCode
from reconciler.core.refusal import stops_all
from reconciler.daemon.board import Board
from reconciler.recording import Run

_NAMES_SHOWN = 5


def note_run(board: Board, run: Run, *, commit: Callable[[], str | None]) -> None:
    """Note what a cycle came to.

    One bad file makes the daemon no less ready: the others are applied, and the
    report and `revisions` tell of it. A revision that cannot be applied as a whole
    does: what runs is the last good one.
    """
    board.count("cycles")
    board.problem("start", "")
    if run.exit_code is ExitCode.LOCKED:
        return  # somebody else applies; the next cycle comes soon
    why = _why_not(run)
    stopped = stops_all(run.refusals)
    broken = run.error or ("; ".join(one.message for one in run.refusals) * stopped)
    said = f"the files are not applied, the last good ones run: {broken}"
    board.problem("files", said if broken else "")
    now = board.clock.now()
    plan = run.plan
    here = (plan.commit if plan else None) or commit() or ""
    if why:
        board.count("cycles_refused")
        board.revisions = replace(
            board.revisions, refused=here, refused_at=now, why=why
        )
    else:
        board.revisions = replace(board.revisions, refused="", refused_at=None, why="")
    if not broken:
        board.revisions = replace(board.revisions, running=here, applied_at=now)
    if "settings" not in board.problems:
        board.reload_ok, board.reloaded_at = not broken, now


def _why_not(run: Run) -> str:
    """Return why not all of it was applied; empty when it was."""
    if run.error:
        return run.error
    if run.refusals:
        return "; ".join(one.message for one in run.refusals)
    if run.plan and run.plan.invalid:
        shown = ", ".join(run.plan.invalid[:_NAMES_SHOWN])
        more = len(run.plan.invalid) - _NAMES_SHOWN
        return f"invalid: {shown}" + (f" and {more} more" if more > 0 else "")
    return ""
