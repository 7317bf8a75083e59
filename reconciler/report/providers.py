"""What can be connected: the types, and the providers of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.core.ports import ProviderInfo
from reconciler.report import machine
from reconciler.report.text import Style, blocks, count, names, safe, titled

_TITLES = ("ID", "NAME", "CREDENTIALS", "ENVIRONMENTS", "TIMEFRAMES", "NOTES")


def providers_human(
    infos: Mapping[str, Sequence[ProviderInfo]], *, color: bool = False
) -> str:
    """Return a table per type; the last line is always the counts."""
    style = Style(color)
    parts = [_type(kind, infos[kind], style) for kind in sorted(infos)]
    total = sum(map(len, infos.values()))
    known = count(total, "known provider")
    summary = f"{known} of {count(len(infos), 'type')}."
    return blocks([*parts, [style.bold(summary)]])


def providers_json(infos: Mapping[str, Sequence[ProviderInfo]]) -> str:
    """Return the types with their providers, sorted by type."""
    types = [
        {"type": kind, "providers": machine.each(infos[kind])} for kind in sorted(infos)
    ]
    return machine.of_parts(types=types)


def _type(kind: str, infos: Sequence[ProviderInfo], style: Style) -> list[str]:
    head = style.bold(f"{safe(kind)}:")
    if not infos:
        return [head, "  any provider name"]
    return [head, *titled(_TITLES, map(_cells, infos), style, indent=2)]


def _cells(info: ProviderInfo) -> tuple[str, ...]:
    return (
        safe(info.id),
        safe(info.name),
        names(info.credentials) or "none",
        names(info.environments),
        names(info.timeframes) or "any",
        safe(info.notes),
    )
