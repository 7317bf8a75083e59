"""Where each value of a connection comes from: its file, the folder, or the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic.fields import FieldInfo

from reconciler.core.diagnostic import Span
from reconciler.core.diff import BOOKKEEPING_ROOT, SEALED_ROOTS
from reconciler.core.document import ConnectionDocument
from reconciler.core.document_sections import Section
from reconciler.core.durations import format_duration
from reconciler.core.shape import dotted
from reconciler.core.source import Path, Source


class Home(StrEnum):
    """Who said a value."""

    FILE = "file"
    DEFAULTS = "defaults"
    BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One value: `path` is dotted, `value` None where it is sealed or empty.

    `place` is None for what is built in.
    """

    path: str
    value: Any
    home: Home
    place: Span | None = None
    sealed: bool = False


def origins_of(source: Source, *, stem: str) -> tuple[Origin, ...]:
    """Return every value that holds, in the order of the file format."""
    data = dict(source.data or {})
    found: list[Origin] = []
    for key, info in ConnectionDocument.model_fields.items():
        if key == BOOKKEEPING_ROOT:
            continue
        found += _values(source, (key,), data.pop(key, None), info)
    data.pop(BOOKKEEPING_ROOT, None)
    found += [_said(source, (key,), value) for key, value in data.items()]
    named = Origin(path="name", value=stem, home=Home.BUILT_IN)
    return tuple(found) if "name" in (source.data or {}) else (named, *found)


_DURATIONS: Final = ("interval", "stale_after", "retry_interval")


def _values(
    source: Source, path: Path, value: Any, info: FieldInfo
) -> Iterator[Origin]:
    section = info.annotation
    inner: Mapping[str, FieldInfo] = {}
    if isinstance(section, type) and issubclass(section, Section):
        inner = section.model_fields
    if not inner and not (isinstance(value, Mapping) and value):
        yield from _single(source, path, value, info)
        return
    said = value if isinstance(value, Mapping) else {}
    for key, item in said.items():
        yield _said(source, (*path, key), item)
    for key, field in inner.items():
        if key not in said:
            yield from _single(source, (*path, key), None, field)


def _single(
    source: Source, path: Path, value: Any, info: FieldInfo
) -> Iterator[Origin]:
    if value is not None:
        yield _said(source, path, value)
        return
    default = info.default
    if isinstance(default, bool | int | str) and default != "":
        shown: Any = default
        if path[-1] in _DURATIONS:
            shown = format_duration(int(default))
        yield Origin(path=dotted(path), value=shown, home=Home.BUILT_IN)


def _said(source: Source, path: Path, value: Any) -> Origin:
    sealed = path[0] in SEALED_ROOTS
    return Origin(
        path=dotted(path),
        value=None if sealed else value,
        home=Home.FILE if source.home(path) is source else Home.DEFAULTS,
        place=source.span(path, key=True),
        sealed=sealed,
    )
