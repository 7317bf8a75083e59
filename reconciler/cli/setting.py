"""Values of one sealed file, set and removed without opening it to anybody's eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.cli.console import Console
from reconciler.cli.reading import read_text
from reconciler.cli.sealing import (
    mistakes_at,
    mistakes_in,
    note_problems,
    refuse_placeholders,
    replaced,
)
from reconciler.cli.values import Typing, read_values, require_reader
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import DocumentError
from reconciler.report.sealed_files import FileOutcome, FileResult
from reconciler.sealing import plain_data, set_in_text, unset_in_text
from reconciler.wiring import App

_STAND_IN = "x"


def set_values(
    console: Console, app: App, file: Path, keys: Sequence[str], typing: Typing
) -> FileOutcome:
    """Ask for values and seal them in place.

    First tried with stand-ins: nobody types a secret for a file that will not be
    written.

    Raises:
        DocumentError: The file would have errors that it does not have now.
        SecretError: No key opens the file.
    """
    if not typing.from_stdin:
        require_reader(console)
    before = read_text(file)
    _refuse_other_placeholders(before, keys, file)
    if not typing.as_json:
        stand_ins = dict.fromkeys(keys, _STAND_IN)
        _judge(console, app, file, set_in_text(app, before, stand_ins, file=file))
    values = read_values(console, keys, typing)
    after = set_in_text(app, before, values, file=file)
    _judge(console, app, file, after)
    outcome = replaced(file, before, after, FileResult.SET)
    note_problems(console, app, outcome)
    return outcome


def unset_values(
    console: Console, app: App, file: Path, keys: Sequence[str]
) -> FileOutcome:
    """Remove values in place; raises as `set_values`."""
    before = read_text(file)
    after = unset_in_text(app, before, keys, file=file)
    _judge(console, app, file, after)
    if after == before:
        console.say_file("No value of that name stands in", file)
    outcome = replaced(file, before, after, FileResult.REMOVED)
    note_problems(console, app, outcome)
    return outcome


def _refuse_other_placeholders(text: str, keys: Sequence[str], file: Path) -> None:
    credentials = plain_data(text, file=file).get("credentials")
    if isinstance(credentials, Mapping):
        others = {key: credentials[key] for key in credentials if key not in keys}
        refuse_placeholders({"credentials": others}, file)


def _judge(console: Console, app: App, file: Path, after: str) -> None:
    """Raise `DocumentError` for mistakes that are new; old ones are not our doing."""
    known = {_what(one) for one in mistakes_at(app, file, file=file)}
    mistakes = mistakes_in(app, after, file=file)
    new = tuple(one for one in mistakes if _what(one) not in known)
    if new:
        console.say_file("Nothing was written to", file)
        raise DocumentError(new)


def _what(mistake: Diagnostic) -> tuple[str, str]:
    return (mistake.code, mistake.message)
