"""Connections as a list and as a status; one of them in full is in `record`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reconciler.core.health import UNHEALTHY, Health, Intent, Sync
from reconciler.core.run import Row, count_rows
from reconciler.report import machine
from reconciler.report.ladder import diagnosis_lines, warning_lines
from reconciler.report.record import (
    history_human,
    history_json,
    show_human,
    show_json,
)
from reconciler.report.standing import absence_lines, uptime_words
from reconciler.report.text import (
    Style,
    blocks,
    count,
    fitted,
    indented,
    latency,
    page,
    relative,
    revision,
    safe,
    table,
)
from reconciler.report.words import health_counts, is_unwell, survivor

__all__ = [
    "health_word",
    "history_human",
    "history_json",
    "list_human",
    "rows_json",
    "show_human",
    "show_json",
    "status_human",
]

_TITLES = (
    *("NAME", "TYPE", "PROVIDER", "OWNER", "INTENT"),
    *("SYNC", "HEALTH", "TESTED", "LATENCY"),
)
_LEAST = ("LATENCY", "OWNER", "TYPE", "INTENT")


def list_human(
    rows: Sequence[Row],
    *,
    color: bool = False,
    verbose: bool = False,
    now: datetime,
    width: int | None = None,
) -> str:
    """Return one line per connection; `verbose` adds revision and commit.

    In a terminal of `width` columns, what matters least gives way.
    """
    if not rows:
        return "No connections.\n"
    style = Style(color)
    titles = (*_TITLES, "REVISION", "COMMIT") if verbose else _TITLES
    body = [_cells(row, style=style, verbose=verbose, now=now) for row in rows]
    return page(fitted(titles, body, style, width=width, least=_LEAST))


def status_human(
    rows: Sequence[Row], *, color: bool = False, verbose: bool = False, now: datetime
) -> str:
    """Return health per connection, what is wrong and its fix; counts come last.

    Healthy connections take a line each with `verbose`, otherwise the count only.
    """
    style = Style(color)
    shown = [row for row in rows if verbose or _is_worth_a_line(row)]
    cells = [_status_cells(row, style=style, now=now) for row in shown]
    lines: list[str] = []
    for row, line in zip(shown, table(cells), strict=True):
        lines.append(line)
        lines += indented(_trouble(row, style=style, now=now), 4)
    return blocks([lines, [style.bold(status_summary(rows))]])


def rows_json(rows: Sequence[Row]) -> str:
    """Return the rows with their totals; the twin of list and status."""
    return machine.of_parts(counts=count_rows(rows), connections=machine.each(rows))


def status_summary(rows: Sequence[Row]) -> str:
    """Return `50 connections: 49 healthy, 1 error; 1 rejected`."""
    if not rows:
        return "No connections."
    syncs = [row.sync for row in rows]
    apart = [
        f"{syncs.count(word)} {word}"
        for word in Sync
        if word in syncs and word is not Sync.IN_SYNC
    ]
    out = sum(row.intent is Intent.SUSPENDED for row in rows)
    apart += [f"{out} suspended"] if out else []
    more = f"; {', '.join(apart)}" if apart else ""
    return f"{count(len(rows), 'connection')}: {health_counts(rows)}{more}."


def health_word(health: Health, style: Style) -> str:
    """Return the health, painted."""
    if health in UNHEALTHY:
        return style.red(health) if health is Health.ERROR else style.yellow(health)
    return style.green(health) if health is Health.HEALTHY else style.dim(health)


def _cells(row: Row, *, style: Style, verbose: bool, now: datetime) -> tuple[str, ...]:
    cells = (
        safe(row.name),
        safe(row.type),
        safe(row.provider),
        safe(row.owner),
        row.intent.value,
        _sync(row.sync, style),
        health_word(row.health, style),
        relative(row.last_tested_at, now),
        latency(row.latency_ms),
    )
    if not verbose:
        return cells
    return (*cells, revision(row.active_revision), revision(row.commit or ""))


def _sync(sync: Sync, style: Style) -> str:
    return sync.value if sync is Sync.IN_SYNC else style.yellow(sync.value)


def _is_worth_a_line(row: Row) -> bool:
    return (
        is_unwell(row)
        or row.sync is not Sync.IN_SYNC
        or row.health is Health.UNKNOWN
        or row.suspension is not None
        or bool(row.warnings)
    )


def _status_cells(row: Row, *, style: Style, now: datetime) -> tuple[str, ...]:
    return (
        safe(row.name),
        health_word(row.health, style),
        _sync(row.sync, style),
        f"tested {relative(row.last_tested_at, now)}"
        if row.last_tested_at
        else "never tested",
        f"up {uptime_words(row.uptime)}" if row.uptime else "",
    )


def _what_to_do(row: Row) -> list[str]:
    """Return how to bring record and file together, where nothing else tells it."""
    if row.sync is Sync.PENDING:
        return ["file and record differ: 'reconcile plan' shows how"]
    if row.sync is not Sync.ORPHANED:
        return []
    ends = "'reconcile apply --prune' deletes it"
    if row.intent is not Intent.INACTIVE:
        ends = f"it runs on until 'reconcile state rm {safe(row.name)}' forgets it"
    return [f"no file declares it: put the file back, or {ends}"]


def _trouble(row: Row, *, style: Style, now: datetime) -> list[str]:
    lines = [safe(row.suspension.in_words())] if row.suspension else []
    lines += _what_to_do(row)
    lines += absence_lines(row, style=style, now=now)
    if row.diagnosis and is_unwell(row):
        lines += diagnosis_lines(
            row.diagnosis, next_at=row.next_attempt_at, now=now, style=style
        )
    kept = survivor(row)
    return [
        *lines,
        *([kept] if kept else []),
        *warning_lines(row.warnings, style=style),
    ]
