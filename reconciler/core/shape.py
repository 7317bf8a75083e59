"""How we speak of a value that does not have the shape asked for.

Shared by the connection document and `reconcile.yaml`: one voice, one way to find
the place. Values are shown to help (`not text 'abc'`), except below the keys that
may hold a secret which somebody forgot to seal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.source import Path, Source
from reconciler.core.suggest import did_you_mean

SECRET_KEYS: Final = frozenset(
    {"credentials", "binding", "sops", "state", "alerts", "http"}
)
"""Top-level keys whose values are never shown; a URL may hold a password."""

_SHOWN: Final = 40
_WORD: Final = (
    r"(?:[a-z]{1,16}(?:[A-Z][a-z]{1,15}){0,3}|[A-Z]{1,12}|[0-9]{1,4}[a-zA-Z]{0,2})"
)
_WORDS: Final = re.compile(rf"{_WORD}(?:[_-]{_WORD}){{0,4}}")
"""`api_key`, `apiSecret`, `API-KEY-2`: no key of an exchange reads like this."""


def dotted(path: Path) -> str:
    """Return a path as people write it: `settings.symbols[2]`, counted from 0."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            named = key_word if path[0] in SECRET_KEYS else key_name
            text += f".{named(step)}"
    return text.removeprefix(".")


def key_name(key: str) -> str:
    """Return a key fit to be shown: `{api_key:abc}` is one key, secret and all."""
    name, separator, _ = key.partition(":")
    return _clipped(name) + (":…" if separator else "")


def key_word(key: str) -> str:
    """Return a key that may itself be a secret only if it reads like a name."""
    name, separator, _ = key.partition(":")
    return (name if _WORDS.fullmatch(name) else "…") + (":…" if separator else "")


def described(value: object) -> str:
    """Return what a value is, in plain words and with control characters escaped."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {_clipped(str(value))}"
        case str():
            return f"text '{_clipped(value)}'" if value else "empty text"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def value_at(source: Source, path: Path) -> object:
    """Return the value at a path of the document, None when there is none."""
    value: object = source.data
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def wrong(
    source: Source, path: Path, *, code: str, expected: str, hint: str = ""
) -> Diagnostic:
    """Return R203 or R204: the value at `path` must be what `expected` says."""
    message = f"{dotted(path)} must be {expected}"
    if path[0] not in SECRET_KEYS:
        message += f", not {described(value_at(source, path))}"
    return problem(source, path, code=code, message=message, hint=hint)


def unknown_key(
    source: Source, path: Path, *, known: Iterable[str], hint: str = ""
) -> Diagnostic:
    """Return R201 at the key; the hint is the nearest known one unless given."""
    choices = sorted(known)
    advice = hint or did_you_mean(str(path[-1]), choices)
    where = f" in {dotted(path[:-1])}" if path[:-1] else ""
    return Diagnostic(
        code="R201",
        message=f"unknown key '{key_name(str(path[-1]))}'{where}",
        span=source.span(path, key=True),
        hint=advice or f"known here: {', '.join(choices)}",
    )


def missing_key(source: Source, path: Path, *, expected: str) -> Diagnostic:
    """Return R202 at the mapping that lacks the key."""
    message = f"{dotted(path)} is missing"
    hint = f"add '{path[-1]}': {expected}"
    return problem(source, path[:-1], code="R202", message=message, hint=hint)


def problem(  # a diagnostic has this many parts
    source: Source,
    path: Path,
    *,
    code: str,
    message: str,
    hint: str = "",
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    """Return a diagnostic at a value."""
    return Diagnostic(
        code=code,
        message=message,
        span=source.span(path),
        hint=hint,
        severity=severity,
    )


def retype_hint(value: object, *, expected: str) -> str:
    """Return how to make a value of the wrong kind right, as far as can be told."""
    if value is None:
        return "give it a value, or remove the key"
    wants_text = "text" in expected
    if isinstance(value, str) and not wants_text:
        return _unquote_hint(value)
    if wants_text and isinstance(value, bool | int | float):
        return "put it in quotes"
    if expected.startswith("a list") and not isinstance(value, dict):
        return "write it as a list: [one, two]"
    return ""


def _unquote_hint(value: str) -> str:
    number = value.strip().removeprefix("-").replace(".", "", 1)
    if (number.isascii() and number.isdigit()) or value in {"true", "false"}:
        return "remove the quotes"
    if value.casefold() in {"yes", "no", "on", "off", "true", "false"}:
        return "write true or false"
    return ""


def _clipped(text: str) -> str:
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown)
