"""A run as one HTML file: the status page of a moment, to be kept or sent around."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.query import Sort, Table
from reconciler.core.record import Record
from reconciler.core.run import Row, RunReport
from reconciler.core.statistics import latencies_of
from reconciler.report.diagnostics import in_order
from reconciler.report.html.charts import Spark, spark
from reconciler.report.html.toolkit import Shell, render
from reconciler.report.text import moment
from reconciler.report.words import is_lost, is_unwell, run_counts

ROWS = 200
"""So many connections stand in one table: browsers lay out only those in sight."""
_TESTS = 20
_EVENTS = 10
_ORDER = (
    *("rejected", "failed", "error", "stale", "degraded", "drifted", "orphaned"),
    *("pending", "unknown", "suspended", "applied", "skipped", "healthy", "inactive"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of the file, and the names with which it begins and ends."""

    first: int
    rows: Sequence[Row]

    @property
    def last(self) -> int:
        """Return the number of the last row, counted from 1."""
        return self.first + len(self.rows) - 1


def run_html(report: RunReport, *, records: Mapping[str, Record] | None = None) -> str:
    """Return a report as one file that loads nothing, problems first.

    Args:
        report: What a run found.
        records: What is recorded, by name: brings latencies and, of what is not well,
            the history. Without it these are left out.
    """
    held = records or {}
    return render(
        "run.html",
        Shell(title="Report", workspace=report.workspace),
        report=report,
        summary=run_counts(report),
        about=[pair for pair in _about(report) if pair[1] not in {"", "-"}],
        counts=list(_counts(report)),
        problems=in_order(report.diagnostics),
        parts_of=list(_parts(report.connections)),
        total=len(report.connections),
        drawn=lambda name: _drawn(held.get(name)),
        events=lambda name: _events(held.get(name)),
        is_unwell=is_unwell,
        is_lost=is_lost,
        now=report.finished_at,
    )


def _about(report: RunReport) -> list[tuple[str, str]]:
    return [
        ("started", moment(report.started_at)),
        ("finished", moment(report.finished_at)),
        ("by", report.who),
        ("commit", report.commit or ""),
        ("from", report.vantage),
        ("run", report.run_id),
        ("exit code", str(report.exit_code)),
    ]


def _counts(report: RunReport) -> Iterator[tuple[str, int]]:
    """Yield each word with its number, what is worst first."""
    for word in _ORDER:
        if number := report.counts.get(word, 0):
            yield word, number


def _parts(rows: Sequence[Row]) -> Iterator[Part]:
    table = Table(rows)
    order = table.order(Sort.TROUBLE, descending=False)
    for start in range(0, len(order), ROWS):
        places = order[start : start + ROWS]
        yield Part(first=start + 1, rows=[table.rows[place] for place in places])


def _drawn(record: Record | None) -> Spark | None:
    return spark(latencies_of(record.stats), newest=_TESTS) if record else None


def _events(record: Record | None) -> list[tuple[str, ...]]:
    """Return the newest lines of a record's history, newest first."""
    newest = list(reversed(record.history))[:_EVENTS] if record else []
    return [
        (moment(one.at), one.action.value, one.result.value, one.category or "")
        for one in newest
    ]
