"""Find the adapters that are installed: ours and those of plug-ins, by entry point.

A plug-in is loaded when its type is first used. One that cannot be loaded is
reported where it is needed and takes nothing else down with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from reconciler.adapters.providers.checks import did_you_mean, nearest
from reconciler.core.errors import InputError
from reconciler.core.ports import Adapter, Finding

GROUP = "reconciler.adapters"
_NEEDED = ("type", "max_concurrency", "check", "providers", "template", "open")


class AdapterError(InputError):
    """A type has no adapter here, or its plug-in is broken; waiting does not help."""


class Adapters(Mapping[str, Adapter]):
    """The adapters by type, sorted; each is loaded when it is first asked for.

    Asking for a broken one raises `AdapterError`; iterating gives names only, and
    `broken` says what is wrong with which.
    """

    def __init__(self, points: Iterable[EntryPoint]) -> None:
        self._points = {p.name: p for p in sorted(points, key=lambda p: p.name)}
        self._loaded: dict[str, Adapter] = {}

    def __getitem__(self, name: str) -> Adapter:
        if name not in self._loaded:
            self._loaded[name] = _load(self._points[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, name: object) -> bool:
        # The default would load the adapter to find out.
        return name in self._points

    def broken(self) -> Mapping[str, str]:
        """Return what is wrong with each adapter that cannot be loaded, by type."""
        faults: dict[str, str] = {}
        for name in self._points:
            try:
                self[name]
            except AdapterError as error:
                faults[name] = str(error)
        return faults


def find_adapters() -> Mapping[str, Adapter]:
    """Return the installed adapters by type; loads none of them."""
    return Adapters(entry_points(group=GROUP))


def find_adapter(name: str, adapters: Mapping[str, Adapter] | None = None) -> Adapter:
    """Return one type's adapter; raises `AdapterError`, naming the nearest type."""
    known = find_adapters() if adapters is None else adapters
    if name not in known:
        finding = unknown_type(name, known)
        raise AdapterError(f"{finding.message}: {finding.hint}")
    return known[name]


def unknown_type(name: str, known: Iterable[str]) -> Finding:
    """Return the finding of a type without an adapter (R401)."""
    names = sorted(known)
    return Finding(
        code="R401",
        message=f"unknown type '{name}'",
        path=("type",),
        hint=did_you_mean(nearest(name, names)) or f"known types: {', '.join(names)}",
    )


def _load(point: EntryPoint) -> Adapter:
    try:
        adapter: Any = point.load()
    except Exception as error:
        raise _broken(point, f"{type(error).__name__}: {error}") from error
    missing = [name for name in _NEEDED if not hasattr(adapter, name)]
    if missing:
        raise _broken(point, f"it has no {', '.join(missing)}")
    if adapter.type != point.name:
        raise _broken(point, f"it calls itself '{adapter.type}'")
    loaded: Adapter = adapter
    return loaded


def _broken(point: EntryPoint, reason: str) -> AdapterError:
    source = f" of {point.dist.name}" if point.dist else ""
    return AdapterError(
        f"the adapter '{point.name}'{source} ({point.value}) cannot be used: {reason}"
    )
