"""The ladder of a test, and a diagnosis, in lines that several views share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.verdict import Probe, ProbeStatus
from reconciler.report.text import Style, latency, safe, table
from reconciler.report.words import prospect

_SIGNS: Final = {
    ProbeStatus.PASSED: "ok",
    ProbeStatus.FAILED: "!!",
    ProbeStatus.UNPROVEN: "??",
    ProbeStatus.SKIPPED: "--",
}


def ladder_lines(probes: Sequence[Probe], *, style: Style, indent: int) -> list[str]:
    """Return one line per probe: sign, name, status, latency, detail."""
    lines = table(map(_row, probes), indent=indent)
    pairs = zip(probes, lines, strict=True)
    return [_painted(probe.status, line, style) for probe, line in pairs]


def diagnosis_lines(
    diagnosis: Diagnosis,
    *,
    next_at: datetime | None = None,
    now: datetime | None = None,
    again_at: datetime | None = None,
    style: Style,
) -> list[str]:
    """Return what is wrong, the evidence, the fix, and whether waiting helps."""
    found = evidence(diagnosis)
    return [
        style.red(named(diagnosis)),
        *([style.dim(f"evidence: {found}")] if found else []),
        f"fix: {safe(diagnosis.fix)}",
        prospect(diagnosis, next_at=next_at, now=now, again_at=again_at),
    ]


def named(diagnosis: Diagnosis) -> str:
    """Return `category: what is wrong`."""
    return f"{diagnosis.category}: {safe(diagnosis.summary)}"


def warning_lines(warnings: Iterable[str], *, style: Style) -> list[str]:
    """Return one line per warning."""
    return [style.yellow(f"warning: {safe(text)}") for text in warnings]


def evidence(diagnosis: Diagnosis) -> str:
    """Return what the diagnosis rests on, sorted by name; empty for nothing."""
    pairs = sorted(diagnosis.evidence.items())
    return ", ".join(f"{safe(key)}={safe(text)}" for key, text in pairs)


def _row(probe: Probe) -> tuple[str, ...]:
    timed = latency(probe.latency_ms) if probe.latency_ms is not None else ""
    return (
        _SIGNS[probe.status],
        probe.name.value,
        probe.status.value,
        timed,
        _detail(probe),
    )


def _detail(probe: Probe) -> str:
    """Return the detail; of a diagnosis, which is told below, only the name."""
    found = probe.diagnosis
    is_told = found is not None and probe.detail == found.summary
    return found.category.value if found and is_told else safe(probe.detail)


def _painted(status: ProbeStatus, line: str, style: Style) -> str:
    match status:
        case ProbeStatus.PASSED:
            return line
        case ProbeStatus.FAILED:
            return style.red(line)
        case ProbeStatus.UNPROVEN:
            return style.yellow(line)
        case ProbeStatus.SKIPPED:
            return style.dim(line)
