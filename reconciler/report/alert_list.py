"""Channels and open incidents: whom the daemon tells, and what it told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.core.codec import to_data
from reconciler.core.incidents.outbox import Delivery
from reconciler.core.incidents.standing import AlertStanding, IncidentStanding
from reconciler.report import machine
from reconciler.report.text import (
    Style,
    blocks,
    clip,
    count,
    names,
    relative,
    safe,
    table,
    titled,
)

_NAMES_SHOWN = 5
_REASON = 60


def alerts_human(
    standing: AlertStanding,
    kinds: Mapping[str, str],
    *,
    color: bool = False,
    now: datetime,
) -> str:
    """Return channels, heartbeat and open incidents as text."""
    style = Style(color)
    return blocks(
        [
            _channels(standing, kinds, style, now),
            _heartbeat(standing.heartbeat, style, now),
            _incidents(standing, style, now),
            [style.red(safe(standing.problem))] if standing.problem else [],
        ]
    )


def alerts_json(standing: AlertStanding, kinds: Mapping[str, str]) -> str:
    """Return the same as data."""
    channels = [
        {**to_data(one), "kind": kinds.get(one.name, "")} for one in standing.channels
    ]
    return machine.of_parts(
        channels=channels,
        heartbeat=to_data(standing.heartbeat) if standing.heartbeat else None,
        incidents=machine.each(standing.incidents),
        problem=standing.problem,
    )


def deliveries_human(tried: Mapping[str, str], *, color: bool = False) -> str:
    """Return for each channel whether it took the message; the reason if it did not."""
    style = Style(color)
    rows = [
        (
            safe(name),
            style.red(f"failed: {safe(why)}") if why else style.green("delivered"),
        )
        for name, why in tried.items()
    ]
    return blocks([table(rows)])


def deliveries_json(tried: Mapping[str, str]) -> str:
    """Return the same as data."""
    return machine.of_parts(
        channels=[
            {"name": name, "delivered": not why, "error": why}
            for name, why in tried.items()
        ]
    )


def _channels(
    standing: AlertStanding, kinds: Mapping[str, str], style: Style, now: datetime
) -> list[str]:
    if not standing.channels:
        return ["No channel: add one under 'alerts' in reconcile.yaml."]
    rows = [
        (
            safe(one.name),
            safe(kinds.get(one.name, "")),
            str(one.waiting),
            relative(one.delivery.delivered_at, now),
            _failing(one.delivery, style, now),
        )
        for one in standing.channels
    ]
    heads = ("CHANNEL", "KIND", "WAITING", "DELIVERED", "FAILS")
    return titled(heads, rows, style)


def _heartbeat(beat: Delivery | None, style: Style, now: datetime) -> list[str]:
    if beat is None:
        return []
    said = _failing(beat, style, now) or f"last {relative(beat.delivered_at, now)}"
    return [f"Heartbeat: {said}"]


def _failing(delivery: Delivery, style: Style, now: datetime) -> str:
    parts = []
    if delivery.failures:
        again = relative(delivery.next_at, now)
        times = count(delivery.failures, "time")
        parts.append(f"{times}, again {again}: {safe(delivery.error)}")
    if delivery.dropped:
        parts.append(f"{count(delivery.dropped, 'message')} given up")
    return style.red("; ".join(parts)) if parts else ""


def _incidents(standing: AlertStanding, style: Style, now: datetime) -> list[str]:
    if not standing.incidents:
        return ["No open incident."]
    rows = (_incident(one, now) for one in standing.incidents)
    heads = ("SEVERITY", "CAUSE", "ABOUT", "SINCE", "HIT", "TOLD", "WHY")
    return titled(heads, rows, style)


def _incident(one: IncidentStanding, now: datetime) -> tuple[str, ...]:
    return (
        one.severity.value,
        one.cause.value,
        safe(one.label),
        relative(one.since, now),
        "; ".join(_hit(one)),
        names(one.told) or "nobody yet",
        clip(safe(one.why.summary), _REASON),
    )


def _hit(one: IncidentStanding) -> Iterator[str]:
    if one.total:
        yield f"{one.count} of {one.total}"
    if one.names:
        yield names(one.names, limit=_NAMES_SHOWN)
    elif one.count and not one.total:
        yield str(one.count)
