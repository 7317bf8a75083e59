"""What tests were told about waiting holds for who only fetches data, too.

Other processes know nothing of each other's limits; the store does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.ports import Job, StateStore
from reconciler.core.record import Record, Result
from reconciler.wiring import App

_SEALED_WAYS = frozenset({"proxy", "endpoint", "base_url"})
"""Where a connection leads, when it stands among its credentials."""


def require_no_wait(app: App, job: Job) -> None:
    """Let a question through unless its provider asked this place to wait.

    Raises:
        ProviderError: A test was told to wait, of this connection or of one that goes
            the same way, and the time is not over.
    """
    now = app.clock.now()
    for record in _failing(app.store, job.connection.provider):
        until = _told_until(record, job.connection, vantage=app.vantage)
        if until and until > now and _goes_the_same_way(app, record, job.connection):
            raise ProviderError(
                diagnose(
                    Category.POSTPONED,
                    detail=f"as '{record.name}' was told",
                    retry_after_s=round((until - now).total_seconds(), 1),
                )
            )


def _failing(store: StateStore, provider: str) -> Iterator[Record]:
    """Yield what may have been told to wait: few of many records are read for it."""
    for head in store.heads().values():
        is_well = head.next_attempt_at is None and head.result is Result.APPLIED
        if head.provider != provider or is_well:
            continue
        record = store.get(head.name)
        if record is not None:
            yield record


def _told_until(
    record: Record, connection: Connection, *, vantage: str
) -> datetime | None:
    """Return until when a connection's last test was told to wait, None for never."""
    from reconciler.adapters.providers.running.holds import (  # noqa: PLC0415  # on first use
        wait_asked_for,
    )

    test = record.last_test
    if test is None or test.diagnosis is None or test.vantage != vantage:
        return None
    if (record.type, record.provider) != (connection.type, connection.provider):
        return None
    wait_s = wait_asked_for(test.diagnosis)
    return test.at + timedelta(seconds=wait_s) if wait_s else None


def _goes_the_same_way(app: App, record: Record, connection: Connection) -> bool:
    """Tell whether a record's connection shares the provider's limits with another."""
    from reconciler.adapters.providers.running.ways import (  # noqa: PLC0415  # on first use
        way_of,
    )

    if record.name == connection.name:
        return True
    if record.active is None:
        return False
    other = app.source().parse(record.active.text, file=record.active.file).connection
    names = {*connection.credential_names, *other.credential_names}
    if names & _SEALED_WAYS:
        return False  # nobody knows without the key
    return way_of(connection, {}) == way_of(other, {})
