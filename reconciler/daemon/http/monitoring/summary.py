"""What many connections come to, provider by provider.

A scrape comes every few seconds and ten thousand rows are many: each is put into its
group once, and ages are reckoned from the oldest moment of a group instead of from
every row's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Final

from reconciler.core.health import Health, Intent
from reconciler.core.market import Mark
from reconciler.core.record import Record
from reconciler.core.run import Row
from reconciler.core.statistics import Uptime

PROVIDERS_NAMED: Final = 100
OTHER: Final = "other"
JUDGED: Final = frozenset(set(Health) - {Health.UNKNOWN, Health.INACTIVE})
"""What was tested and is: whose latency says something."""
WINDOWS: Final = ("24h", "7d", "30d")
"""What uptime is told of, as `shares_of` returns it."""
Key = tuple[str, str]
"""Type and provider."""


@dataclass(slots=True)
class _Members:
    """Connections, and when the newest candle of each began, side by side."""

    rows: list[Row] = field(default_factory=list)
    newest_ms: list[int | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The connections of one type and provider.

    All but the first two speak of active ones only: `oldest_candle_ms` is the age of
    data where it is worst (Unix milliseconds), `uptimes` are means by window. None
    where nothing is known.
    """

    health: Mapping[Health, int]
    latencies_ms: Sequence[float] = field(repr=False)
    oldest_candle_ms: int | None
    oldest_test: datetime | None
    first_key_end: datetime | None
    first_certificate_end: datetime | None
    uptimes: Mapping[str, float]


def groups_of(rows: Iterable[Row], records: Mapping[str, Record]) -> dict[Key, Group]:
    """Return the groups in order; few providers by name, the others as one."""
    parted: dict[Key, _Members] = defaultdict(_Members)
    for row in rows:
        # The candles now, in the order in which they lie in memory: by group, looking
        # for each of them costs three times as much.
        record = records.get(row.name)
        newest_ms = newest_candle_ms(record.marks) if record is not None else None
        members = parted[row.type, row.provider]
        members.rows.append(row)
        members.newest_ms.append(newest_ms)
    found = sorted(_bounded(parted).items())
    return {key: _group_of(one) for key, one in found}


def newest_candle_ms(marks: Iterable[Mark]) -> int | None:
    """Return when the newest candle of a connection began; None without any."""
    newest_ms = None
    for mark in marks:  # a loop costs a fourth of `max` with so few
        at_ms = mark.last_candle_at_ms
        if at_ms is not None and (newest_ms is None or at_ms > newest_ms):
            newest_ms = at_ms
    return newest_ms


def shares_of(found: Uptime | None) -> tuple[float | None, ...]:
    """Return the uptime of each of the windows, nothing where nothing is known."""
    return (found.day, found.week, found.month) if found else ()


def _bounded(parted: Mapping[Key, _Members]) -> Mapping[Key, _Members]:
    """Put all but the biggest providers together."""
    sizes: Counter[str] = Counter()
    for (_, provider), members in parted.items():
        sizes[provider] += len(members.rows)
    named = {provider for provider, _ in sizes.most_common(PROVIDERS_NAMED)}
    found: dict[Key, _Members] = defaultdict(_Members)
    for (kind, provider), members in parted.items():
        into = found[kind, provider if provider in named else OTHER]
        into.rows += members.rows
        into.newest_ms += members.newest_ms
    return found


# Whole columns at a time: comprehensions cost half of a loop with methods.
def _group_of(members: _Members) -> Group:
    rows, wanted = members.rows, Intent.ACTIVE
    wants = [row.intent is wanted for row in rows]
    active = list(compress(rows, wants))
    return Group(
        health=Counter([row.health for row in rows]),
        latencies_ms=[
            row.latency_ms
            for row in rows
            if row.latency_ms is not None and row.health in JUDGED
        ],
        oldest_candle_ms=_least(compress(members.newest_ms, wants)),
        oldest_test=_first([row.last_tested_at for row in active]),
        first_key_end=_first([row.key_ends_at for row in active]),
        first_certificate_end=_first(
            [row.certificate.ends_at for row in active if row.certificate is not None]
        ),
        uptimes=dict(_means([row.uptime for row in active if row.uptime is not None])),
    )


def _means(found: Sequence[Uptime]) -> Iterator[tuple[str, float]]:
    for window, shares in zip(
        WINDOWS,
        (
            [one.day for one in found],
            [one.week for one in found],
            [one.month for one in found],
        ),
        strict=True,
    ):
        known = [share for share in shares if share is not None]
        if known:
            yield window, sum(known) / len(known)


def _first(moments: Sequence[datetime | None]) -> datetime | None:
    return min([at for at in moments if at is not None], default=None)


def _least(moments_ms: Iterable[int | None]) -> int | None:
    return min([at_ms for at_ms in moments_ms if at_ms is not None], default=None)
