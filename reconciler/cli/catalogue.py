"""The providers of every installed type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.cli.console import Console
from reconciler.core.connection import Connection
from reconciler.core.errors import InputError
from reconciler.core.ports import ProviderInfo
from reconciler.core.suggest import did_you_mean
from reconciler.wiring import App

_MOVED = "R403"
Catalogue = Mapping[str, Sequence[ProviderInfo]]


def find_providers(
    console: Console, app: App, *, which: str | None, search: str | None
) -> Catalogue:
    """Return the providers by type, of one type or provider only when it is named.

    Raises:
        InputError: No type and no provider is called so, or nothing matches.
    """
    everything = _everything(console, app)
    found: Catalogue = everything
    if which in everything:
        found = {which: everything[which]}
    elif which:
        found = _only(everything, lambda info: info.id == which)
        if not found:
            raise InputError(_unknown(app, which, everything))
    if search:
        text = search.casefold()
        found = _only(found, lambda info: text in _words(info))
        if not found:
            raise InputError(_unmatched(app, search, everything))
    return found


def _everything(console: Console, app: App) -> dict[str, Sequence[ProviderInfo]]:
    """Return all; a plug-in that does not load is told of and left out."""
    found: dict[str, Sequence[ProviderInfo]] = {}
    for kind in app.adapters:
        try:
            found[kind] = app.adapters[kind].providers()
        except InputError as error:
            console.say(f"Left out: {error}")
    return found


def _only(
    catalogue: Catalogue, wanted: Callable[[ProviderInfo], bool]
) -> dict[str, Sequence[ProviderInfo]]:
    kept = {
        kind: tuple(info for info in infos if wanted(info))
        for kind, infos in catalogue.items()
    }
    return {kind: infos for kind, infos in kept.items() if infos}


def _words(info: ProviderInfo) -> str:
    return f"{info.id} {info.name} {info.notes}".casefold()


def _unknown(app: App, which: str, catalogue: Catalogue) -> str:
    said = _moved(app, which, catalogue)
    return (
        said
        or f"there is no type and no known provider '{which}'{_hint(which, catalogue)}"
    )


def _unmatched(app: App, text: str, catalogue: Catalogue) -> str:
    said = _moved(app, text, catalogue)
    return said or f"no provider matches '{text}'{_hint(text, catalogue)}"


def _hint(word: str, catalogue: Catalogue) -> str:
    ids = [info.id for infos in catalogue.values() for info in infos]
    hint = did_you_mean(word, [*catalogue, *ids])
    return f"; {hint}" if hint else "; 'reconcile providers' lists them all"


def _moved(app: App, provider: str, catalogue: Catalogue) -> str:
    """Return what became of an id that was renamed or removed; mostly empty."""
    for kind in catalogue:
        connection = Connection(name="x", type=kind, provider=provider)
        for finding in app.adapters[kind].check(connection):
            if finding.code == _MOVED:
                return f"{finding.message}; {finding.hint}"
    return ""
