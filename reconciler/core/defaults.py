"""Values that `_defaults.yaml` gives to the connection files of its folder.

One level: a folder's defaults hold for the files of that very folder. What a file
says itself wins. What identifies a connection or is sealed (`name`, `type`,
`provider`, `credentials`), and whether it is on and protected, stands in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.core import shape
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.source import Path, Source

FILE: Final = "_defaults.yaml"
MERGED: Final = ("labels", "config", "permissions", "health", "settings")
"""Mappings of which file and defaults each give their keys; values are whole."""
KEYS: Final = ("owner", "on_remove", "used_by", *MERGED)
SETTINGS: Final = ("timeframes", "market")
"""Symbols are what tells one connection from the next."""

Data = Mapping[str, Any]
Merge = Callable[[Data], Data]
"""From what a file says to what holds for it."""


def as_written(data: Data) -> Data:
    """Return what a file says where nothing is added to it."""
    return data


def merged(data: Data, defaults: Data) -> dict[str, Any]:
    """Return what holds for a file; its own keys come first, in their order."""
    whole = dict(data)
    for key in KEYS:
        given, own = defaults.get(key), data.get(key)
        if key not in defaults:
            continue
        if key not in data:
            whole[key] = given
        elif key in MERGED and isinstance(own, Mapping) and isinstance(given, Mapping):
            whole[key] = {**own, **{k: v for k, v in given.items() if k not in own}}
    return whole


def layered(source: Source, defaults: Source) -> Source:
    """Return a file's source with the defaults merged in; places stay the true ones."""
    if source.data is None:
        return source
    whole = merged(source.data, defaults.data or {})
    if whole == source.data:
        return source
    return replace(source, data=whole, written=source.data, below=defaults)


@dataclass(frozen=True, slots=True)
class Other:
    """One value that holds for a file and is not what it says; `is_new` when absent."""

    path: Path
    value: Any
    is_new: bool


def others(source: Source) -> Iterator[Other]:
    """Yield what holds for a file from elsewhere, as few and as whole as it comes."""
    if source.written is not None:
        yield from _others(source.written, source.data or {}, ())


def _others(own: Any, whole: Any, path: Path) -> Iterator[Other]:
    if isinstance(own, dict) and isinstance(whole, dict):
        for key, value in whole.items():
            if key in own:
                yield from _others(own[key], value, (*path, key))
            else:
                yield Other((*path, key), value, is_new=True)
    elif isinstance(own, list) and isinstance(whole, list):
        for at, (one, other) in enumerate(zip(own, whole, strict=True)):
            yield from _others(one, other, (*path, at))
    elif own != whole:
        yield Other(path, whole, is_new=False)


def check_defaults(source: Source) -> Iterator[Diagnostic]:
    """Yield what `_defaults.yaml` may not say, whatever the files below it are."""
    data = source.data or {}
    for key, value in data.items():
        if key not in KEYS:
            yield _not_given(source, (key,))
        elif key in MERGED and not isinstance(value, Mapping):
            yield shape.wrong(source, (key,), code="R203", expected="a mapping")
    settings = data.get("settings")
    for key in settings if isinstance(settings, Mapping) else ():
        if key not in SETTINGS:
            yield _not_given(source, ("settings", key))


def covered_by_mac(source: Source) -> Diagnostic | None:
    """Return R320 where values from elsewhere would change what a MAC covers."""
    block = (source.written or {}).get("sops")
    if not isinstance(block, Mapping) or block.get("mac_only_encrypted") is True:
        return None
    given = ", ".join(shape.dotted(one.path) for one in others(source))
    return Diagnostic(
        code="R320",
        message=f"its MAC covers the plain values too, so {given} cannot come from "
        "elsewhere",
        span=source.span(("sops",), key=True),
        hint="write them in the file, or let .sops.yaml say mac_only_encrypted: true "
        f"and run 'reconcile rotate {source.file}'",
    )


def _not_given(source: Source, path: Path) -> Diagnostic:
    known = KEYS if len(path) == 1 else SETTINGS
    name = str(path[-1])
    if name not in _ELSEWHERE:
        return shape.unknown_key(source, path, known=known)
    return Diagnostic(
        code="R209",
        message=f"{shape.dotted(path)} cannot be given to a whole folder",
        span=source.span(path, key=True),
        hint="write it in the files",
    )


_ELSEWHERE: Final = frozenset(
    {
        *("version", "name", "previous_names", "type", "provider", "active"),
        *("suspend", "protected", "credentials", "binding", "expires", "sops"),
        "symbols",
    }
)
