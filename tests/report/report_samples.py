"""Small values that the views' tests share."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.diagnostic import Diagnostic, Severity, Span
from reconciler.core.diff import FieldChange
from reconciler.core.guard import Guard, Refusal
from reconciler.core.health import Health, Intent, Sync
from reconciler.core.market import Account, Candle, Mark, Ticker
from reconciler.core.outcome import Outcome
from reconciler.core.plan import ActionKind, Change, Plan, Scope
from reconciler.core.ports import LockInfo, ProviderInfo, Sample, StoreInfo
from reconciler.core.record import (
    Action,
    ActionName,
    Attempt,
    Deployed,
    Event,
    Record,
    Result,
    Status,
)
from reconciler.core.run import Row, RunReport, count_rows
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
OLD, NEW = "0123456789abcdef" * 4, "fedcba9876543210" * 4
MINUTE = timedelta(minutes=1)

BAD_KEY = diagnose(
    Category.INVALID_CREDENTIALS, evidence={"http_status": "401", "code": "-2015"}
)
LADDER = (
    Probe(name=ProbeName.DNS, status=ProbeStatus.PASSED, latency_ms=1.2),
    Probe(name=ProbeName.CLOCK, status=ProbeStatus.SKIPPED, detail="no server time"),
    Probe(
        name=ProbeName.AUTH,
        status=ProbeStatus.FAILED,
        latency_ms=40.0,
        diagnosis=BAD_KEY,
    ),
)
FAILED = Verdict(probes=LADDER, at=NOW, vantage="laptop", warnings=("clock 2 s off",))
PASSED = Verdict(probes=LADDER[:2], at=NOW)


def a_row(name="binance-main", **given):
    values = {
        "type": "ccxt_crypto",
        "provider": "binance",
        "owner": "admin",
        "intent": Intent.ACTIVE,
        "sync": Sync.IN_SYNC,
        "health": Health.HEALTHY,
        "active_revision": OLD,
        "attempted_revision": OLD,
        "latency_ms": 41.4,
        "last_tested_at": NOW - 3 * MINUTE,
    }
    return Row(name=name, **{**values, **given})


def a_change(name="binance-main", action=ActionKind.UPDATE, **given):
    values = {
        "reason": "the file changed",
        "type": "ccxt_crypto",
        "provider": "binance",
        "before": OLD,
        "after": NEW,
    }
    return Change(name=name, action=action, **{**values, **given})


REJECTED = a_row(
    "okx-spot",
    provider="okx",
    sync=Sync.REJECTED,
    attempted_revision=NEW,
    action=ActionKind.UPDATE,
    outcome=Result.REJECTED,
    reason="the test failed",
    diagnosis=BAD_KEY,
    probes=LADDER,
)
CREATED = a_row(
    action=ActionKind.CREATE,
    outcome=Result.APPLIED,
    reason="new file",
    probes=PASSED.probes,
)
TIMED_OUT = a_row(
    "kraken",
    provider="kraken",
    health=Health.ERROR,
    failures=4,
    diagnosis=diagnose(Category.TIMEOUT, detail="20 s"),
    next_attempt_at=NOW + 14 * MINUTE,
)
ROWS = (CREATED, a_row("bybit", provider="bybit"), TIMED_OUT, REJECTED)
REFUSAL = Refusal(
    guard=Guard.THRESHOLD,
    message="12 of 30 connections would be removed or switched off, more than 30%",
    names=("a", "b"),
    flag="--allow-removals 12",
)
FIELDS = (
    FieldChange(path="credentials.api_secret", kind="changed", sealed=True),
    FieldChange(path="labels.desk", kind="added", after="spot"),
    FieldChange(
        path="settings.symbols",
        kind="changed",
        before=["BTC/USDT"],
        after=["BTC/USDT", "ETH/USDT"],
    ),
)
PLAN = Plan(
    digest="abcdef0123456789",
    considered=50,
    total=50,
    kept=47,
    changes=(
        a_change(
            "binance-main",
            ActionKind.CREATE,
            test=True,
            needs_key=True,
            reason="new file",
        ),
        a_change("old", ActionKind.DELETE, reason="no file declares it"),
        a_change("okx-spot", provider="okx", test=True, fields=FIELDS),
    ),
)
PROBLEMS = (
    Diagnostic(
        code="R204",
        message="'1x' is not a timeframe",
        span=Span("b.yaml", 3, 7),
        severity=Severity.WARNING,
    ),
    Diagnostic(
        code="R201",
        message="unknown key 'sttings'",
        span=Span("a.yaml", 2, 1),
        hint="did you mean 'settings'?",
        related=((Span("a.yaml", 1, 1), "the document begins here"),),
    ),
)
RECORD = Record(
    name="okx-spot",
    type="ccxt_crypto",
    provider="okx",
    owner="admin",
    managed_by="main",
    status=Status.ACTIVE,
    created_at=NOW - 90 * MINUTE,
    updated_at=NOW,
    labels={"desk": "spot"},
    protected=True,
    active=Deployed(
        revision=OLD,
        text="credentials: {api_key: ENC[x]}",
        file="okx-spot.yaml",
        commit="c0ffee" * 6,
        at=NOW - 90 * MINUTE,
    ),
    attempted=Attempt(
        revision=NEW,
        result=Result.REJECTED,
        file="okx-spot.yaml",
        commit=None,
        at=NOW,
        tries=2,
        diagnosis=BAD_KEY,
    ),
    last_test=FAILED,
    last_tested_at=NOW,
    marks=(
        Mark(
            symbol="BTC/USDT",
            timeframe="1h",
            rows=3,
            last_candle_at_ms=1_795_424_400_000,
            last_price=Decimal("97000.10"),
        ),
    ),
    history=(
        Event(at=NOW, action=ActionName.CREATE, revision=OLD, result=Result.APPLIED),
        Event(
            at=NOW + MINUTE,
            action=ActionName.UPDATE,
            revision=NEW,
            result=Result.REJECTED,
            latency_ms=41.2,
            category="invalid_credentials",
        ),
    ),
)
ACTIONS = (
    Action(
        at=NOW,
        name="okx-spot",
        action=ActionName.UPDATE,
        result=Result.REJECTED,
        who="ann@host",
        revision=NEW,
        latency_ms=1_234.0,
        detail="invalid_credentials",
    ),
)
OUTCOMES = (
    Outcome(
        name="binance-main",
        action=ActionKind.RETEST,
        result=Result.APPLIED,
        reason="",
        verdict=PASSED,
    ),
    Outcome(
        name="okx-spot",
        action=ActionKind.RETEST,
        result=Result.REJECTED,
        reason="",
        verdict=FAILED,
    ),
    Outcome(
        name="zz",
        action=ActionKind.RETEST,
        result=Result.SKIPPED,
        reason="stopped before its turn",
    ),
)
START_MS = 1_795_424_400_000


def a_candle(hour):
    price = Decimal("100.50")
    at_ms = START_MS + hour * 3_600_000
    return Candle(at_ms, price, price + 1, price - 1, price, Decimal(1200))


SAMPLE = Sample(
    candles=(a_candle(0), a_candle(1), a_candle(4)),
    ticker=Ticker(symbol="BTC/USDT", last=Decimal("100.50"), bid=Decimal("100.4")),
    account=Account(currency="USDT", balance=Decimal(10), read_only=True),
    latency_ms=41.0,
)
INFOS = {
    "custom_api": (),
    "ccxt_crypto": (
        ProviderInfo(
            id="binance", name="Binance", credentials=("api_key", "api_secret")
        ),
        ProviderInfo(id="okx", name="OKX", timeframes=("1m", "1h")),
    ),
}
STORE = StoreInfo(
    url="postgres://ann:hunter2@db/main",
    lineage="l-1",
    serial=3,
    sequence=9,
    format_version=1,
    records=50,
)
LOCK = LockInfo(
    id="k1",
    operation="apply",
    who="ann@host",
    created_at=NOW - MINUTE,
    expires_at=NOW + MINUTE,
)


def a_report(rows=ROWS, **given):
    values = {
        "run_id": "r1",
        "command": "apply",
        "started_at": NOW - MINUTE,
        "finished_at": NOW,
        "workspace": "main",
        "who": "ann@host",
        "commit": "c0ffee" * 6,
        "exit_code": 5,
        "counts": count_rows(rows),
        "connections": tuple(rows),
    }
    return RunReport(**{**values, **given})


PARTIAL = Scope(targets=("okx-*",))
