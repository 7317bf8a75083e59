"""What a document's schema cannot say: names, repetitions, portability, contradictions.

Each check reads the plain data and so works on a document that has other problems.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

from reconciler.core import shape
from reconciler.core.connection import Connection
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.revision import LARGEST_INTEGER, is_simple
from reconciler.core.source import Path, Source

FORMAT_VERSION: Final = 1
NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
NAME_WISH: Final = (
    "text of at most 63 lower-case letters, digits, '.', '_' and '-' "
    "that begins with a letter or a digit"
)

_UNIQUE: Final = (
    ("previous_names",),
    ("used_by",),
    ("settings", "symbols"),
    ("settings", "timeframes"),
    ("permissions", "require"),
    ("permissions", "forbid"),
)
_HALF: Final = "text with half a character in it"
_LEGAL_NAME: Final = re.compile(NAME_PATTERN.removesuffix("$"))


def foreign_version(source: Source) -> Diagnostic | None:
    """Return R207 when the file is of another version, else None.

    Then it is all there is to say: what looks wrong may be right in that version.
    """
    version = shape.value_at(source, ("version",))
    if type(version) is not int or version == FORMAT_VERSION:
        return None
    shown = shape.described(version)
    return shape.problem(
        source,
        ("version",),
        code="R207",
        message=f"version must be {FORMAT_VERSION}, not {shown}",
        hint=f"use version: {FORMAT_VERSION}, or a newer release of reconcile",
    )


def check_document(source: Source, *, stem: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with the data whether or not it has the right shape."""
    yield from _stem_problems(source, stem)
    yield from _repetitions(source)
    for key, value in (source.data or {}).items():
        if key != "sops" and not (key.isascii() and is_simple(value)):
            yield from _unportable(source, (key,), value)


def check_connection(source: Source, connection: Connection) -> Iterator[Diagnostic]:
    """Yield the contradictions between fields that are sound one by one."""
    health, permissions = connection.health, connection.permissions
    if health.stale_after_s < health.interval_s:
        key = "stale_after" if _has(source, "health", "stale_after") else "interval"
        message = "health.stale_after must not be shorter than health.interval"
        yield shape.problem(source, ("health", key), code="R204", message=message)
    for index, permission in enumerate(permissions.forbid or ()):
        if permission in permissions.require:
            message = f"permission '{permission}' is both required and forbidden"
            path = ("permissions", "forbid", index)
            yield shape.problem(source, path, code="R204", message=message)
    for index, name in enumerate(connection.previous_names):
        if name == connection.name:
            message = f"'{name}' is its name now, not a previous one"
            yield shape.problem(
                source, ("previous_names", index), code="R204", message=message
            )


def _has(source: Source, *path: str) -> bool:
    return shape.value_at(source, path) is not None


def _stem_problems(source: Source, stem: str) -> Iterator[Diagnostic]:
    name = (source.data or {}).get("name", stem)
    if not isinstance(name, str):
        return
    legal = _LEGAL_NAME.fullmatch(name) is not None
    if "name" in (source.data or {}):
        if stem and name != stem and legal:
            yield _misnamed(source, name, stem)
    elif not stem:
        yield shape.missing_key(source, ("name",), expected=NAME_WISH)
    elif not legal:
        message = f"the file's stem must be {NAME_WISH}"
        yield shape.problem(
            source, (), code="R204", message=message, hint="rename the file"
        )


def _misnamed(source: Source, name: str, stem: str) -> Diagnostic:
    shown = shape.described(stem).removeprefix("text ")
    message = f"name is '{name}', but the file's stem is {shown}"
    hint = (
        f"write name: {shown}, or rename the file; previous_names: [{name}] lets a"
        " renamed connection keep its record"
    )
    return shape.problem(source, ("name",), code="R205", message=message, hint=hint)


def _repetitions(source: Source) -> Iterator[Diagnostic]:
    for path in _UNIQUE:
        items = shape.value_at(source, path)
        if not isinstance(items, list):
            continue
        first: dict[str, int] = {}
        for index, item in enumerate(items):
            if isinstance(item, str) and first.setdefault(item, index) != index:
                yield _repeated(source, path, first=first[item], index=index)


def _repeated(source: Source, path: Path, *, first: int, index: int) -> Diagnostic:
    shown = shape.described(shape.value_at(source, (*path, index)))
    return Diagnostic(
        code="R204",
        message=f"{shape.dotted(path)} holds {shown} twice",
        span=source.span((*path, index)),
        hint="keep one of the two",
        related=((source.span((*path, first)), "it stands here first"),),
    )


def _unportable(source: Source, path: Path, value: object) -> Iterator[Diagnostic]:
    """Yield what JSON cannot carry faithfully: no digest of it would be portable."""
    if not _is_utf8(str(path[-1])):
        yield _unportable_at(source, path, what=_HALF, hint="")
    match value:
        case dict():
            for key, item in value.items():
                yield from _unportable(source, (*path, key), item)
        case list():
            for index, item in enumerate(value):
                yield from _unportable(source, (*path, index), item)
        case str() if not _is_utf8(value):
            yield _unportable_at(
                source, path, what="half a character", hint="write it out"
            )
        case float() if not math.isfinite(value):
            yield _unportable_at(source, path, what="not a finite number", hint="")
        case int() if abs(value) > LARGEST_INTEGER:
            what = "a number beyond 2**53, which JSON readers round"
            yield _unportable_at(source, path, what=what, hint="put it in quotes")
        case _:
            return


def _is_utf8(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _unportable_at(source: Source, path: Path, *, what: str, hint: str) -> Diagnostic:
    message = f"{shape.dotted(path)} is {what}"
    return shape.problem(source, path, code="R204", message=message, hint=hint)
