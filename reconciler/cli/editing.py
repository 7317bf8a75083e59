"""A sealed file in an editor: opened, judged, sealed again, and only then written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.cli.editors import editor_of, run_editor
from reconciler.cli.private_file import is_in_memory, private_file
from reconciler.cli.reading import read_text
from reconciler.cli.sealing import (
    mistakes_at,
    note_problems,
    refuse_placeholders,
    replaced,
)
from reconciler.cli.telling import tell
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import DocumentError, InputError, ReconcilerError
from reconciler.core.outcome import ExitCode
from reconciler.report.diagnostics import diagnostics_human
from reconciler.report.sealed_files import FileOutcome, FileResult
from reconciler.sealing import decrypt_text, is_sealed, plain_data, reseal_text
from reconciler.wiring import App

_SEALING = "R3"
_ABOUT_NAMES = frozenset({"R306", "R307"})
"""Credentials are judged by their names; whether they are sealed is our business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """One file in the editor; `path` is its private copy in plain text."""

    console: Console
    app: App
    file: Path
    before: str = field(repr=False)
    plain: str = field(repr=False)
    path: Path


class _Refused(Exception):  # noqa: N818  # caught where the editor is opened again
    """What was typed cannot be taken; `exit_code` is what that means."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__()


def edit_file(console: Console, app: App, file: Path) -> tuple[FileOutcome, ExitCode]:
    """Open a file in the editor, and seal what comes back.

    Raises:
        InputError: There is no editor, it failed, or somebody else changed the file.
        SecretError: No key opens the file.
    """
    command, before = editor_of(console), read_text(file)
    plain = before
    if is_sealed(before, file=file):
        plain = decrypt_text(app, before, file=file)
    env = console.environment
    with private_file(file.name, plain.encode(), environment=env) as path:
        if not is_in_memory(path, environment=env):
            console.say_file("Until the editor ends, plain text is on disk in", path)
        edit = _Edit(
            console=console, app=app, file=file, before=before, plain=plain, path=path
        )
        try:
            after = _edited(edit, command)
        except _Refused as refused:
            console.say_file("What was typed is gone; nothing was written to", file)
            why = "what was typed has mistakes; nothing was written"
            outcome = FileOutcome(file=str(file), result=FileResult.FAILED, detail=why)
            return outcome, ExitCode(refused.exit_code)
    outcome = replaced(file, before, after, FileResult.EDITED)
    if _is_connection(edit):
        note_problems(console, app, outcome)
    return outcome, ExitCode.DONE


def _edited(edit: _Edit, command: Sequence[str]) -> str:
    """Return the new sealed text, after as many rounds as it takes."""
    while True:
        run_editor(edit.console, command, edit.path)
        try:
            typed = read_text(edit.path)
            return edit.before if typed == edit.plain else _sealed(edit, typed)
        except ReconcilerError as error:
            code = _told(edit, error)
        if not _is_asked_again(edit.console):
            raise _Refused(code)


def _sealed(edit: _Edit, typed: str) -> str:
    """Return what was typed, sealed; raises `InputError` for a mistake in it."""
    if _is_connection(edit):
        refuse_placeholders(plain_data(typed, file=edit.file), edit.file)
        if mistakes := _mistakes(edit):
            raise DocumentError(mistakes)
    return reseal_text(edit.app, edit.before, typed, file=edit.file)


def _is_connection(edit: _Edit) -> bool:
    """Tell whether our rules hold; any other sealed file may be edited as well."""
    if edit.file.resolve().is_relative_to(
        Path(edit.app.settings.connections).resolve()
    ):
        return True
    try:
        return {"type", "provider"} <= plain_data(edit.plain, file=edit.file).keys()
    except DocumentError:
        return False


def _mistakes(edit: _Edit) -> tuple[Diagnostic, ...]:
    return tuple(
        one
        for one in mistakes_at(edit.app, edit.path, file=edit.file)
        if not one.code.startswith(_SEALING) or one.code in _ABOUT_NAMES
    )


def _told(edit: _Edit, error: ReconcilerError) -> int:
    """Say what is wrong with what was typed; return what it would end with."""
    console = edit.console
    if not isinstance(error, DocumentError):
        return tell(console, error)
    try:
        texts = {str(edit.file): read_text(edit.path)}
    except InputError:
        texts = {}
    color = console.err_color
    console.say(diagnostics_human(error.diagnostics, texts=texts, color=color))
    return ExitCode.INVALID


def _is_asked_again(console: Console) -> bool:
    if not console.has_reader:
        return False
    return click.confirm("Open the editor again?", default=True, err=True)
