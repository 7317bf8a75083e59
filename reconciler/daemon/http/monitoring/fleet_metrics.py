"""Metrics of the connections: all together by bounded words, or one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import quantiles
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric

from reconciler.core.health import Health, Intent, Sync
from reconciler.core.record import Record
from reconciler.core.run import Row

PROVIDERS_NAMED: Final = 100
OTHER: Final = "other"
_WORKS: Final = frozenset({Health.HEALTHY, Health.DEGRADED})
_JUDGED: Final = frozenset(set(Health) - {Health.UNKNOWN, Health.INACTIVE})
_PERCENTILES: Final = (50, 95, 99)
_GROUP: Final = ("type", "provider")
Group = tuple[str, str]
Value = Callable[[Row, Record], float | None]


def fleet_metrics(
    rows: Sequence[Row], records: Mapping[str, Record], *, now: datetime
) -> Iterator[Metric]:
    """Yield what is bounded, whatever the number of connections."""
    group = _grouping(rows)
    yield _counts(rows, group)
    yield _axis("sync", Counter(row.sync for row in rows), Sync)
    yield _axis("intent", Counter(row.intent for row in rows), Intent)
    yield _latencies(rows, group)
    for name, about, value, pick in (
        (
            "candle_age_seconds",
            "Age of the newest candle, of the connection with the oldest.",
            _candle_age(now),
            max,
        ),
        (
            "last_test_age_seconds",
            "Time since the last test, of the connection where it is longest.",
            _test_age(now),
            max,
        ),
        (
            "key_expiry_timestamp_seconds",
            "When the first key ends.",
            _key_end,
            min,
        ),
        (
            "certificate_expiry_timestamp_seconds",
            "When the first certificate ends that a test met.",
            _certificate_end,
            min,
        ),
    ):
        found = _grouped(rows, records, group, value)
        family = GaugeMetricFamily(f"reconcile_{name}", about, labels=_GROUP)
        for labels, values in sorted(found.items()):
            family.add_metric(labels, pick(values))
        yield family


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
        for row, record in _paired(rows, records):
            number = value(row, record)
            if number is not None:
                family.add_metric([row.name], number)
        yield family


def _grouping(rows: Sequence[Row]) -> Callable[[Row], Group]:
    """Return what gives each row its type and provider, few providers by name."""
    common = Counter(row.provider for row in rows).most_common(PROVIDERS_NAMED)
    named = {provider for provider, _ in common}
    return lambda row: (row.type, row.provider if row.provider in named else OTHER)


def _counts(rows: Sequence[Row], group: Callable[[Row], Group]) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_connections", "Connections by health.", labels=[*_GROUP, "health"]
    )
    counts = Counter((*group(row), row.health) for row in rows)
    groups = sorted({key[:2] for key in counts})
    for labels in groups:
        for health in Health:
            family.add_metric([*labels, health.value], counts[*labels, health])
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


def _latencies(rows: Sequence[Row], group: Callable[[Row], Group]) -> Metric:
    family = GaugeMetricFamily(
        "reconcile_last_test_latency_seconds",
        "Percentiles of the last tests' latency over connections.",
        labels=[*_GROUP, "percentile"],
    )
    found: dict[Group, list[float]] = defaultdict(list)
    for row in rows:
        if row.latency_ms is not None and row.health in _JUDGED:
            found[group(row)].append(row.latency_ms / 1000)
    for labels, values in sorted(found.items()):
        cuts = quantiles(values, n=100, method="inclusive") if values[1:] else values
        for percent in _PERCENTILES:
            cut = cuts[percent - 1] if values[1:] else values[0]
            family.add_metric([*labels, str(percent)], round(cut, 6))
    return family


def _grouped(
    rows: Sequence[Row],
    records: Mapping[str, Record],
    group: Callable[[Row], Group],
    value: Value,
) -> dict[Group, list[float]]:
    found: dict[Group, list[float]] = defaultdict(list)
    for row, record in _paired(rows, records):
        if row.intent is Intent.ACTIVE:
            number = value(row, record)
            if number is not None:
                found[group(row)].append(number)
    return found


def _paired(
    rows: Sequence[Row], records: Mapping[str, Record]
) -> Iterator[tuple[Row, Record]]:
    for row in rows:
        record = records.get(row.name)
        if record is not None:
            yield row, record


def _candle_age(now: datetime) -> Value:
    now_s = now.timestamp()

    def age(_row: Row, record: Record) -> float | None:
        times = [
            mark.last_candle_at_ms
            for mark in record.marks
            if mark.last_candle_at_ms is not None
        ]
        return round(now_s - max(times) / 1000, 3) if times else None

    return age


def _test_age(now: datetime) -> Value:
    def age(row: Row, _record: Record) -> float | None:
        tested = row.last_tested_at
        return (now - tested).total_seconds() if tested else None

    return age


def _key_end(row: Row, _record: Record) -> float | None:
    return row.key_ends_at.timestamp() if row.key_ends_at else None


def _certificate_end(row: Row, _record: Record) -> float | None:
    return row.certificate.ends_at.timestamp() if row.certificate else None


def _up(row: Row, _record: Record) -> float | None:
    return float(row.health in _WORKS) if row.health in _JUDGED else None


def _latency(row: Row, _record: Record) -> float | None:
    return row.latency_ms / 1000 if row.latency_ms is not None else None


def _failures(row: Row, _record: Record) -> float | None:
    return float(row.failures)


def _success(row: Row, _record: Record) -> float | None:
    return row.last_connected_at.timestamp() if row.last_connected_at else None
