"""A run for people in a terminal, and as JSON; its page is in `run_page`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.core.diagnostic import Severity
from reconciler.core.health import Sync
from reconciler.core.record import Result
from reconciler.core.run import Row, RunReport
from reconciler.report import machine
from reconciler.report.diagnostics import in_order
from reconciler.report.ladder import (
    diagnosis_lines,
    ladder_lines,
    named,
    warning_lines,
)
from reconciler.report.plan import refusal_lines
from reconciler.report.run_page import run_markdown
from reconciler.report.text import (
    Style,
    blocks,
    indented,
    latency,
    safe,
    table,
)
from reconciler.report.words import (
    SIGNS,
    is_unwell,
    run_counts,
    survivor,
    suspended,
)

__all__ = ["run_human", "run_json", "run_markdown"]


def run_human(
    report: RunReport, *, color: bool = False, verbose: bool = False, now: datetime
) -> str:
    """Return what a run did; its last line is always the counts."""
    style = Style(color)
    rows = report.connections
    done = [row for row in rows if row.outcome]
    others = [row for row in rows if not row.outcome and is_unwell(row)]
    unwell = _entries(others, now=now, style=style, verbose=verbose)
    parts = [
        _entries(done, now=now, style=style, verbose=verbose),
        [style.bold("Not well, nothing was done:"), *unwell] if unwell else [],
        _suspended(rows, style),
        _diagnostics(report, style),
        refusal_lines(report.refusals, color=color),
        [style.red(f"Error: {safe(report.error)}")] if report.error else [],
        [style.bold(run_summary(report))],
    ]
    return blocks(parts)


def run_json(report: RunReport) -> str:
    """Return the report as the JSON document that is kept."""
    return machine.of_value(report)


def run_summary(report: RunReport) -> str:
    """Return a run's one line."""
    return f"{safe(report.command).capitalize()}: {run_counts(report)}."


def _suspended(rows: Sequence[Row], style: Style) -> list[str]:
    found = [(safe(name), safe(said)) for name, said in suspended(rows)]
    return [style.bold("Out of service:"), *table(found, indent=2)] if found else []


def _entries(
    rows: Sequence[Row], *, now: datetime, style: Style, verbose: bool
) -> list[str]:
    lines: list[str] = []
    for row, line in zip(rows, table(map(_cells, rows), indent=2), strict=True):
        lines.append(_painted(row, line, style))
        lines += indented(_details(row, now=now, style=style, verbose=verbose), 6)
    return lines


def _cells(row: Row) -> tuple[str, ...]:
    sign = SIGNS[row.action] if row.action else " "
    return (
        _word(row),
        f"{sign} {safe(row.name)}",
        latency(row.latency_ms) if row.latency_ms is not None else "",
        _headline(row),
    )


def _headline(row: Row) -> str:
    """Return the reason; a diagnosis that is the reason stands here whole."""
    if row.diagnosis and _is_the_reason(row):
        return named(row.diagnosis)
    return safe(row.reason)


def _is_the_reason(row: Row) -> bool:
    found = row.diagnosis
    return bool(found and is_unwell(row) and row.reason in {"", found.summary})


def _word(row: Row) -> str:
    if row.outcome:
        return row.outcome.value
    return (row.sync if row.sync is Sync.REJECTED else row.health).value


def _details(row: Row, *, now: datetime, style: Style, verbose: bool) -> list[str]:
    lines = []
    if verbose:
        lines += ladder_lines(row.probes, style=style, indent=0)
    if row.diagnosis and is_unwell(row):
        found = diagnosis_lines(
            row.diagnosis, next_at=row.next_attempt_at, now=now, style=style
        )
        lines += found[1:] if _is_the_reason(row) else found
    if kept := survivor(row):
        lines.append(kept)
    return lines + warning_lines(row.warnings, style=style)


def _painted(row: Row, line: str, style: Style) -> str:
    match row.outcome:
        case Result.APPLIED:
            return style.green(line)
        case Result.REJECTED | Result.FAILED | None:
            return style.red(line)
        case Result.SKIPPED:
            return style.yellow(line)


def _diagnostics(report: RunReport, style: Style) -> list[str]:
    lines = []
    for found in in_order(report.diagnostics):
        line = f"{safe(str(found.span))}  {safe(found.code)}  {safe(found.message)}"
        is_error = found.severity is Severity.ERROR
        lines.append(style.red(line) if is_error else style.yellow(line))
    return [style.bold("Problems in files:"), *indented(lines, 2)] if lines else []
