"""Metrics of the connections: all together by bounded words, or one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import quantiles
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric

from reconciler.core.health import Health, Intent, Sync
from reconciler.core.record import Record
from reconciler.core.run import Row
from reconciler.daemon.http.monitoring.summary import (
    JUDGED,
    WINDOWS,
    Group,
    Key,
    groups_of,
    newest_candle_ms,
    shares_of,
)

_WORKS: Final = frozenset({Health.HEALTHY, Health.DEGRADED})
_PERCENTILES: Final = (50, 95, 99)
_GROUP: Final = ("type", "provider")
Groups = Mapping[Key, Group]
Value = Callable[[Row, Record], float | None]


def fleet_metrics(
    rows: Sequence[Row], records: Mapping[str, Record], *, now: datetime
) -> Iterator[Metric]:
    """Yield what is bounded, whatever the number of connections."""
    groups = groups_of(rows, records)
    yield _counts(groups)
    yield _axis("sync", Counter([row.sync for row in rows]), Sync)
    yield _axis("intent", Counter([row.intent for row in rows]), Intent)
    yield _latencies(groups)
    yield _uptimes(groups)
    yield _by_group(
        "candle_age_seconds",
        "Age of the newest candle, of the connection with the oldest.",
        {key: _age_ms(one.oldest_candle_ms, now) for key, one in groups.items()},
    )
    yield _by_group(
        "last_test_age_seconds",
        "Time since the last test, of the connection where it is longest.",
        {key: _age(one.oldest_test, now) for key, one in groups.items()},
    )
    yield _by_group(
        "key_expiry_timestamp_seconds",
        "When the first key ends.",
        {key: _moment(one.first_key_end) for key, one in groups.items()},
    )
    yield _by_group(
        "certificate_expiry_timestamp_seconds",
        "When the first certificate ends that a test met.",
        {key: _moment(one.first_certificate_end) for key, one in groups.items()},
    )


def series_metrics(
    rows: Sequence[Row], records: Mapping[str, Record], *, now: datetime
) -> Iterator[Metric]:
    """Yield series by connection; the caller bounds their number."""
    for name, about, value in (
        ("up", "Whether it works: healthy or degraded.", _up),
        ("latency_seconds", "Time of the last test's requests.", _latency),
        ("candle_age_seconds", "Age of its newest candle.", _candle_age(now)),
        ("failures", "Failed tests in a row.", _failures),
        ("last_success_timestamp_seconds", "When a test last passed.", _success),
    ):
        family = GaugeMetricFamily(
            f"reconcile_connection_{name}", about, labels=["connection"]
        )
        for row in rows:
            record = records.get(row.name)
            number = value(row, record) if record is not None else None
            if number is not None:
                family.add_metric([row.name], number)
        yield family
    yield _own_uptimes(rows)


def _counts(groups: Groups) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_connections", "Connections by health.", labels=[*_GROUP, "health"]
    )
    for key, group in groups.items():
        for health in Health:
            family.add_metric([*key, health.value], group.health.get(health, 0))
    return family


def _axis(
    name: str, counts: Mapping[Sync | Intent, int], words: Iterable[Sync | Intent]
) -> Metric:
    family = GaugeMetricFamily(
        f"reconcile_connections_by_{name}", f"Connections by {name}.", labels=[name]
    )
    for word in words:
        family.add_metric([word.value], counts.get(word, 0))
    return family


def _latencies(groups: Groups) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_last_test_latency_seconds",
        "Percentiles of the last tests' latency over connections.",
        labels=[*_GROUP, "percentile"],
    )
    for key, group in groups.items():
        if not group.latencies_ms:
            continue
        values = group.latencies_ms
        cuts = quantiles(values, n=100, method="inclusive") if values[1:] else []
        for percent in _PERCENTILES:
            cut_ms = cuts[percent - 1] if cuts else values[0]
            family.add_metric([*key, str(percent)], round(cut_ms / 1000, 6))
    return family


def _uptimes(groups: Groups) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_uptime_ratio",
        "Share of the known time in which the last test had passed, mean of those "
        "that are active.",
        labels=[*_GROUP, "window"],
    )
    for key, group in groups.items():
        for window, share in group.uptimes.items():
            family.add_metric([*key, window], share)
    return family


def _own_uptimes(rows: Iterable[Row]) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_connection_uptime_ratio",
        "Share of the known time in which its last test had passed.",
        labels=["connection", "window"],
    )
    for row in rows:
        for window, share in zip(WINDOWS, shares_of(row.uptime), strict=False):
            if share is not None:
                family.add_metric([row.name, window], share)
    return family


def _by_group(name: str, about: str, values: Mapping[Key, float | None]) -> Metric:
    family = GaugeMetricFamily(f"reconcile_{name}", about, labels=_GROUP)
    for key, value in values.items():
        if value is not None:
            family.add_metric(key, value)
    return family


def _age_ms(at_ms: int | None, now: datetime) -> float | None:
    return None if at_ms is None else round(now.timestamp() - at_ms / 1000, 3)


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else (now - at).total_seconds()


def _moment(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _candle_age(now: datetime) -> Value:
    return lambda _row, record: _age_ms(newest_candle_ms(record.marks), now)


def _up(row: Row, _record: Record) -> float | None:
    return float(row.health in _WORKS) if row.health in JUDGED else None


def _latency(row: Row, _record: Record) -> float | None:
    return row.latency_ms / 1000 if row.latency_ms is not None else None


def _failures(row: Row, _record: Record) -> float | None:
    return float(row.failures)


def _success(row: Row, _record: Record) -> float | None:
    return _moment(row.last_connected_at)
