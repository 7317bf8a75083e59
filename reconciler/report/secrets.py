"""Sealed files as a list: who opens them, how old they are, what has drifted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.core.seals import FileSeal, Since, Tie
from reconciler.report import machine
from reconciler.report.text import (
    Style,
    blocks,
    count,
    indented,
    page,
    relative,
    safe,
    titled,
)

_TITLES = ("FILE", "OPENED BY", "DATA KEY", "OLDEST CREDENTIAL", "BINDING", "DRIFT")
_HEAD, _TAIL = 12, 6


def secrets_human(
    seals: Sequence[FileSeal],
    *,
    color: bool = False,
    verbose: bool = False,
    now: datetime,
) -> str:
    """Return a line per file, and below it what to do about it; counts come last.

    `verbose` adds who opens each file, its rule, and every credential's age.
    """
    style = Style(color)
    if not seals:
        return page([secrets_summary(seals)])
    head, *rows = titled(_TITLES, [_cells(one, style, now) for one in seals], style)
    lines = [head]
    for one, row in zip(seals, rows, strict=True):
        lines.append(row)
        lines += indented(_trouble(one, style), 4)
        if verbose:
            lines += indented(map(style.dim, _details(one, now)), 4)
    return blocks([lines, [style.bold(secrets_summary(seals))]])


def secrets_json(seals: Sequence[FileSeal]) -> str:
    """Return them with their totals; the twin of the list."""
    drifted = sum(bool(one.drift) for one in seals)
    counts = {"files": len(seals), "drifted": drifted, "unwell": _unwell(seals)}
    return machine.of_parts(counts=counts, files=machine.each(seals))


def secrets_summary(seals: Sequence[FileSeal]) -> str:
    """Return `12 sealed files: 3 drifted, 1 unbound.`."""
    if not seals:
        return "No sealed files."
    ties = Counter(one.binding for one in seals if one.binding in _BAD)
    told = {
        "drifted": sum(bool(one.drift) for one in seals),
        **{tie.value: number for tie, number in sorted(ties.items())},
        "unreadable": sum(bool(one.problem) for one in seals),
    }
    said = ", ".join(f"{number} {word}" for word, number in told.items() if number)
    return f"{count(len(seals), 'sealed file')}: {said or 'nothing drifted'}."


_BAD = (Tie.UNBOUND, Tie.MISMATCH)


def _unwell(seals: Sequence[FileSeal]) -> int:
    return sum(not one.is_well for one in seals)


def _cells(seal: FileSeal, style: Style, now: datetime) -> tuple[str, ...]:
    return (
        safe(seal.file),
        str(len(seal.recipients)),
        age_of(seal.data_key, now),
        _oldest(seal, now),
        style.yellow(seal.binding) if seal.binding in _BAD else seal.binding.value,
        style.yellow("drifted") if seal.drift else _no_drift(seal),
    )


def _no_drift(seal: FileSeal) -> str:
    return "none" if seal.config else "no .sops.yaml"


def age_of(since: Since | None, now: datetime) -> str:
    """Return `3 days ago`, `3 days ago or earlier`, `not committed` or `-`."""
    if since is None:
        return "-"
    if since.at is None:
        return "not committed"
    return relative(since.at, now) + ("" if since.exact else " or earlier")


def _oldest(seal: FileSeal, now: datetime) -> str:
    dated = [(one.since.at, one) for one in seal.credentials if one.since.at]
    if not dated:
        return "not committed" if seal.credentials else "-"
    _, oldest = min(dated, key=lambda pair: pair[0])
    return f"{safe(oldest.name)}, {age_of(oldest.since, now)}"


def _trouble(seal: FileSeal, style: Style) -> Iterator[str]:
    if seal.problem:
        yield style.red(f"! {safe(seal.problem)}")
    if seal.binding is Tie.MISMATCH:
        yield style.yellow("! sealed for another destination than the file has now")
        yield f"  fix: 'reconcile encrypt --rebind {safe(seal.file)}' after a review"
    if seal.binding is Tie.UNBOUND:
        yield style.yellow("! nothing ties the credentials to where they are sent")
        yield f"  fix: 'reconcile encrypt {safe(seal.file)}'"
    for one in seal.drift:
        yield style.yellow(f"! {safe(one.message)}")
        yield f"  fix: {safe(one.fix)}"


def _details(seal: FileSeal, now: datetime) -> Iterator[str]:
    for opener in seal.recipients:
        name = f" ({safe(opener.name)})" if opener.name else ""
        yield f"opened by {safe(_short(opener.recipient))}{name}"
    if seal.rule is not None:
        yield f"rule {safe(seal.rule) or '(for every file)'} of {safe(seal.config)}"
    for value in seal.credentials:
        yield f"{safe(value.name)} sealed {age_of(value.since, now)}"


def _short(key: str) -> str:
    return f"{key[:_HEAD]}…{key[-_TAIL:]}" if len(key) > _HEAD + _TAIL + 1 else key
