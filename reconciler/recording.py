"""One run, written down: the report exists even after a fatal error."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import (
    DocumentError,
    InputError,
    LockedError,
    ReconcilerError,
    RefusedError,
    StaleError,
    StateError,
)
from reconciler.core.guard import Refusal
from reconciler.core.health import Health, Intent, Sync
from reconciler.core.market import Candle, Mark
from reconciler.core.outcome import ExitCode, Outcome, worst
from reconciler.core.plan import Plan
from reconciler.core.ports import Ask, DesiredSet, DocumentSource, Job, Sample
from reconciler.core.record import (
    Action,
    ActionName,
    Commit,
    Record,
    Result,
    suspension_of,
)
from reconciler.core.run import Row, RunReport, count_rows
from reconciler.core.usage import used
from reconciler.pipeline import COMMIT_TRIES, collect_rows
from reconciler.wiring import App

_SIGNALS = frozenset({ExitCode.INTERRUPTED, ExitCode.TERMINATED})


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
    by its class alone (anybody else's), and raised again. Only settings that cannot
    be read leave no report: they say where it lies.
    """
    run = begin_run(app, command)
    try:
        yield run
    except BaseException as error:
        note_end(run, error)
        with contextlib.suppress(ReconcilerError):  # the first error is the one to tell
            write_run(app, run)
        raise
    write_run(app, run)


def begin_run(app: App, command: str) -> Run:
    """Return a new run; raises `DocumentError` for settings that cannot be read."""
    _ = app.settings  # a run without settings does not begin
    return Run(command=command, run_id=uuid.uuid4().hex, started_at=app.clock.now())


def note_end(run: Run, error: BaseException) -> None:
    """Put down how the run ended; a foreign message could hold anything."""
    if isinstance(error, ReconcilerError):
        run.error = str(error)
        run.exit_code = worst((run.exit_code, exit_code_for(error)))
        if isinstance(error, RefusedError):
            run.refusals = error.refusals
        return
    run.error = type(error).__name__
    code = getattr(error, "exit_code", None)
    run.exit_code = ExitCode(code) if code in _SIGNALS else ExitCode.ERROR


def write_run(app: App, run: Run) -> None:
    """Write the run's report of everything that the store holds now."""
    run.report = _report_of(app, run)
    run.path = app.write_report(run.report)


def report_now(app: App) -> RunReport:
    """Return a report of what the store holds at this moment; nothing is written."""
    run = begin_run(app, "report")
    with contextlib.suppress(InputError):
        run.desired = app.source().read()
    return _report_of(app, run)


def current_rows(
    app: App, names: Sequence[str] | None = None
) -> tuple[tuple[Row, ...], DesiredSet | None]:
    """Return a row per record and per file that is not recorded yet.

    The files are None when they cannot be read; then nothing is said of them.
    """
    desired: DesiredSet | None = None
    ports = app.ports()
    with contextlib.suppress(InputError):
        desired = ports.source.read()
    rows = collect_rows(ports, desired, (), workspace=app.workspace, names=names)
    if desired and names is None:
        recorded = {row.name for row in rows}
        new = sorted(desired.heads.keys() - recorded)
        now = ports.clock.now()
        rows += tuple(_pending_row(ports.source, name, now=now) for name in new)
    return tuple(sorted(rows, key=lambda row: row.name)), desired


def record_fetch(
    app: App,
    name: str,
    ask: Ask,
    *,
    sample: Sample | None,
    detail: str,
    who: str | None = None,
) -> None:
    """Note in the store that data was fetched; of the data only the marks.

    Takes no lock. When somebody else keeps changing the record, the note is not
    worth failing for.
    """
    for _ in range(COMMIT_TRIES):
        record = app.store.get(name)
        if record is None:
            return
        with contextlib.suppress(StaleError):
            fetched = _fetched(app, record, ask, sample=sample, detail=detail)
            if who is not None:
                actions = tuple(replace(one, who=who) for one in fetched.actions)
                fetched = replace(fetched, actions=actions)
            app.store.commit(fetched)
            return


def running_job(app: App, name: str) -> Job:
    """Return what runs under a name, ready to be opened; raises `StateError`."""
    record = app.store.get(name)
    held = suspension_of(record, now=app.clock.now()) if record else None
    if held:
        raise StateError(f"'{name}' is out of service, {held.in_words()}")
    if record is None or record.active is None or record.status == "inactive":
        raise StateError(
            f"'{name}' has no active revision in {app.state_url}; "
            "see 'reconcile status', run 'reconcile apply'"
        )
    desired = app.source().parse(record.active.text, file=record.active.file)
    return Job(connection=desired.connection, text=desired.text, file=desired.file)


def exit_code_for(error: ReconcilerError) -> ExitCode:
    """Return the exit code that an error of ours ends a command with."""
    if isinstance(error, LockedError):
        return ExitCode.LOCKED
    if isinstance(error, RefusedError):
        return ExitCode.REFUSED
    return ExitCode.INVALID if isinstance(error, DocumentError) else ExitCode.ERROR


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
        return collect_rows(
            app.ports(),
            run.desired,
            run.outcomes,
            workspace=app.workspace,
            names=run.names,
        )
    except ReconcilerError:
        return ()


def _pending_row(source: DocumentSource, name: str, *, now: datetime) -> Row:
    connection = source.load(name).connection
    asked = connection.suspension
    suspension = asked if asked and asked.holds(now) and connection.active else None
    intent = Intent.ACTIVE if connection.active else Intent.INACTIVE
    return Row(
        name=name,
        type=connection.type,
        provider=connection.provider,
        owner=connection.owner,
        labels=connection.labels,
        intent=Intent.SUSPENDED if suspension else intent,
        suspension=suspension,
        sync=Sync.PENDING,
        health=Health.UNKNOWN,
    )


def _fetched(
    app: App, record: Record, ask: Ask, *, sample: Sample | None, detail: str
) -> Commit:
    now = app.clock.now()
    marks = record.marks
    if sample and sample.candles:
        marks = _marked(marks, ask, sample.candles)
    action = Action(
        at=now,
        name=record.name,
        action=ActionName.FETCH,
        result=Result.APPLIED if sample else Result.FAILED,
        who=app.who,
        revision=record.active.revision if record.active else "",
        latency_ms=sample.latency_ms if sample else None,
        detail=detail,
    )
    after = replace(
        record,
        last_used_at=now,
        marks=marks,
        usage=used(record.usage, at=now, who=app.who),
    )
    return Commit(
        put=(after,), actions=(action,), expected={record.name: record.version}
    )


def _marked(
    marks: tuple[Mark, ...], ask: Ask, candles: Sequence[Candle]
) -> tuple[Mark, ...]:
    """Return the marks with this series' one renewed, in order."""
    series = (ask.symbol, ask.timeframe)
    others = [mark for mark in marks if (mark.symbol, mark.timeframe) != series]
    mark = Mark(
        symbol=ask.symbol,
        timeframe=ask.timeframe,
        rows=len(candles),
        last_candle_at_ms=candles[-1].opened_at_ms,
        last_price=candles[-1].close,
    )
    return tuple(sorted([*others, mark], key=lambda one: (one.symbol, one.timeframe)))
