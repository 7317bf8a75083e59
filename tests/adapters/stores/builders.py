"""Values that the store tests speak of, and a clock that stands until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.core.connection import OnRemove
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.market import Mark
from reconciler.core.record import (
    Action,
    ActionName,
    Attempt,
    Deployed,
    Event,
    Former,
    Record,
    Result,
    Status,
)
from reconciler.core.suspension import Suspension
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

NOW = datetime(2026, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)


class FakeClock:
    def __init__(self, at=NOW):
        self.at = at
        self.slept = []

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


def record(name, **changes):
    base = {
        "name": name,
        "type": "ccxt_crypto",
        "provider": "binance",
        "owner": "admin",
        "managed_by": "desk",
        "status": Status.ACTIVE,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Record(**base | changes)


def rejected_record(name, **changes):
    """A record that uses every field."""
    diagnosis = diagnose(
        Category.INVALID_CREDENTIALS, detail='"née" \u2028', evidence={"http": "401"}
    )
    probe = Probe(
        name=ProbeName.AUTH,
        status=ProbeStatus.FAILED,
        latency_ms=12.5,
        diagnosis=diagnosis,
    )
    mark = Mark(
        symbol="BTC/USDT",
        timeframe="1m",
        rows=3,
        last_candle_at_ms=1_700_000_000_000,
        last_price=None,
    )
    event = Event(at=NOW, action=ActionName.TEST, revision="r2", result=Result.REJECTED)
    rich = {
        "status": Status.ERROR,
        "labels": {"desk": "spot", "ünï": "\n"},
        "protected": True,
        "on_remove": OnRemove.DELETE,
        "used_by": ("grafana",),
        "former_names": (Former(name="z", until=NOW),),
        "orphaned": True,
        "active": Deployed(
            revision="r1", text="name: x\n# \u2603\n", file="a.yaml", commit="c", at=NOW
        ),
        "attempted": Attempt(
            revision="r2",
            result=Result.REJECTED,
            file="a.yaml",
            commit=None,
            at=NOW,
            diagnosis=diagnosis,
        ),
        "failures": 3,
        "next_attempt_at": NOW + timedelta(seconds=1.5),
        "last_test": Verdict(probes=(probe,), at=NOW, marks=(mark,)),
        "marks": (mark,),
        "history": (event,),
        "suspension": Suspension(
            who="alice", reason="\u2028 incident", at=NOW, until=NOW + timedelta(days=1)
        ),
        "declared_suspension": Suspension(who="", reason="moves", declared=True),
    }
    return record(name, **rich | changes)


def action(name, detail="", **changes):
    base = {
        "at": NOW,
        "name": name,
        "action": ActionName.TEST,
        "result": Result.APPLIED,
        "who": "alice",
        "detail": detail,
    }
    return Action(**base | changes)
