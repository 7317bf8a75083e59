"""Sealed files worked on where they lie, one or many at once."""

from __future__ import annotations

import json
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.cli.console import Console
from reconciler.cli.judging import is_wrong, judge_files, say_problems
from reconciler.cli.progress import progress
from reconciler.cli.reading import read_text
from reconciler.cli.telling import tell
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import DocumentError, InputError, ReconcilerError
from reconciler.core.outcome import ExitCode, worst
from reconciler.report.sealed_files import (
    FileOutcome,
    FileResult,
    files_human,
    files_json,
)
from reconciler.sealing import (
    decrypt_text,
    is_sealed,
    key_change_of,
    people_of,
    plain_data,
    rotate_text,
    rule_change,
    seal_text,
    update_text,
)
from reconciler.wiring import App, write_file

PLACEHOLDER = "PASTE-HERE"
"""What the templates of `new` have where a credential belongs."""

Work = Callable[[Path], FileOutcome]


def each_file(
    console: Console, files: Mapping[Path, str], work: Work, *, words: tuple[str, str]
) -> tuple[tuple[FileOutcome, ...], ExitCode]:
    """Do one thing with every file; a failure never holds back the others.

    Args:
        console: Shows the progress; the first signal lets the file at hand end.
        files: Each with why it may not be used, mostly "".
        work: Does it, and returns what became of the file.
        words: What is being done and was done, such as rotating and rotated.

    Returns:
        The outcomes in the order of the files, and the exit code that wins.
    """
    doing, done = words
    errors: list[ReconcilerError] = []
    outcomes: list[FileOutcome] = []
    with console.stop.patient(), progress(console, doing=doing, done=done) as bar:
        if bar and len(files) > 1:
            bar.started(len(files))
        for file, why in files.items():
            outcome = _tried(console, file, why, work, errors)
            outcomes.append(outcome)
            if bar:
                bar.finished(str(file), passed=outcome.result is not FileResult.FAILED)
    codes = [ExitCode(tell(console, error)) for error in errors]
    if console.stop.exit_code:
        codes.append(ExitCode(console.stop.exit_code))
    return tuple(outcomes), worst(codes)


def show_outcomes(
    console: Console, outcomes: Sequence[FileOutcome], format_: str
) -> None:
    """Write what became of the files as the result."""
    if format_ == "json":
        console.result(files_json(outcomes))
    else:
        console.result(files_human(outcomes, color=console.color))


def seal_file(
    app: App, file: Path, *, recipients: Sequence[str] = (), rebind: bool = False
) -> FileOutcome:
    """Seal one file in place."""
    text = read_text(file)
    refuse_placeholders(plain_data(text, file=file), file)
    sealed = seal_text(app, text, file=file, named=recipients, rebind=rebind)
    return replaced(file, text, sealed, FileResult.SEALED)


def rotate_file(app: App, file: Path) -> FileOutcome:
    """Seal one file anew, under a new data key."""
    text = read_text(file)
    if not _has_seal(text, file):
        return _outcome(file, FileResult.PUBLIC)
    new = rotate_text(app, text, file=file)
    note = rule_change(text, new, file=file)
    return replace(replaced(file, text, new, FileResult.ROTATED), note=note)


def update_file(app: App, file: Path, *, dry_run: bool) -> FileOutcome:
    """Give one file the recipients of `.sops.yaml`, or tell how they differ."""
    text = read_text(file)
    if not _has_seal(text, file):
        return _outcome(file, FileResult.PUBLIC)
    change = key_change_of(app, text, file=file)
    if change.is_empty:
        return _outcome(file, FileResult.UNCHANGED)
    if not dry_run:
        replaced(file, text, update_text(app, text, file=file).text, FileResult.UPDATED)
    people = people_of(app)
    notes = ["the key groups"] if change.is_regrouped else []
    if change.threshold:
        notes.append("how many groups it takes ({} to {})".format(*change.threshold))
    return FileOutcome(
        file=str(file),
        result=FileResult.DIFFERS if dry_run else FileResult.UPDATED,
        added=change.added,
        removed=change.removed,
        people={
            key: people[key]
            for key in (*change.added, *change.removed)
            if key in people
        },
        note=", ".join(notes),
    )


