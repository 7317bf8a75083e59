"""A new connection: judged, credentials asked for, sealed, and only then written."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.judging import is_wrong, judge_files, say_problems
from reconciler.cli.sealing import mistakes_in
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import InputError
from reconciler.core.outcome import ExitCode
from reconciler.report.diagnostics import diagnostics_human
from reconciler.scaffolding import connection_text
from reconciler.sealing import documents_below, seal_text
from reconciler.wiring import App, write_file

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_FOLDER = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_READABLE = 0o644
_WRONG_FOLDER = "R502"
_PLAIN_TEXT = "R301"
"""What a draft may still lack: its credentials are sealed last."""
_STAND_IN = "PASTE-HERE"
_PLACE = re.compile(rf'^ +([\w-]+): "?{_STAND_IN}"?', re.MULTILINE)
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was asked for; `prompted` are the credentials still to be typed.

    `credentials` None leaves places to fill in, or asks for them where somebody is
    there to answer (`asks`).
    """

    folders: tuple[str, ...]
    """Those below that of the connections, the outer ones first."""
    name: str
    kind: str
    provider: str
    recipients: tuple[str, ...]
    prompted: tuple[str, ...]
    credentials: Mapping[str, Scalar] | None = field(repr=False)
    asks: bool
    more: Mapping[str, Any]

    @classmethod
    def of(cls, console: Console, options: dict[str, Any]) -> Draft:
        """Return the draft of these options, with what came in on stdin."""
        prompted = options.pop("prompted")
        piped, public = options.pop("credentials_stdin"), options.pop("public")
        later = options.pop("later")
        if sum(map(bool, (public, later, prompted or piped))) > 1:
            raise click.UsageError(
                "--public means no credentials, --later that you fill them in; "
                "leave the others out"
            )
        if prompted and not console.has_reader:
            raise click.UsageError(
                f"nobody is there to type '{prompted[0]}'; use --credentials-stdin"
            )
        credentials = _piped(sys.stdin.read()) if piped else {} if public else None
        config = {key: _typed(text) for key, text in _pairs(options.pop("config"))}
        active = not options.pop("inactive")
        *folders, name = options.pop("name").split("/")
        taken = {key: options.pop(key) for key in ("kind", "provider")}
        return cls(
            folders=tuple(folders),
            name=name,
            **taken,
            recipients=options.pop("recipients"),
            prompted=prompted,
            credentials=credentials,
            asks=console.has_reader and not later,
            more={**options, "config": config, "active": active},
        )


def write_draft(console: Console, app: App, draft: Draft) -> tuple[Path | None, int]:
    """Judge the draft, then ask, seal and write it, and say what is left to do.

    Returns the file, None when a mistake was found, and the exit code.
    """
    path = _path_of(app, draft)
    if draft.asks and draft.credentials is None and not draft.prompted:
        places = _PLACE.findall(_sealed(app, path, draft))
        draft = replace(draft, prompted=tuple(places))
    if _is_refused(console, app, draft, path):
        return None, ExitCode.INVALID
    typed = {name: _asked(name) for name in draft.prompted}
    if typed:
        draft = replace(draft, credentials={**(draft.credentials or {}), **typed})
    text = _sealed(app, path, draft)
    write_file(path, text.encode(), mode=_READABLE)
    if draft.credentials is None:
        console.say(f"Fill in the credentials, then run 'reconcile encrypt {path}'.")
        return path, ExitCode.DONE
    return path, _judge(console, app, path)


def _sealed(app: App, path: Path, draft: Draft) -> str:
    """Return the document, its credentials sealed when there are any."""
    text = connection_text(
        app,
        path,
        name=draft.name,
        kind=draft.kind,
        provider=draft.provider,
        credentials=draft.credentials,
        **draft.more,
    )
    if not draft.credentials:
        return text
    return seal_text(app, text, file=path, named=draft.recipients)


def _is_refused(console: Console, app: App, draft: Draft, path: Path) -> bool:
    """Try with stand-ins for what is secret, and say what is wrong.

    So that nobody types a secret for a file that will not be written.
    """
    names = (*(draft.credentials or ()), *draft.prompted)
    is_open = draft.credentials is None and not draft.prompted
    stand_ins = None if is_open else dict.fromkeys(names, _STAND_IN)
    text = _sealed(app, path, replace(draft, credentials=stand_ins))
    mistakes = _mistakes(app, path, text)
    if mistakes:
        found = diagnostics_human(
            mistakes, texts={str(path): text}, color=console.err_color
        )
        console.say(found)
        console.say("Nothing was written.")
    if any(one.code == _WRONG_FOLDER for one in mistakes):
        console.say(f"Name the folder as well: reconcile new FOLDER/{draft.name}")
    return bool(mistakes)


def _mistakes(app: App, path: Path, text: str) -> Sequence[Diagnostic]:
    """Return the errors that the document would have, except unsealed credentials."""
    found = mistakes_in(app, text, file=path)
    return [one for one in found if one.code != _PLAIN_TEXT]


def _judge(console: Console, app: App, path: Path) -> int:
    found = judge_files(app, [path])
    say_problems(console, found)
    return ExitCode.INVALID if is_wrong(found.diagnostics) else ExitCode.DONE


def _path_of(app: App, draft: Draft) -> Path:
    if not _NAME.fullmatch(draft.name):
        raise InputError(
            f"the name '{draft.name}' must be lower-case letters, digits, '.', '_' "
            "and '-', at most 63, and begin with a letter or a digit"
        )
    if not all(map(_FOLDER.fullmatch, draft.folders)):
        folder = "/".join(draft.folders)
        raise InputError(
            f"'{folder}/' is no folder that connections can lie in: its parts must"
            " begin with a letter or a digit"
        )
    home = Path(app.settings.connections)
    known = documents_below(app, home) if home.is_dir() else ()
    if there := next((one for one in known if one.stem == draft.name), None):
        raise InputError(f"'{there}' is there already; edit it, or take another name")
    return Path(home, *draft.folders, f"{draft.name}.yaml")


def _asked(name: str) -> str:
    answer: str = click.prompt(name, hide_input=True, err=True)
    return answer


def _piped(text: str) -> dict[str, Scalar]:
    """Read credentials; a message never shows what stood there."""
    try:
        data = json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:
        raise InputError("stdin begins like JSON but is not valid JSON") from None
    if data is None:
        data = dict(_pairs(text.splitlines(), secret=True))
    if not data:
        raise InputError("stdin holds no credential; nothing was written")
    for name, value in data.items():
        if not isinstance(value, Scalar):
            raise InputError(f"the credential '{name}' is neither text nor a number")
    return dict(data)


def _pairs(lines: Iterable[str], *, secret: bool = False) -> Iterable[tuple[str, str]]:
    for number, line in enumerate(lines, start=1):
        if secret and not line.strip():
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            what = f"line {number} of stdin" if secret else f"'{line}'"
            raise click.UsageError(f"{what} is not KEY=VALUE")
        yield key.strip(), value


def _typed(text: str) -> Scalar:
    """Return a number or a boolean where the text is one."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
