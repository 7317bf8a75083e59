"""One connection in full, and the action log.

The sealed document itself is never part of either: its values are of no use to a
reader, and they are what the envelope protects.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from reconciler.core.codec import to_data
from reconciler.core.connection import HealthPolicy, OnRemove
from reconciler.core.durations import format_duration
from reconciler.core.market import Mark
from reconciler.core.record import Action, Attempt, Deployed, Event, Record
from reconciler.core.run import Row
from reconciler.report import machine
from reconciler.report.ladder import diagnosis_lines, ladder_lines, warning_lines
from reconciler.report.numbers import decimal, utc_ms
from reconciler.report.standing import absence_lines, standing_rows, usage_rows
from reconciler.report.text import (
    Style,
    blocks,
    fitted,
    indented,
    latency,
    moment,
    names,
    page,
    relative,
    revision,
    safe,
    table,
)
from reconciler.report.words import survivor

_HISTORY_SHOWN: Final = 10


def show_human(
    record: Record,
    row: Row,
    sealed: Sequence[str] = (),
    *,
    color: bool = False,
    now: datetime,
) -> str:
    """Return everything about one connection; `sealed` names its credentials."""
    style = Style(color)
    parts = [
        [style.bold(safe(record.name))],
        _section("", facts(record, row, sealed), style),
        _section("Revisions", _revisions(record), style),
        _section("Times", times(record, now), style),
        _section("Over time", standing_rows(row, now=now), style),
        absence_lines(row, style=style, now=now),
        _test(record, row, style=style, now=now),
        _section("Use", usage_rows(record, now=now), style),
        _section("Market data", list(map(_mark, record.marks)), style),
        _section("History, newest first", _history(record), style),
    ]
    return blocks(parts)


def show_json(record: Record, row: Row, sealed: Sequence[str] = ()) -> str:
    """Return both values as data, without the sealed document."""
    return machine.of_parts(**_data(record, row, sealed))


def show_all_json(found: Iterable[tuple[Record, Row, Sequence[str]]]) -> str:
    """Return the same of several connections."""
    return machine.of_parts(connections=[_data(*one) for one in found])


def _data(record: Record, row: Row, sealed: Sequence[str]) -> dict[str, Any]:
    data = to_data(record)
    if data["active"]:
        data["active"] = {k: v for k, v in data["active"].items() if k != "text"}
    return {
        "connection": to_data(row),
        "record": data,
        "sealed_fields": list(sealed),
    }


_LEAST = ("COMMIT", "LATENCY", "REVISION", "WHO")


def history_human(
    actions: Sequence[Action], *, color: bool = False, width: int | None = None
) -> str:
    """Return the action log as a table, in the order given (newest first).

    In a terminal of `width` columns, what matters least gives way.
    """
    if not actions:
        return "No actions.\n"
    style = Style(color)
    titles = (
        *("AT", "NAME", "ACTION", "RESULT", "REVISION"),
        *("COMMIT", "LATENCY", "WHO", "DETAIL"),
    )
    rows = map(_action, actions)
    return page(fitted(titles, rows, style, width=width, least=_LEAST))


def history_json(actions: Sequence[Action]) -> str:
    """Return the action log as data, in the order given."""
    return machine.of_parts(actions=machine.each(actions))


def _section(title: str, rows: Sequence[Sequence[str]], style: Style) -> list[str]:
    head = [style.bold(f"{title}:")] if title else []
    return [*head, *table(rows, indent=2)] if rows else []


def facts(record: Record, row: Row, sealed: Sequence[str]) -> list[tuple[str, str]]:
    """Return what is known of a connection besides its tests, a word and its text."""
    flags = [
        word
        for word, holds in (
            ("protected", record.protected),
            ("orphaned", record.orphaned),
        )
        if holds
    ]
    found = [
        ("type", safe(record.type)),
        ("provider", safe(record.provider)),
        ("owner", safe(record.owner)),
        ("managed by", safe(record.managed_by) or "no workspace"),
        ("labels", _labels(record.labels)),
        ("used by", ", ".join(map(safe, record.used_by))),
        ("on remove", _on_remove(record)),
        ("was called", ", ".join(safe(one.name) for one in record.former_names)),
        ("flags", ", ".join(flags)),
        ("credentials", f"{names(sealed)} (sealed)" if sealed else ""),
        ("intent", row.intent.value),
        ("out of service", safe(row.suspension.in_words()) if row.suspension else ""),
        ("sync", row.sync.value),
        ("health", row.health.value),
        ("policy", _policy(record.policy)),
    ]
    return [pair for pair in found if pair[1]]


def _on_remove(record: Record) -> str:
    usual = record.on_remove is OnRemove.DEACTIVATE
    return "" if usual else record.on_remove.value


def _policy(policy: HealthPolicy) -> str:
    every = _duration(policy.interval_s)
    stale = _duration(policy.stale_after_s)
    again = _duration(policy.retry_interval_s)
    return (
        f"test every {every}, a failing one after {again}, stale after {stale}, "
        f"error after {policy.failure_threshold} failures, "
        f"well after {policy.success_threshold} successes"
    )


def _duration(seconds: float) -> str:
    return format_duration(seconds) if math.isfinite(seconds) else "never"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = sorted(labels.items())
    return ", ".join(f"{safe(key)}={safe(text)}" for key, text in pairs)


def _revisions(record: Record) -> list[tuple[str, ...]]:
    rows = []
    if record.active:
        rows.append(("active", *_deployed(record.active)))
    if record.attempted:
        rows.append(("attempted", *_attempt(record.attempted)))
    return rows


def _deployed(active: Deployed) -> tuple[str, ...]:
    return (
        revision(active.revision),
        f"commit {revision(active.commit or '')}",
        moment(active.at),
        safe(active.file),
        "",
    )


def _attempt(attempt: Attempt) -> tuple[str, ...]:
    tries = f", {attempt.tries} tries" if attempt.tries > 1 else ""
    return (
        revision(attempt.revision),
        f"commit {revision(attempt.commit or '')}",
        moment(attempt.at),
        safe(attempt.file),
        f"{attempt.result}{tries}",
    )


def times(record: Record, now: datetime) -> list[tuple[str, str, str]]:
    """Return when something happened last or comes next: a word, when, how long."""
    found = (
        ("created", record.created_at),
        ("updated", record.updated_at),
        ("tested", record.last_tested_at),
        ("connected", record.last_connected_at),
        ("used", record.last_used_at),
        ("next test", record.next_attempt_at),
    )
    return [(word, moment(at), relative(at, now)) for word, at in found if at]


def _test(record: Record, row: Row, *, style: Style, now: datetime) -> list[str]:
    test = record.last_test
    probes = row.probes or (test.probes if test else ())
    lines = ladder_lines(probes, style=style, indent=2)
    said = []
    if row.diagnosis:
        said += diagnosis_lines(
            row.diagnosis, next_at=record.next_attempt_at, now=now, style=style
        )
    if kept := survivor(row):
        said.append(kept)
    lines += indented([*said, *warning_lines(row.warnings, style=style)], 2)
    place = f", from {safe(test.vantage)}" if test and test.vantage else ""
    return [style.bold(f"Last test{place}:"), *lines] if lines else []


def _mark(mark: Mark) -> tuple[str, ...]:
    at_ms = mark.last_candle_at_ms
    return (
        safe(mark.symbol),
        safe(mark.timeframe),
        f"{mark.rows} rows",
        f"last candle {utc_ms(at_ms)}" if at_ms is not None else "no candle",
        f"price {decimal(mark.last_price)}" if mark.last_price is not None else "",
    )


def _history(record: Record) -> list[tuple[str, ...]]:
    newest = list(reversed(record.history))[:_HISTORY_SHOWN]
    return [_event(event) for event in newest]


def _event(event: Event) -> tuple[str, ...]:
    return (
        moment(event.at),
        event.action.value,
        event.result.value,
        revision(event.revision),
        latency(event.latency_ms),
        safe(event.category or ""),
    )


def _action(action: Action) -> tuple[str, ...]:
    return (
        moment(action.at),
        safe(action.name),
        action.action.value,
        action.result.value,
        revision(action.revision),
        revision(action.commit or ""),
        latency(action.latency_ms),
        safe(action.who),
        safe(action.detail),
    )
