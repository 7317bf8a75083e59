"""What Prometheus reads: right names, bounded labels, only what one may see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.incidents.outbox import Delivery
from reconciler.core.incidents.standing import AlertStanding, ChannelStanding
from reconciler.core.market import Mark
from reconciler.core.outcome import Outcome
from reconciler.core.plan import ActionKind
from reconciler.core.record import Commit, Result, Status
from reconciler.core.statistics import Statistics, counted
from reconciler.daemon import events
from reconciler.daemon.control import Queue, Revisions
from reconciler.daemon.http.meter import Meter
from reconciler.daemon.http.monitoring.summary import PROVIDERS_NAMED
from tests.daemon.http_play import RealControl, client_of, served
from tests.daemon.records_play import fill, record

_UNITS = ("_seconds", "_bytes", "_info", "_total", "_created")


def scraped(at):
    """Return the families by name, and the samples as `name{labels}` to value."""
    with client_of(at) as client:
        client.get("/api/v1/state")
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    return families, samples


def values_of(families, label):
    return {
        sample.labels[label]
        for family in families.values()
        for sample in family.samples
        if label in sample.labels
    }


@pytest.fixture
def settle(app):
    def write(text):
        (app.choices.directory / "reconcile.yaml").write_text(text)

    return write


def test_connections_are_counted_by_health(app):
    fill(app, 3)
    app.store.commit(Commit(put=(record("bad", at=app.clock.now(), failures=5),)))
    with served(app) as at:
        _, samples = scraped(at)

    labels = ("provider", "house"), ("type", "custom_api")
    assert samples["reconcile_connections", ("health", "healthy"), *labels] == 3
    assert samples["reconcile_connections", ("health", "error"), *labels] == 1
    assert samples["reconcile_connections", ("health", "stale"), *labels] == 0
    assert samples["reconcile_connections_by_sync", ("sync", "in-sync")] == 4


def test_names_follow_the_conventions(app, settle):
    settle("http: {series: 100}\n")
    fill(app, 2)
    with served(app) as at:
        families, _ = scraped(at)

    assert len(families) > 20
    for name, family in families.items():
        assert re.fullmatch(r"(reconcile|process)_[a-z0-9_]+", name)
        assert family.documentation
        assert family.type != "counter" or not name.endswith("_seconds_total")
        for sample in family.samples:
            if family.type == "counter":
                assert sample.name.endswith(("_total", "_created"))
        for wrong in ("_ms", "_milliseconds", "_minutes", "_count_total"):
            assert wrong not in name


def test_labels_stay_few_however_many_providers_and_connections_there_are(app):
    now = app.clock.now()
    count = PROVIDERS_NAMED + 50
    records = [record(f"c-{n}", at=now, provider=f"p-{n}") for n in range(count)]
    app.store.commit(Commit(put=tuple(records)))
    with served(app) as at:
        families, _ = scraped(at)

    assert len(values_of(families, "provider")) == PROVIDERS_NAMED + 1
    assert "other" in values_of(families, "provider")
    assert values_of(families, "connection") == set()


@pytest.mark.parametrize(("series", "named"), [(0, 0), (2, 0), (3, 3)])
def test_connections_have_series_of_their_own_up_to_a_bound(app, settle, series, named):
    settle(f"http: {{series: {series}}}\n")
    fill(app, 3)
    with served(app) as at:
        families, _ = scraped(at)

    assert len(values_of(families, "connection")) == named


def test_the_age_of_candles_is_that_of_the_oldest(app):
    now = app.clock.now()
    for name, age_s in (("fresh", 60), ("old", 7200)):
        seen_ms = int((now - timedelta(seconds=age_s)).timestamp() * 1000)
        mark = Mark(
            symbol="A/B",
            timeframe="1m",
            rows=1,
            last_candle_at_ms=seen_ms,
            last_price=None,
        )
        app.store.commit(Commit(put=(record(name, at=now, marks=(mark,)),)))
    with served(app) as at:
        _, samples = scraped(at)

    key = ("provider", "house"), ("type", "custom_api")
    assert samples["reconcile_candle_age_seconds", *key] == pytest.approx(7200, abs=30)


def up_for(shares, *, now):
    """Return what is counted of tests an hour apart, the newest an hour ago."""
    found = Statistics()
    for hours, up in enumerate(shares):
        at = now - timedelta(hours=len(shares) - hours)
        found = counted(found, at=at, up=up, speaks_for_s=86_400, latency_ms=None)
    return found


def test_uptime_is_the_mean_of_those_that_are_active(app, settle):
    settle("http: {series: 10}\n")
    now = app.clock.now()
    put = (
        record("good", at=now, stats=up_for([True, True], now=now)),
        record("half", at=now, stats=up_for([True, False], now=now)),
        record("new", at=now),
        record("off", at=now, stats=up_for([False], now=now), status=Status.INACTIVE),
    )
    app.store.commit(Commit(put=put))
    with served(app) as at:
        families, samples = scraped(at)

    assert values_of(families, "window") == {"24h", "7d", "30d"}
    key = ("provider", "house"), ("type", "custom_api"), ("window", "24h")
    assert samples["reconcile_uptime_ratio", *key] == pytest.approx(0.75, abs=0.01)
    own = {
        name: samples.get((
            "reconcile_connection_uptime_ratio", ("connection", name), key[2]
        ))
        for name in ("good", "half", "new", "off")
    }  # fmt: skip
    assert own["new"] is None
    assert [own["good"], own["half"], own["off"]] == pytest.approx(
        [1.0, 0.5, 0.0], abs=0.01
    )


def test_providers_without_a_name_of_their_own_are_told_as_one(app):
    now = app.clock.now()
    many = [
        record(f"c-{n}-{copy}", at=now, provider=f"p-{n:03}")
        for n in range(PROVIDERS_NAMED)
        for copy in range(2)
    ]
    few = [
        record(f"few-{n}", at=now - timedelta(hours=n), provider=f"few-{n}")
        for n in range(3)
    ]
    app.store.commit(Commit(put=(*many, *few)))
    with served(app) as at:
        _, samples = scraped(at)

    other = ("provider", "other"), ("type", "custom_api")
    assert samples["reconcile_connections", ("health", "healthy"), *other] == 3
    assert samples["reconcile_last_test_age_seconds", *other] == pytest.approx(
        7200, abs=60
    )


def test_the_daemon_s_own_state_is_told(app):
    now = app.clock.now()
    said = {
        "not_ready": ("the newest commit is broken",),
        "reload_ok": False,
        "reloaded_at": now - timedelta(seconds=5),
        "revisions": Revisions(running="a", refused="b", why="broken"),
        "queue": Queue(waiting=7, running=2, oldest_due_at=now - timedelta(seconds=90)),
        "stages": {"read": 0.25, "test": 1.5},
        "counters": {"panics": 1, "tests_passed": 5, "alerts_failed": 1},
        "alerts": AlertStanding(
            channels=(
                ChannelStanding(
                    name="phone", waiting=2, delivery=Delivery(delivered=3, failed=1)
                ),
            ),
        ),
    }
    with served(app, control=RealControl(app, said=said)) as at:
        _, samples = scraped(at)

    assert samples["reconcile_ready",] == 0
    assert samples["reconcile_last_reload_success",] == 0
    assert samples["reconcile_revision_refused",] == 1
    assert samples["reconcile_queue_waiting",] == 7
    assert samples["reconcile_queue_lateness_seconds",] == pytest.approx(90, abs=30)
    assert samples["reconcile_stage_duration_seconds", ("stage", "test")] == 1.5
    assert samples["reconcile_events_total", ("event", "panics")] == 1
    sent, phone = "reconcile_alert_deliveries_total", ("channel", "phone")
    assert samples[sent, phone, ("result", "delivered")] == 3
    assert samples[sent, phone, ("result", "failed")] == 1
    assert samples["reconcile_alerts_waiting", phone] == 2
    assert samples["reconcile_incidents", ("cause", "exchange")] == 0
    told = str(list(samples))
    assert "tests_passed" not in told
    assert "alerts_failed" not in told


def test_tests_are_counted_by_result_and_class_of_failure(app):
    before = record("c", at=app.clock.now())
    diagnosis = diagnose(Category.TIMEOUT)
    meter = Meter()
    for result, why in ((Result.APPLIED, None), (Result.REJECTED, diagnosis)):
        outcome = Outcome(
            name="c",
            action=ActionKind.RETEST,
            result=result,
            reason="",
            verdict=before.last_test,
            diagnosis=why,
        )
        meter.tested([events.Tested(before=before, after=before, outcome=outcome)] * 2)
    with served(app, meter=meter) as at:
        _, samples = scraped(at)

    name, kind = "reconcile_tests_total", ("type", "custom_api")
    assert samples[name, ("category", ""), ("result", "applied"), kind] == 2
    assert samples[name, ("category", "timeout"), ("result", "rejected"), kind] == 2
    assert samples["reconcile_test_duration_seconds_count", kind] == 4


def test_requests_are_counted_by_route_and_never_by_address(app):
    fill(app, 1)
    with served(app) as at:
        with client_of(at) as client:
            client.get("/api/v1/connections/c-0000?q=secret-in-a-query")
            client.get("/secret-in-a-path")
            client.request("SECRETMETHOD", "/api/v1/state")
        families, samples = scraped(at)

    routes = values_of(families, "route")
    assert "/api/v1/connections/{name}" in routes
    assert not any("secret" in str(key).lower() for key in samples)
