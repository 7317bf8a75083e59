"""What of an observation is worth an incident, and what is no news at all.

What cannot be judged now changes nothing: neither does a failure begin nor end
because this machine could not look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from reconciler.core.diagnosis import KINDS, Category, Diagnosis
from reconciler.core.health import Health
from reconciler.core.incidents.book import Member, Why
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.observation import Observation, Refused
from reconciler.core.usage import UnusualKind

POSTPONED_FOR_S: Final = 900
"""A provider that asks us to wait is news after this many seconds."""


class Family(StrEnum):
    """The ways in which one connection can be in trouble, apart from each other."""

    HEALTH = "health"
    REFUSED = "refused"
    MACHINE = "machine"
    UNUSUAL = "unusual"


_FAMILIES: Final = {
    Cause.REFUSED: Family.REFUSED,
    Cause.DAEMON: Family.MACHINE,
    Cause.UNUSUAL: Family.UNUSUAL,
}


def family_of(cause: Cause) -> Family:
    """Return which family's members an incident of this cause has."""
    return _FAMILIES.get(cause, Family.HEALTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One connection in one kind of trouble; `key` tells cases of a family apart."""

    family: Family
    seen: Observation
    since: datetime
    severity: Severity
    why: Why
    key: str = ""
    revision: str = ""
    commit: str = ""


def cases_of(seen: Observation, *, now: datetime) -> Iterator[Case]:
    """Return every trouble that one connection has now; mostly none."""
    if not seen.watched:
        return
    if seen.refused:
        yield _refused(seen, seen.refused)
    if health := _health(seen, now=now):
        yield health
    if seen.unable and seen.unable.category not in _ELSEWHERE and seen.unable.is_ours:
        yield _case(seen, Family.MACHINE, why_of(seen.unable), Severity.ERROR)
    for one in seen.unusual:
        bad = Severity.INFO if one.kind is UnusualKind.SILENT else Severity.WARNING
        fix = _SILENT_FIX if one.kind is UnusualKind.SILENT else _UNUSUAL_FIX
        why = Why(summary=one.text, fix=fix, category=one.kind)
        yield _case(seen, Family.UNUSUAL, why, bad, key=one.kind)


def ended(seen: Observation | None, family: Family, *, now: datetime) -> str:
    """Return why somebody without a case is in trouble no more; empty for no news."""
    if seen is None:
        return "gone"
    if not seen.watched or seen.health is Health.INACTIVE:
        return "off"
    if family in (Family.REFUSED, Family.UNUSUAL):
        return "well"
    if family is Family.MACHINE:
        return "" if seen.unable else "well"
    is_well = seen.health_at(now) in (Health.HEALTHY, Health.DEGRADED)
    return "well" if is_well else ""


def member_of(case: Case, before: Member | None, *, now: datetime) -> Member:
    """Return a case as a member; `before` is what it was in the same incident."""
    goes_on = before is not None and before.until is None
    return Member(
        name=case.seen.name,
        owner=case.seen.owner,
        provider=case.seen.provider,
        labels=case.seen.labels,
        since=before.since if before and goes_on else min(case.since, now),
        joined_at=before.joined_at if before and goes_on else now,
        severity=case.severity,
        why=case.why,
        tested_at=case.seen.tested_at,
        running=case.seen.running,
        revision=case.revision,
        commit=case.commit,
    )


def why_of(diagnosis: Diagnosis | None, *, otherwise: str = "") -> Why:
    """Return a diagnosis as it is told."""
    if diagnosis is None:
        return Why(summary=otherwise, fix=_STALE_FIX, category="stale")
    # The details name whoever was refused first, who may be somebody else's.
    shared = diagnosis.category is Category.KEY_REFUSED
    title = KINDS[diagnosis.category].title
    return Why(
        summary=title if shared else diagnosis.summary,
        fix=diagnosis.fix,
        category=diagnosis.category,
        waiting_helps=diagnosis.waiting_helps,
        terminal=diagnosis.is_terminal,
    )


_ELSEWHERE: Final = frozenset({"own_network", "postponed", "key_refused"})
"""Reasons of ours that the network's, exchange's or account's incident tells of."""
_STALE_FIX: Final = "look whether the daemon keeps up, and whether the market is open"
_SILENT_FIX: Final = "revoke the key at the provider if nobody needs it any more"
_UNUSUAL_FIX: Final = (
    "find out who uses the key; if it is none of yours, revoke it at the provider"
)


def _health(seen: Observation, *, now: datetime) -> Case | None:
    if seen.refused and not seen.running:
        return None  # it never ran: the refusal tells it
    health = seen.health_at(now)
    if health is Health.ERROR:
        why = why_of(seen.diagnosis, otherwise="its tests fail")
        return _case(seen, Family.HEALTH, why, Severity.ERROR)
    if health is Health.STALE:
        why = why_of(None, otherwise="nothing fresh has come for too long")
        return _case(seen, Family.HEALTH, why, Severity.WARNING, since=seen.stale_at)
    unable = seen.unable
    if health is not Health.UNKNOWN or unable is None:
        return None
    waits = now - (seen.since or seen.at) >= timedelta(seconds=POSTPONED_FOR_S)
    if unable.category == "key_refused" or (unable.category == "postponed" and waits):
        return _case(seen, Family.HEALTH, why_of(unable), Severity.ERROR)
    return None


def _refused(seen: Observation, refused: Refused) -> Case:
    why = why_of(refused.diagnosis, otherwise="its test failed")
    severity = Severity.WARNING if seen.running else Severity.ERROR
    return Case(
        family=Family.REFUSED,
        seen=seen,
        since=refused.at,
        severity=severity,
        why=why,
        revision=refused.revision,
        commit=refused.commit,
    )


def _case(  # a case has this many parts
    seen: Observation,
    family: Family,
    why: Why,
    severity: Severity,
    *,
    key: str = "",
    since: datetime | None = None,
) -> Case:
    return Case(
        family=family,
        seen=seen,
        since=since or seen.since or seen.at,
        severity=severity,
        why=why,
        key=key,
    )
