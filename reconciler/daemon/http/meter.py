"""Totals since the start of what the daemon did: for metrics, by bounded words only.

No name of a connection is ever a label here: ten thousand of them would be as many
series, for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram

from reconciler.core.run import RunReport
from reconciler.daemon.events import Tested

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Meter:
    """Counts tests, as a `Listener` of the engine, and requests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._tests = Counter(
            "reconcile_tests",
            "Tests of what runs, by their result and the class of the failure.",
            ("type", "result", "category"),
            registry=self.registry,
        )
        self._test_seconds = Histogram(
            "reconcile_test_duration_seconds",
            "Time that a provider took for the requests of one test.",
            ("type",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._requests = Counter(
            "reconcile_http_requests",
            "Requests to this server, by route and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._request_seconds = Histogram(
            "reconcile_http_request_duration_seconds",
            "Time that a request took.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def tested(self, results: Sequence[Tested]) -> None:
        """Count tests that were committed."""
        for one in results:
            outcome, kind = one.outcome, one.before.type
            category = outcome.diagnosis.category.value if outcome.diagnosis else ""
            self._tests.labels(kind, outcome.result.value, category).inc()
            latency_ms = outcome.verdict.latency_ms if outcome.verdict else None
            if latency_ms is not None:
                self._test_seconds.labels(kind).observe(latency_ms / 1000)

    def reported(self, report: RunReport) -> None:
        """Hear of a cycle; there is nothing to count of it."""

    def answered(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request; its route is one of ours, or empty."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)
