"""Records of connections that never ran, put into a real store."""

from __future__ import annotations

from datetime import timedelta

from reconciler.core.record import Commit, Deployed, Record, Status
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict


def record(name, *, at, owner="admin", failures=0, **fields):
    """Return a record that was tested at a moment."""
    status = ProbeStatus.FAILED if failures else ProbeStatus.PASSED
    probe = Probe(name=ProbeName.PUBLIC, status=status, latency_ms=12.5)
    given = {
        "type": "custom_api",
        "provider": "house",
        "managed_by": "default",
        "status": Status.ERROR if failures else Status.ACTIVE,
        "active": Deployed(
            revision="r1", text="SEALED-TEXT", file=f"{name}.yaml", commit="c1", at=at
        ),
        "last_test": Verdict(probes=(probe,), at=at),
        "last_tested_at": at,
        "last_connected_at": at,
    }
    return Record(
        name=name,
        owner=owner,
        created_at=at,
        updated_at=at,
        failures=failures,
        **(given | fields),
    )


def fill(app, count=3, *, owners=("admin",), **fields):
    """Record connections `c-0000` and so on, whose owners take turns."""
    now = app.clock.now() - timedelta(seconds=60)
    records = tuple(
        record(f"c-{n:04}", at=now, owner=owners[n % len(owners)], **fields)
        for n in range(count)
    )
    app.store.commit(Commit(put=records))
    return [one.name for one in records]
