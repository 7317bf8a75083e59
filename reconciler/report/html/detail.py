"""One connection as a page: what is wrong first, then everything that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.ports import Ask, Sample
from reconciler.core.record import Action, Attempt, Record
from reconciler.core.run import Row
from reconciler.core.statistics import latencies_of
from reconciler.core.version import VERSION
from reconciler.report.html.charts import Chart, Spark, candle_chart, spark
from reconciler.report.html.toolkit import Shell, render
from reconciler.report.ladder import evidence
from reconciler.report.record import facts, times
from reconciler.report.samples import sample_summary
from reconciler.report.standing import standing_rows, unable_words
from reconciler.report.words import is_unwell, prospect, survivor

SAMPLE_LIMIT = 100
_ALL_TESTS = 100
_ELSEWHERE = frozenset(
    {"type", "provider", "owner", "labels", "intent", "sync", "health", "failures"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of what was just asked for; `tone` is one of `tones`."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What the page of one connection shows.

    `record` is None for a file that is not applied yet. `actions` are lines of the
    action log, newest first. `asked` says what the form of samples begins with, and
    what `sample` answers.
    """

    row: Row
    record: Record | None
    now: datetime
    actions: Sequence[Action] = ()
    sealed: Sequence[str] = ()
    may_act: bool = False
    said: Said | None = None
    asked: Ask | None = None
    sample: Sample | None = None
    refresh_s: int = 0


def detail_page(shell: Shell, detail: Detail, *, address: str) -> str:
    """Return one connection as a page; `address` is its own."""
    row, record, now = detail.row, detail.record, detail.now
    found = row.diagnosis if is_unwell(row) else None
    test = record.last_test if record else None
    marks = record.marks if record else ()
    slowest = max((p.latency_ms or 0.0 for p in test.probes), default=0) if test else 0
    asked = detail.asked or _usual_ask(record)
    return render(
        "detail.html",
        shell,
        address=address,
        row=row,
        record=record,
        now=now,
        actions=detail.actions,
        may_act=detail.may_act,
        said=detail.said,
        unwell=bool(found),
        prospect=prospect(found, next_at=row.next_attempt_at, now=now) if found else "",
        evidence=evidence(found) if found else "",
        kept=survivor(row),
        test=test,
        width_of=lambda ms: round(100 * ms / slowest, 1) if slowest else 0,
        drawn=_drawn(record),
        standing=standing_rows(row, now=now),
        unable=unable_words(row.unable, now=now) if row.unable else "",
        refused=_refused(record),
        facts=_facts(detail),
        symbols=list(dict.fromkeys(mark.symbol for mark in marks)),
        timeframes=list(dict.fromkeys(mark.timeframe for mark in marks)),
        asked=asked,
        sample=detail.sample,
        sample_summary=_summary(detail.sample, asked),
        chart=_chart(detail.sample, asked),
        refresh_s=detail.refresh_s,
        version=VERSION,
    )


def _facts(detail: Detail) -> list[tuple[str, str]]:
    """Return what stands in no other place of the page."""
    if detail.record is None:
        return []
    known = facts(detail.record, detail.row, detail.sealed)
    told = [pair for pair in known if pair[0] not in _ELSEWHERE]
    for word, at, how_long in times(detail.record, detail.now):
        told.append((word, f"{at} ({how_long})"))
    return told


def _refused(record: Record | None) -> Attempt | None:
    """Return the revision that was considered last when it is not what runs."""
    if record is None or record.attempted is None:
        return None
    runs = record.active and record.active.revision == record.attempted.revision
    return None if runs else record.attempted


def _drawn(record: Record | None) -> Spark | None:
    return spark(latencies_of(record.stats), newest=_ALL_TESTS) if record else None


def _usual_ask(record: Record | None) -> Ask:
    mark = next(iter(record.marks), None) if record else None
    if mark is None:
        return Ask(limit=SAMPLE_LIMIT)
    return Ask(symbol=mark.symbol, timeframe=mark.timeframe, limit=SAMPLE_LIMIT)


def _summary(sample: Sample | None, asked: Ask) -> str:
    if sample is None:
        return ""
    return sample_summary(sample, symbol=asked.symbol, timeframe=asked.timeframe)


def _chart(sample: Sample | None, asked: Ask) -> Chart | None:
    if sample is None:
        return None
    return candle_chart(sample.candles, symbol=asked.symbol, timeframe=asked.timeframe)
