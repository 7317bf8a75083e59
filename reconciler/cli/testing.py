"""Tests on request: of what runs, recorded; of files, only told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.cli.applying import exit_code_after
from reconciler.cli.choosing import matching
from reconciler.cli.console import Console
from reconciler.cli.finding import found_file
from reconciler.cli.judging import is_wrong, say_problems
from reconciler.cli.keys import require_key
from reconciler.cli.looking import sealed_names
from reconciler.core.errors import InputError, RefusedError, StateError
from reconciler.core.guard import Guard, Refusal
from reconciler.core.outcome import ExitCode, Outcome, exit_code_of_tests, worst
from reconciler.core.plan import ActionKind
from reconciler.core.ports import DesiredSet, Job
from reconciler.core.record import Record, Result, Status, suspension_of
from reconciler.core.selecting import LabelTerm
from reconciler.core.suspension import Suspension
from reconciler.core.verdict import Verdict
from reconciler.pipeline import all_records
from reconciler.recording import recorded_run
from reconciler.report.text import names
from reconciler.retesting import test_records
from reconciler.wiring import App


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be tested; no name stands in both."""

    records: tuple[Record, ...] = ()
    files: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = ()
    """What is suspended, and was not asked for by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTests:
    """What `test` was told; `suspended` tests also what is out of service."""

    what: tuple[str, ...] = ()
    labels: tuple[LabelTerm, ...] = ()
    everything: bool = False
    suspended: bool = False
    accept_sample: bool = False
    here: bool = False
    wait: bool | None = None
    """Whether to wait for the daemon's answer; None: for whoever tests."""

    @property
    def is_for_daemon(self) -> bool:
        """Tell whether a running daemon may make the tests."""
        return not (self.here or self.suspended or self.accept_sample)

    @property
    def is_general(self) -> bool:
        """Tell whether everything is meant that the labels leave."""
        return self.everything or bool(self.labels and not self.what)


def run_tests(
    console: Console,
    app: App,
    asked: AskedTests,
) -> tuple[tuple[Outcome, ...], ExitCode]:
    """Test and return the outcomes, sorted by name, and the exit code.

    Raises:
        InputError: Something that was asked for is neither running nor a file.
        RefusedError: It is suspended.
    """
    chosen = _choose(app, asked)
    if chosen.left_out:
        console.say(f"Suspended, not tested: {names(chosen.left_out, limit=10)}.")
    recorded = _tested_by_daemon(console, app, asked, chosen)
    if recorded is None:
        recorded = test_and_record(
            console, app, chosen.records, accept_sample=asked.accept_sample
        )
    files = DesiredSet(heads={})
    told: tuple[Outcome, ...] = ()
    if chosen.files:
        told, files = _test_files(console, app, chosen.files)
        say_problems(console, files)
    outcomes = tuple(sorted((*recorded, *told), key=lambda outcome: outcome.name))
    code = exit_code_of_tests(outcomes)
    if is_wrong(files.diagnostics):
        code = worst((code, ExitCode.INVALID))
    return outcomes, exit_code_after(console, code)


def _tested_by_daemon(
    console: Console, app: App, asked: AskedTests, chosen: Chosen
) -> tuple[Outcome, ...] | None:
    """Return what the running daemon found; None when it is not to be asked.

    Raises:
        StateError: It is not running, although its answer was asked for.
    """
    if not (chosen.records and asked.is_for_daemon):
        return None
    from reconciler.daemon.requests.asking import ask_daemon

    wanted = [record.name for record in chosen.records]
    wait = asked.wait is not False
    answer = ask_daemon(app, wanted, who=app.who, wait=wait)
    if answer is None and asked.wait is not None:
        raise StateError(
            "no daemon runs for this workspace and store; leave out --wait and "
            "--no-wait to test here, or start 'reconcile daemon'"
        )
    if answer and not wait:
        console.say(f"The daemon was asked, request {answer.token}; not waiting.")
    return answer.outcomes if answer else None


def _choose(app: App, asked: AskedTests) -> Chosen:
    now = app.clock.now()
    running = {
        record.name: record
        for record in all_records(app.store)
        if record.active and _is_ours_to_test(record, now)
    }
    chosen: set[str] = set(running) if asked.is_general else set()
    files: list[Path] = []
    for word in asked.what:
        found = {name for name in running if fnmatchcase(name, word)}
        chosen |= found
        if not found:
            files.append(_file_of(app, word))
    if asked.labels:
        fitting = matching((running[name] for name in chosen), (), asked.labels)
        chosen = {record.name for record in fitting}
    if asked.is_general and not chosen:
        raise InputError("nothing runs yet; 'reconcile apply' makes files live")
    out = {} if asked.suspended else _suspended(running, chosen, now)
    _refuse_named(asked.what, out)
    records = tuple(running[name] for name in sorted(chosen - out.keys()))
    return Chosen(records=records, files=tuple(files), left_out=tuple(sorted(out)))


def _is_ours_to_test(record: Record, now: datetime) -> bool:
    off = record.status is Status.INACTIVE
    return not off or suspension_of(record, now=now) is not None


def _suspended(
    running: Mapping[str, Record], chosen: Iterable[str], now: datetime
) -> dict[str, Suspension]:
    return {
        name: suspension
        for name in chosen
        if (suspension := suspension_of(running[name], now=now))
    }


def _refuse_named(words: Sequence[str], out: Mapping[str, Suspension]) -> None:
    """Refuse what was asked for by its very name; what a glob finds is left out."""
    named = [name for name in words if name in out]
    if named:
        raise RefusedError(
            tuple(
                Refusal(
                    guard=Guard.SUSPENDED,
                    message=f"'{name}' is not tested, it is {out[name].in_words()}",
                    names=(name,),
                    flag="--suspended",
                )
                for name in named
            )
        )


def _file_of(app: App, word: str) -> Path:
    """Return the file that a word means, by its path or by its name."""
    if path := found_file(app, word):
        return path
    raise InputError(
        f"nothing matches '{word}': no connection of that name runs, and it is no "
        "file; 'reconcile list' shows what there is"
    )


def test_and_record(
    console: Console,
    app: App,
    records: Sequence[Record],
    *,
    accept_sample: bool = False,  # noqa: PT028  # no test, whatever its name says
) -> tuple[Outcome, ...]:
    """Test what runs and record the results, with a report; nothing for nothing."""
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
        run.exit_code = exit_code_after(console, exit_code_of_tests(run.outcomes))
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
