"""Tests on request: of what runs, recorded; of files, only told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.cli.applying import exit_code_after
from reconciler.cli.console import Console
from reconciler.cli.finding import found_file
from reconciler.cli.judging import is_wrong, say_problems
from reconciler.cli.keys import require_key
from reconciler.cli.looking import sealed_names
from reconciler.core.errors import InputError
from reconciler.core.outcome import ExitCode, Outcome, worst
from reconciler.core.plan import ActionKind
from reconciler.core.ports import DesiredSet, Job
from reconciler.core.record import Record, Result, Status
from reconciler.core.verdict import Verdict
from reconciler.pipeline import all_records
from reconciler.recording import recorded_run
from reconciler.retesting import test_records
from reconciler.wiring import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be tested; no name stands in both."""

    records: tuple[Record, ...] = ()
    files: tuple[Path, ...] = ()


def run_tests(
    console: Console,
    app: App,
    what: Sequence[str],
    *,
    everything: bool,
    accept_sample: bool = False,
) -> tuple[tuple[Outcome, ...], ExitCode]:
    """Test and return the outcomes, sorted by name, and the exit code.

    Raises:
        InputError: Something that was asked for is neither running nor a file.
    """
    chosen = _choose(app, what, everything=everything)
    recorded = _test_records(console, app, chosen.records, accept_sample=accept_sample)
    files = DesiredSet(heads={})
    told: tuple[Outcome, ...] = ()
    if chosen.files:
        told, files = _test_files(console, app, chosen.files)
        say_problems(console, files)
    outcomes = tuple(sorted((*recorded, *told), key=lambda outcome: outcome.name))
    code = _exit_code(outcomes)
    if is_wrong(files.diagnostics):
        code = worst((code, ExitCode.INVALID))
    return outcomes, exit_code_after(console, code)


def _choose(app: App, what: Sequence[str], *, everything: bool) -> Chosen:
    running = {
        record.name: record
        for record in all_records(app.store)
        if record.active and record.status is not Status.INACTIVE
    }
    names: set[str] = set(running) if everything else set()
    files: list[Path] = []
    for word in what:
        found = {name for name in running if fnmatchcase(name, word)}
        names |= found
        if not found:
            files.append(_file_of(app, word))
    if everything and not names:
        raise InputError("nothing runs yet; 'reconcile apply' makes files live")
    records = tuple(running[name] for name in sorted(names))
    return Chosen(records=records, files=tuple(files))


def _file_of(app: App, word: str) -> Path:
    """Return the file that a word means, by its path or by its name."""
    if path := found_file(app, word):
        return path
    raise InputError(
        f"nothing matches '{word}': no connection of that name runs, and it is no "
        "file; 'reconcile list' shows what there is"
    )


def _test_records(
    console: Console, app: App, records: Sequence[Record], *, accept_sample: bool
) -> tuple[Outcome, ...]:
    if not records:
        return ()
    if app.keyring.is_empty:
        require_key(app, [one.name for one in records if sealed_names(app, one)])
    with recorded_run(app, "test") as run:
        run.names = tuple(record.name for record in records)
        with console.stop.patient():
            run.outcomes = test_records(
                app.ports(), records, accept_sample=accept_sample
            )
        run.exit_code = exit_code_after(console, _exit_code(run.outcomes))
    console.say_file("Report:", run.path)
    return run.outcomes


def _test_files(
    console: Console, app: App, files: Sequence[Path]
) -> tuple[tuple[Outcome, ...], DesiredSet]:
    source = app.source(files)
    desired = source.read()
    jobs, sealed = [], []
    for name in desired.heads:
        document = source.load(name)
        connection, text = document.connection, document.text
        sealed += [name] if connection.credential_names else []
        jobs.append(Job(connection=connection, text=text, file=document.file))
    require_key(app, sealed)
    outcomes: list[Outcome] = []

    def decide(job: Job, verdict: Verdict) -> None:
        outcomes.append(_told(job.connection.name, verdict))

    with console.stop.patient():
        app.tester.run(jobs, decide=decide)
    return tuple(outcomes), desired


def _told(name: str, verdict: Verdict) -> Outcome:
    diagnosis = verdict.diagnosis
    return Outcome(
        name=name,
        action=ActionKind.RETEST,
        result=Result.APPLIED if verdict.passed else Result.REJECTED,
        reason=diagnosis.summary if diagnosis else "test passed, not recorded",
        verdict=verdict,
        diagnosis=diagnosis,
    )


def _exit_code(outcomes: Iterable[Outcome]) -> ExitCode:
    """Return 5 for a failed test, 1 for a result that could not be recorded."""
    found = []
    for outcome in outcomes:
        if outcome.result is Result.REJECTED:
            found.append(ExitCode.TEST_FAILED)
        elif outcome.result is Result.FAILED or (
            outcome.result is Result.SKIPPED and outcome.verdict
        ):
            found.append(ExitCode.ERROR)
    return worst(found)