def open_file(app: App, file: Path, *, extract: str | None) -> bytes:
    """Return a sealed file, or one of its values, in plain text."""
    plain = decrypt_text(app, read_text(file), file=file)
    if extract is None:
        return plain.encode()
    value = _found(plain_data(plain, file=file), extract, file)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode()


def replaced(file: Path, before: str, after: str, result: FileResult) -> FileOutcome:
    """Write a new text over the old one in one step, and return what was done.

    Its mode stays, a link stays a link, and nothing is written for equal texts.

    Raises:
        InputError: Somebody else changed the file since `before` was read.
    """
    if after == before:
        return _outcome(file, FileResult.UNCHANGED)
    target = file.resolve()
    if read_text(target) != before:
        raise InputError(
            f"'{file}' was changed by somebody else meanwhile; nothing was written, "
            "look at it and do it again"
        )
    mode = stat.S_IMODE(target.stat().st_mode)
    write_file(target, after.encode(), mode=mode)
    return _outcome(file, result)


def note_problems(console: Console, app: App, outcome: FileOutcome) -> None:
    """Tell what is to be said of a file that was just written."""
    if outcome.result not in {FileResult.UNCHANGED, FileResult.FAILED}:
        say_problems(console, judge_files(app, [Path(outcome.file)]))


def mistakes_in(app: App, text: str, *, file: Path) -> tuple[Diagnostic, ...]:
    """Return the errors that a file of this (sealed) text would have."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        copy.write_text(text, encoding="utf-8", newline="")
        return mistakes_at(app, copy, file=file)


def mistakes_at(app: App, copy: Path, *, file: Path) -> tuple[Diagnostic, ...]:
    """Return the errors that a file would have if it said what its copy says."""
    found = judge_files(app, [file], copies={file: copy}).diagnostics
    return tuple(one for one in found if is_wrong([one]))


def refuse_placeholders(data: Mapping[str, Any], file: Path) -> None:
    """Raise `InputError` for a template that was not filled in."""
    credentials = data.get("credentials")
    if isinstance(credentials, Mapping) and PLACEHOLDER in credentials.values():
        names = [name for name, value in credentials.items() if value == PLACEHOLDER]
        raise InputError(
            f"'{file}' still says {PLACEHOLDER} for {', '.join(names)}; "
            "fill it in, then seal it"
        )


def _tried(
    console: Console,
    file: Path,
    why: str,
    work: Work,
    errors: list[ReconcilerError],
) -> FileOutcome:
    if console.stop.event.is_set():
        return _outcome(file, FileResult.SKIPPED, "stopped before it was begun")
    try:
        if why:
            raise InputError(f"'{file}' is not used: {why}")
        return work(file)
    except ReconcilerError as error:
        errors.append(error)
        return _outcome(file, FileResult.FAILED, "\n".join(_sentences(error)))


def _outcome(file: Path, result: FileResult, detail: str = "") -> FileOutcome:
    return FileOutcome(file=str(file), result=result, detail=detail)


def _sentences(error: ReconcilerError) -> Iterable[str]:
    if isinstance(error, DocumentError):
        return [f"{one.span}  {one.code}  {one.message}" for one in error.diagnostics]
    return [str(error)]


def _has_seal(text: str, file: Path) -> bool:
    """Tell a sealed file from a public one; raises for one still to be sealed."""
    if is_sealed(text, file=file):
        return True
    if plain_data(text, file=file).get("credentials"):
        raise InputError(
            f"the credentials in '{file}' are not sealed; run 'reconcile encrypt "
            f"{file}', then commit"
        )
    return False


def _found(data: Mapping[str, Any], key: str, file: Path) -> Any:
    """Return the value of a credential, or at a path with dots."""
    credentials = data.get("credentials")
    if isinstance(credentials, Mapping) and key in credentials:
        return credentials[key]
    value: Any = data
    for step in key.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise InputError(
                f"'{file}' has no '{key}'; name a credential, or a path such as "
                "config.timeout"
            )
        value = value[step]
    return value
