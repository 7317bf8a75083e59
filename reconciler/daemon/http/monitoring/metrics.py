"""`/metrics`: what Prometheus reads, made at each scrape from what there is to see.

Names follow its conventions: one unit, spelt out, `_total` for what only grows. Labels
are bounded: at most 100 providers have a name of their own, and connections have
series of their own only where `http.series` allows so many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from reconciler.core.incidents.standing import AlertStanding
from reconciler.core.query import Table
from reconciler.core.record import Record
from reconciler.core.version import VERSION
from reconciler.daemon.control import DaemonState
from reconciler.daemon.http.api.incidents import seen_by
from reconciler.daemon.http.api.operations import table_of
from reconciler.daemon.http.monitoring.fleet_metrics import (
    fleet_metrics,
    series_metrics,
)
from reconciler.daemon.http.monitoring.probes import not_ready
from reconciler.daemon.http.site import Site, principal_of, site_of

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_OWN_COUNTERS: Final = ("tests_", "alerts_")
"""Counters that other metrics tell better."""


async def metrics(request: Request) -> Response:
    """Answer with the metrics of what somebody sees."""
    request.scope["state"]["route"] = "/metrics"
    site, principal = site_of(request), principal_of(request)
    table = await table_of(site, principal)
    seen = await site.view.seen()
    state = site.control.state()
    scrape = _Scrape(
        site=site,
        table=table,
        records=seen.records,
        state=state,
        alerts=seen_by(principal, state.alerts, table.by_name),
        now=site.clock.now(),
    )
    body = await site.run(scrape.text)
    return Response(body, media_type=CONTENT_TYPE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scrape(Collector):
    """One scrape: everything that one principal sees at one moment."""

    site: Site
    table: Table
    records: Mapping[str, Record]
    state: DaemonState
    alerts: AlertStanding
    now: datetime

    def text(self) -> bytes:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        ProcessCollector(registry=registry)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        rows = self.table.rows
        yield from _daemon(self.state, ready=not not_ready(self.site))
        yield from _alerts(self.alerts)
        yield from fleet_metrics(rows, self.records, now=self.now)
        if len(rows) <= self.site.rules.section.series:
            yield from series_metrics(rows, self.records, now=self.now)
        yield from self.site.meter.registry.collect()


def _daemon(state: DaemonState, *, ready: bool) -> Iterator[Metric]:
    yield _labelled("reconcile_build_info", "The version.", {VERSION: 1}, "version")
    yield _one("reconcile_ready", "Whether the daemon does its work.", ready)
    yield _one(
        "reconcile_network_up", "Whether this machine has a network.", state.network_up
    )
    yield _one(
        "reconcile_last_reload_success",
        "Whether files and settings could be read the last time.",
        state.reload_ok,
    )
    yield _one(
        "reconcile_revision_refused",
        "Whether the newest commit was refused and an older one runs.",
        bool(state.revisions.refused),
    )
    yield from _moments(state)
    yield from _queue(state)
    yield _labelled(
        "reconcile_stage_duration_seconds",
        "Time that a stage of the cycle took last.",
        state.stages,
        "stage",
    )
    yield from _counters(state.counters)


def _moments(state: DaemonState) -> Iterator[Metric]:
    for name, about, at in (
        ("start", "When the daemon was started.", state.started_at),
        ("last_reload", "When files were last read anew.", state.reloaded_at),
        ("last_apply", "When files were last applied.", state.revisions.applied_at),
        (
            "queue_moved",
            "When a test was last started or ended.",
            state.queue.moved_at,
        ),
    ):
        if at is not None:
            yield _one(f"reconcile_{name}_timestamp_seconds", about, at.timestamp())


def _queue(state: DaemonState) -> Iterator[Metric]:
    queue = state.queue
    late_s = 0.0
    if queue.oldest_due_at is not None:
        late_s = max(0.0, (state.now - queue.oldest_due_at).total_seconds())
    yield _one("reconcile_queue_waiting", "Tests that are due and wait.", queue.waiting)
    yield _one("reconcile_queue_running", "Tests that run.", queue.running)
    yield _one(
        "reconcile_queue_lateness_seconds",
        "How long the longest waiting test has been due.",
        late_s,
    )


def _counters(counters: Mapping[str, int]) -> Iterator[Metric]:
    """Yield the daemon's own totals, by their names."""
    events = {
        name: number
        for name, number in counters.items()
        if not name.startswith(_OWN_COUNTERS)
    }
    yield _counted(
        "reconcile_events", "What happened in the daemon, by its name.", events, "event"
    )


def _alerts(alerts: AlertStanding) -> Iterator[Metric]:
    """Yield incidents by cause, and how each channel does."""
    counts = {cause.value: number for cause, number in alerts.by_cause.items()}
    yield _labelled("reconcile_incidents", "Open incidents by cause.", counts, "cause")
    sent = CounterMetricFamily(
        "reconcile_alert_deliveries",
        "Attempts to tell people, by channel; dropped ones were given up.",
        labels=["channel", "result"],
    )
    waiting = GaugeMetricFamily(
        "reconcile_alerts_waiting", "Messages that wait.", labels=["channel"]
    )
    for one in alerts.channels:
        for result in ("delivered", "failed", "dropped"):
            number = getattr(one.delivery, result)
            sent.add_metric([one.name, result], float(number))
        waiting.add_metric([one.name], float(one.waiting))
    yield sent
    yield waiting


def _one(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=float(value))


def _labelled(name: str, about: str, values: Mapping[str, float], label: str) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for word, value in values.items():
        family.add_metric([word], float(value))
    return family


def _counted(name: str, about: str, values: Mapping[str, int], label: str) -> Metric:
    family = CounterMetricFamily(name, about, labels=[label])
    for word, value in values.items():
        family.add_metric([word], float(value))
    return family
