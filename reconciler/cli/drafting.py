"""A new connection: its credentials collected, sealed, and only then written."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from reconciler.cli.console import Console
from reconciler.cli.judging import is_wrong, judge_files, say_problems
from reconciler.core.errors import InputError
from reconciler.core.outcome import ExitCode
from reconciler.wiring import (
    App,
    connection_text,
    recipients_for,
    seal_text,
    write_file,
)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_READABLE = 0o644
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was asked for; `credentials` None leaves places to fill in."""

    name: str
    kind: str
    provider: str
    recipients: tuple[str, ...]
    credentials: Mapping[str, Scalar] | None = field(repr=False)
    more: Mapping[str, Any]

    @classmethod
    def of(cls, console: Console, options: dict[str, Any]) -> Draft:
        """Return the draft of these options, after asking for what is secret."""
        credentials = _credentials(
            console,
            prompted=options.pop("prompted"),
            piped=options.pop("credentials_stdin"),
            public=options.pop("public"),
        )
        config = {key: _typed(text) for key, text in _pairs(options.pop("config"))}
        active = not options.pop("inactive")
        taken = {key: options.pop(key) for key in ("name", "kind", "provider")}
        return cls(
            **taken,
            recipients=options.pop("recipients"),
            credentials=credentials,
            more={**options, "config": config, "active": active},
        )


def write_draft(console: Console, app: App, draft: Draft) -> tuple[Path, int]:
    """Write the file, judge it, and say what is left to do; return the exit code."""
    path = _path_of(app, draft)
    text = connection_text(
        app,
        path,
        name=draft.name,
        kind=draft.kind,
        provider=draft.provider,
        credentials=draft.credentials,
        **draft.more,
    )
    if draft.credentials:
        recipients = draft.recipients or recipients_for(app, path)
        text = seal_text(app, text, file=path, recipients=recipients)
    write_file(path, text.encode(), mode=_READABLE)
    if draft.credentials is None:
        console.say(f"Fill in the credentials, then run 'reconcile encrypt {path}'.")
        return path, ExitCode.DONE
    return path, _judge(console, app, path)


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
    folder = Path(app.settings.connections)
    for suffix in (".yaml", ".yml", ".json"):
        path = folder / f"{draft.name}{suffix}"
        if path.exists():
            raise InputError(
                f"'{path}' is there already; edit it, or take another name"
            )
    return folder / f"{draft.name}.yaml"


def _credentials(
    console: Console, *, prompted: Iterable[str], piped: bool, public: bool
) -> dict[str, Scalar] | None:
    names = list(prompted)
    if public and (names or piped):
        raise click.UsageError("--public means no credentials; leave the others out")
    if public:
        return {}
    found: dict[str, Scalar] = _piped(sys.stdin.read()) if piped else {}
    for name in names:
        found[name] = _asked(console, name)
    return found or None


def _asked(console: Console, name: str) -> str:
    if not console.has_reader:
        raise click.UsageError(
            f"nobody is there to type '{name}'; use --credentials-stdin"
        )
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
