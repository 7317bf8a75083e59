"""Records as tests need them."""

from __future__ import annotations

from reconciler.core.record import Record, Status
from tests.fakes import START, passed


def running(name: str = "a", **more: object) -> Record:
    """Return an active connection that passed its one test."""
    values: dict[str, object] = {
        "type": "fake",
        "provider": "fake",
        "owner": "admin",
        "managed_by": "w",
        "status": Status.ACTIVE,
        "created_at": START,
        "updated_at": START,
        "last_tested_at": START,
        "last_test": passed(),
        **more,
    }
    return Record(name=name, **values)  # type: ignore[arg-type]
