"""How a connection stands over time: uptime, latency, ends, and why nobody looks."""

from __future__ import annotations

from datetime import datetime

from reconciler.core.record import Record, Unable
from reconciler.core.run import Row
from reconciler.core.statistics import Latency, Uptime
from reconciler.core.usage import uses_of_day
from reconciler.report.ladder import named
from reconciler.report.text import Style, count, moment, relative, safe


def absence_lines(row: Row, *, style: Style, now: datetime) -> list[str]:
    """Return why nobody tests it at present; nothing when somebody does."""
    lines: list[str] = []
    if row.unable:
        lines += _unable(row.unable, style=style, now=now)
    return lines


def standing_rows(row: Row, *, now: datetime) -> list[tuple[str, ...]]:
    """Return what is known over time, a word and its text each."""
    ends = row.certificate
    found = (
        ("uptime", uptime_words(row.uptime) if row.uptime else ""),
        ("latency", latency_words(row.latency) if row.latency else ""),
        ("failing", _failing(row, now)),
        ("data stale", _at(row.stale_at, now)),
        ("key ends", _at(row.key_ends_at, now)),
        (
            "certificate",
            f"{safe(ends.host)}, ends {_at(ends.ends_at, now)}" if ends else "",
        ),
    )
    return [pair for pair in found if pair[1]]


def usage_rows(record: Record, *, now: datetime) -> list[tuple[str, ...]]:
    """Return how often it is used and from where, newest place first."""
    usage = record.usage
    if usage is None:
        return []
    rows: list[tuple[str, ...]] = [
        ("today", count(uses_of_day(usage, now=now), "time")),
    ]
    for place in reversed(usage.places):
        last = f"last {relative(place.last_at, now)}"
        rows.append(("by", f"{safe(place.who)}, {last}"))
    return rows


def uptime_words(found: Uptime) -> str:
    """Return `99.98 % in 24 h, 100 % in 7 d, 99.9 % in 30 d`; empty when unknown."""
    spans = (("24 h", found.day), ("7 d", found.week), ("30 d", found.month))
    said = [f"{percent(share)} in {span}" for span, share in spans if share is not None]
    return ", ".join(said)


def percent(share: float) -> str:
    """Return a share as `99.98 %`; what is not whole never reads as 100."""
    if share >= 1:
        return "100 %"
    return f"{min(share * 100, 99.99):.4g} %"


def latency_words(found: Latency) -> str:
    """Return `p50 41 ms, p95 80 ms, p99 95 ms over 100 passing tests`."""
    return (
        f"p50 {found.p50_ms} ms, p95 {found.p95_ms} ms, p99 {found.p99_ms} ms over "
        f"{count(found.tests, 'passing test')}"
    )


def unable_words(unable: Unable, *, now: datetime) -> str:
    """Return since when it is not tested, until when, and why."""
    since = f"not tested since {relative(unable.since, now)}"
    until = f", again {_at(unable.until, now)}" if unable.until else ""
    return f"{since}{until}: {named(unable.diagnosis)}"


def _unable(unable: Unable, *, style: Style, now: datetime) -> list[str]:
    return [
        style.yellow(unable_words(unable, now=now)),
        f"fix: {safe(unable.diagnosis.fix)}",
    ]


def _failing(row: Row, now: datetime) -> str:
    if row.failing_since is None:
        return ""
    return (
        f"{count(row.failures, 'failure')} in a row since {_at(row.failing_since, now)}"
    )


def _at(at: datetime | None, now: datetime) -> str:
    return f"{moment(at)} ({relative(at, now)})" if at else ""
