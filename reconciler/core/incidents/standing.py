"""How the alerts do: open incidents and deliveries, as everybody may be shown them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.incidents.book import Incident, Why
from reconciler.core.incidents.causes import Cause, Severity, worst
from reconciler.core.incidents.outbox import AlertState, Delivery, Mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStanding:
    """One channel; `waiting` counts letters."""

    name: str
    waiting: int
    delivery: Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentStanding:
    """One open incident; `names` are those that it hits, `owners` theirs."""

    id: str
    cause: Cause
    label: str
    severity: Severity
    since: datetime
    count: int
    total: int
    names: tuple[str, ...]
    owners: tuple[str, ...]
    why: Why
    told: tuple[str, ...]
    """The channels that know of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStanding:
    """Everything; `problem` says why the alerts' memory cannot be kept."""

    channels: tuple[ChannelStanding, ...] = ()
    incidents: tuple[IncidentStanding, ...] = ()
    heartbeat: Delivery | None = None
    problem: str = ""

    @property
    def by_cause(self) -> Mapping[Cause, int]:
        """Count the open incidents; every cause has a number."""
        counts = dict.fromkeys(Cause, 0)
        for one in self.incidents:
            counts[one.cause] += 1
        return counts


def standing_of(
    state: AlertState, channels: Sequence[str], *, beats: bool
) -> AlertStanding:
    """Return how the alerts do, with every channel that the settings have."""
    return AlertStanding(
        channels=tuple(
            _channel(name, state.mailboxes.get(name, Mailbox())) for name in channels
        ),
        incidents=tuple(_incident(one) for one in state.book.incidents if one.is_open),
        heartbeat=state.heartbeat if beats else None,
    )


def _channel(name: str, box: Mailbox) -> ChannelStanding:
    return ChannelStanding(name=name, waiting=len(box.letters), delivery=box.delivery)


def _incident(one: Incident) -> IncidentStanding:
    hit = [one.members[name] for name in sorted(one.open_names)]
    first = hit[0].why if hit else Why(summary="")
    return IncidentStanding(
        id=one.id,
        cause=one.scope.cause,
        label=one.scope.label,
        severity=worst(m.severity for m in hit) if hit else one.severity,
        since=min((m.since for m in hit), default=one.opened_at),
        count=len(hit) or one.affected,
        total=one.total,
        names=tuple(m.name for m in hit),
        owners=tuple(sorted({m.owner for m in hit})),
        why=one.why if one.why and (one.stands or not hit) else first,
        told=tuple(sorted(c for c, known in one.told.items() if not known.closed)),
    )
