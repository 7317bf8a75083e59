"""One run, written down: the report exists even after a fatal error."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import (
    DocumentError,
    LockedError,
    ReconcilerError,
    RefusedError,
)
from reconciler.core.guard import Refusal
from reconciler.core.outcome import ExitCode, Outcome, worst
from reconciler.core.plan import Plan
from reconciler.core.ports import DesiredSet
from reconciler.core.run import Row, RunReport, count_rows
from reconciler.pipeline import collect_rows
from reconciler.wiring import App


@dataclass(slots=True, kw_only=True)
class Run:
    """What a command has found so far; the command fills it in as it goes.

    `names` limits the report's rows; None means every record. `report` and `path`
    are set when the run has ended and its report lies there.
    """

    command: str
    run_id: str
    started_at: datetime
    exit_code: ExitCode = ExitCode.DONE
    plan: Plan | None = None
    desired: DesiredSet | None = None
    outcomes: tuple[Outcome, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    names: tuple[str, ...] | None = None
    error: str = ""
    report: RunReport | None = None
    path: Path | None = None


@contextmanager
def recorded_run(app: App, command: str) -> Iterator[Run]:
    """Yield a run to fill in, and write its report whatever happens.

    A fatal error is noted in the report by its message (ours, free of secrets) or
    by its class alone (anybody else's), and raised again.
    """
    run = Run(command=command, run_id=uuid.uuid4().hex, started_at=app.clock.now())
    try:
        yield run
    except ReconcilerError as error:
        run.error = str(error)
        run.exit_code = worst((run.exit_code, exit_code_for(error)))
        if isinstance(error, RefusedError):
            run.refusals = error.refusals
        raise
    except BaseException as error:
        run.error = type(error).__name__
        run.exit_code = ExitCode.ERROR
        raise
    finally:
        _write(app, run)


def exit_code_for(error: ReconcilerError) -> ExitCode:
    """Return the exit code that an error of ours ends a command with."""
    if isinstance(error, LockedError):
        return ExitCode.LOCKED
    if isinstance(error, RefusedError):
        return ExitCode.REFUSED
    return ExitCode.INVALID if isinstance(error, DocumentError) else ExitCode.ERROR


def _write(app: App, run: Run) -> None:
    run.report = _report_of(app, run)
    run.path = app.write_report(run.report)


def _report_of(app: App, run: Run) -> RunReport:
    rows = _rows(app, run)
    plan = run.plan
    return RunReport(
        run_id=run.run_id,
        command=run.command,
        started_at=run.started_at,
        finished_at=app.clock.now(),
        workspace=app.workspace,
        who=app.who,
        commit=plan.commit if plan else None,
        vantage=app.vantage,
        exit_code=int(run.exit_code),
        error=run.error,
        plan_digest=plan.digest if plan else "",
        counts=count_rows(rows),
        refusals=run.refusals,
        diagnostics=_diagnostics(run),
        connections=rows,
    )


def _diagnostics(run: Run) -> tuple[Diagnostic, ...]:
    return run.desired.diagnostics if run.desired else ()


def _rows(app: App, run: Run) -> tuple[Row, ...]:
    """Return the rows, or none when the store itself is what failed."""
    try:
        return collect_rows(app.ports(), run.desired, run.outcomes, names=run.names)
    except ReconcilerError:
        return ()
