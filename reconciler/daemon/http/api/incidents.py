"""What is wrong, grouped by its cause: each sees the part that hits what is theirs."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final

from reconciler.core.access import Principal
from reconciler.core.incidents.book import Why
from reconciler.core.incidents.outbox import Delivery
from reconciler.core.incidents.standing import (
    AlertStanding,
    ChannelStanding,
    IncidentStanding,
)
from reconciler.daemon.http.api.answers import FORMAT_VERSION
from reconciler.daemon.http.api.operations import Call, Operation, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """The open incidents; how they are told of is for who sees everything.

    `problem` says why the memory of the alerts cannot be kept.
    """

    format_version: str = FORMAT_VERSION
    incidents: tuple[IncidentStanding, ...]
    channels: tuple[ChannelStanding, ...] = ()
    heartbeat: Delivery | None = None
    problem: str = ""


async def show_incidents(call: Call) -> Incidents:
    """Return what is wrong now, as far as it hits what somebody sees."""
    table = await table_of(call.site, call.principal)
    found = seen_by(call.principal, call.site.control.state().alerts, table.by_name)
    return Incidents(
        incidents=found.incidents,
        channels=found.channels,
        heartbeat=found.heartbeat,
        problem=found.problem,
    )


def seen_by(
    principal: Principal, alerts: AlertStanding, names: Container[str]
) -> AlertStanding:
    """Return the part that somebody sees; `names` are their connections.

    Others' connections are neither named nor counted, and what is said of the first of
    all is told only to who sees that one.
    """
    if principal.sees is None:
        return alerts
    parts = (_part(one, principal, names) for one in alerts.incidents)
    return AlertStanding(incidents=tuple(one for one in parts if one.names))


def _part(
    incident: IncidentStanding, principal: Principal, names: Container[str]
) -> IncidentStanding:
    mine = tuple(name for name in incident.names if name in names)
    tells = incident.names[:1] == mine[:1]
    others = set(incident.names) - set(mine)
    return replace(
        incident,
        names=mine,
        owners=tuple(owner for owner in incident.owners if principal.may_see(owner)),
        count=len(mine),
        total=0,
        told=(),
        label="" if incident.label in others else incident.label,
        why=incident.why if tells else Why(summary=""),
    )


INCIDENTS: Final = (
    Operation(
        id="showIncidents",
        path="/incidents",
        summary="Show what is wrong now, grouped by its widest common cause",
        answer=Incidents,
        handler=show_incidents,
    ),
)
