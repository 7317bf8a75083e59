"""Values of sealed files, as they are typed or piped; never from the command line."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import click

from reconciler.cli.console import Console
from reconciler.core.errors import InputError

Value = str | int | float | bool
_KEY = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*", re.ASCII)
_LONGEST = 64
_ALREADY_THERE = (
    "an argument stands in the shell's history and in the list of processes; if it "
    "was a real value, replace it at the provider"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """How values come in: from stdin or a prompt, as text or as JSON."""

    from_stdin: bool
    as_json: bool


def require_names(keys: Sequence[str]) -> None:
    """Raise `UsageError` for what is no key: it may be a value, so it is not shown."""
    for number, key in enumerate(keys, start=1):
        if "=" in key:
            raise click.UsageError(
                f"KEY {number} looks like KEY=VALUE; give the key alone, the value is "
                f"asked for or read with --stdin ({_ALREADY_THERE})"
            )
        if not _KEY.fullmatch(key) or len(key) > _LONGEST:
            raise click.UsageError(
                f"KEY {number} is not the name of a credential, nor a path such as "
                f"config.timeout ({_ALREADY_THERE})"
            )
    if len(set(keys)) < len(keys):
        raise click.UsageError("a KEY stands twice; give each once")


def read_values(
    console: Console, keys: Sequence[str], typing: Typing
) -> dict[str, Value]:
    """Return a value for each key.

    Raises:
        UsageError: Nobody is there to type them.
        InputError: What came in is not what was asked for; never shows it.
    """
    if typing.from_stdin:
        values = _piped(keys, typing)
    else:
        require_reader(console)
        values = {key: _asked(key, typing) for key in keys}
    for key in _suspicious(values):
        console.say(
            f"Warning: the value of '{key}' begins or ends with a blank or holds a "
            "line break; most credentials do not."
        )
    return values


def require_reader(console: Console) -> None:
    """Raise `UsageError` when nobody can type."""
    if not console.has_reader:
        raise click.UsageError("nobody is there to type a value; use --stdin")


def _asked(key: str, typing: Typing) -> Value:
    text: str = click.prompt(key, hide_input=True, err=True)
    return _typed(text, key) if typing.as_json else text


def _piped(keys: Sequence[str], typing: Typing) -> dict[str, Value]:
    text = _stdin_text()
    if len(keys) > 1:
        return _members(text, keys)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise InputError("stdin is empty; nothing was written")
    return {keys[0]: _typed(text, keys[0]) if typing.as_json else text}


def _stdin_text() -> str:
    """Return all of stdin with its line breaks as they are."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise InputError(
            "stdin is not UTF-8 text; a credential is text, encode bytes as Base64"
        ) from None


def _members(text: str, keys: Sequence[str]) -> dict[str, Value]:
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, Mapping):
        raise InputError("for several keys stdin must be one JSON object")
    if data.keys() != set(keys):
        raise InputError("the JSON object on stdin must have just the keys given")
    for key, value in data.items():
        if not isinstance(value, Value):
            raise InputError(f"the value of '{key}' is neither text nor a number")
    return dict(data)


def _typed(text: str, key: str) -> Value:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, Value):
        raise InputError(
            f"the value of '{key}' is no JSON number, boolean or quoted text; leave "
            "--json out for plain text"
        )
    return value


def _suspicious(values: Mapping[str, Value]) -> Iterable[str]:
    for key, value in values.items():
        if isinstance(value, str) and (value != value.strip() or "\n" in value):
            yield key
