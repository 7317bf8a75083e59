"""One channel's view of an incident, and the notice made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.incidents.book import Incident, Member, Why
from reconciler.core.incidents.causes import Cause, Severity, worst
from reconciler.core.incidents.notice import NAMES_TOLD, Hit, Notice, NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one channel may know: the members that are open, and those that are over.

    `sees_all` tells whether that is everybody; otherwise no total is told.
    """

    channel: str
    incident: Incident
    open: tuple[Member, ...] = ()
    over: tuple[Member, ...] = ()
    quiet: int = 0
    sees_all: bool = True

    @property
    def goes_on(self) -> bool:
        """Tell whether it is not over for this channel."""
        return bool(self.open) or self.incident.stands

    @property
    def joined_at(self) -> datetime:
        """Return when this channel's part of it began."""
        if not self.open or self.incident.stands:
            return self.incident.opened_at
        return min(one.joined_at for one in self.open)

    @property
    def over_at(self) -> datetime:
        """Return when the last of it was over."""
        ends = [one.until for one in self.over if one.until]
        ends += [self.incident.ended_at] if self.incident.ended_at else []
        return max(ends, default=self.incident.opened_at)

    @property
    def is_terminal(self) -> bool:
        """Tell whether waiting helps nobody of those that are still hit."""
        return bool(self.open) and all(one.why.terminal for one in self.open)


def notice_of(view: View, kind: NoticeKind, *, openings: int, now: datetime) -> Notice:
    """Return what a channel is told of an incident."""
    incident, over = view.incident, kind is NoticeKind.RECOVERED
    told = view.over if over else view.open
    first = told[0] if told else None
    return Notice(
        incident=incident.id,
        kind=kind,
        cause=incident.scope.cause,
        label=_label(view, told),
        severity=_severity(incident, told),
        at=now,
        since=min((one.since for one in told), default=incident.opened_at),
        ended_at=view.over_at if over else None,
        count=len(told) or incident.affected,
        total=incident.total if view.sees_all else 0,
        quiet=view.quiet,
        openings=openings,
        running=sum(one.running for one in told),
        revision=first.revision if first else "",
        commit=first.commit if first else "",
        why=_why(incident, told),
        connections=tuple(_hit(one) for one in told[:NAMES_TOLD]),
    )


def _label(view: View, told: tuple[Member, ...]) -> str:
    """Return what it is about; an account is named by a connection of this channel."""
    cause = view.incident.scope.cause
    if cause is Cause.ACCOUNT and told:
        return told[0].name
    return view.incident.scope.label


def _severity(incident: Incident, told: tuple[Member, ...]) -> Severity:
    return worst(one.severity for one in told) if told else incident.severity


def _why(incident: Incident, told: tuple[Member, ...]) -> Why:
    """Return the reason that most have; never one of somebody else's connection."""
    if incident.why and (incident.stands or not told):
        return incident.why
    reasons = Counter(one.why for one in told)
    most = max(reasons.values(), default=0)
    return next((why for why in reasons if reasons[why] == most), Why(summary=""))


def _hit(member: Member) -> Hit:
    return Hit(
        name=member.name,
        owner=member.owner,
        provider=member.provider,
        labels=member.labels,
        since=member.since,
        until=member.until,
        left=member.left,
    )
