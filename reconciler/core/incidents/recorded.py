"""What the store holds of a connection, as an observation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.core.health import Intent, health_of, intent_of
from reconciler.core.incidents.observation import (
    Ending,
    Observation,
    Refused,
)
from reconciler.core.record import Record, Result, certificate_of, key_ends_at
from reconciler.core.usage import unusual

SHARER = "connection"
"""Evidence of a refused key: the connection that it was refused to."""
_ENVIRONMENTS = ("sandbox", "demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What a document says of the way to the provider, and what is asked for there."""

    environment: str = ""
    proxy: str = ""
    symbol: str = ""


def ways_of(data: Mapping[str, Any] | None) -> Ways:
    """Return what a document's plain data says; never a sealed value."""
    config = _mapping(data, "config")
    symbols = _mapping(data, "settings").get("symbols")
    first = symbols[0] if isinstance(symbols, list | tuple) and symbols else ""
    environment = next((name for name in _ENVIRONMENTS if config.get(name) is True), "")
    proxy = config.get("proxy")
    return Ways(
        environment=environment,
        proxy=_without_login(proxy) if isinstance(proxy, str) else "",
        symbol=str(first),
    )


def observation_of(
    record: Record, *, now: datetime, ways: Ways | None = None, account: str = ""
) -> Observation:
    """Return how a connection stands.

    Args:
        record: As it was committed.
        now: This moment.
        ways: What its active document says (`ways_of`), where it was read.
        account: Equal for connections that use the same key; kept nowhere.
    """
    way = ways or Ways()
    test = record.last_test
    return Observation(
        name=record.name,
        provider=record.provider,
        owner=record.owner,
        labels=record.labels,
        at=now,
        health=health_of(record, now=now),
        watched=intent_of(record, now=now) is Intent.ACTIVE and not record.orphaned,
        running=record.active is not None,
        environment=way.environment,
        proxy=way.proxy,
        symbol=way.symbol,
        account=account or _account(record),
        since=_since(record),
        tested_at=record.last_tested_at,
        stale_at=_stale_at(record),
        diagnosis=test.diagnosis if test else None,
        unable=record.unable.diagnosis if record.unable else None,
        refused=_refused(record),
        endings=tuple(_endings(record)),
        unusual=unusual(record.usage, now=now),
    )


def _account(record: Record) -> str:
    """Return the first connection whose key was refused, of those that share it.

    Nothing that is computed from a key is needed for that.
    """
    unable = record.unable
    return (unable.diagnosis.evidence.get(SHARER) if unable else "") or record.name


def _since(record: Record) -> datetime | None:
    """Return when the trouble began: we cannot test it, or it fails."""
    return record.unable.since if record.unable else record.failing_since


def _refused(record: Record) -> Refused | None:
    attempted = record.attempted
    if attempted is None or attempted.result is not Result.REJECTED:
        return None
    return Refused(
        revision=attempted.revision,
        at=attempted.at,
        commit=attempted.commit or "",
        diagnosis=attempted.diagnosis,
    )


def _stale_at(record: Record) -> datetime | None:
    if record.last_tested_at is None:
        return None
    test_at = record.last_tested_at + timedelta(seconds=record.policy.stale_after_s)
    data_at = record.last_test.stale_at if record.last_test else None
    return min(test_at, data_at) if data_at else test_at


def _endings(record: Record) -> Iterator[Ending]:
    if key_at := key_ends_at(record):
        yield Ending(what="key", at=key_at)
    if certificate := certificate_of(record):
        yield Ending(what="certificate", at=certificate.ends_at)


def _mapping(data: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    found = (data or {}).get(key)
    return found if isinstance(found, Mapping) else {}


def _without_login(proxy: str) -> str:
    scheme, separator, rest = proxy.partition("://")
    place = (rest if separator else scheme).rpartition("@")[2].partition("/")[0]
    return f"{scheme}://{place}" if separator else place
