"""Finding connections among many: search, filter, sort, page and count; pure.

A `Table` remembers what several questions need, so that 10,000 rows answer a
question in milliseconds; it never changes.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final

from reconciler.core.health import Health, Intent, Sync
from reconciler.core.run import Row
from reconciler.core.selecting import LabelTerm, fits_all

MAX_LIMIT: Final = 500
_WORST_FIRST: Final = {
    health: place
    for place, health in enumerate(
        (
            Health.ERROR,
            Health.STALE,
            Health.DEGRADED,
            Health.UNKNOWN,
            Health.HEALTHY,
            Health.INACTIVE,
        )
    )
}
_TROUBLE: Final = {
    Sync.REJECTED: 0.5,
    Sync.DRIFTED: 2.3,
    Sync.ORPHANED: 2.6,
    Sync.PENDING: 3.5,
}
"""Where a connection stands by its sync among those ordered by their health."""
_LEAST: Final = float(len(_WORST_FIRST))
_KEPT: Final = 32
"""Questions whose answers a table remembers."""
_WILD: Final = frozenset("*?[")


class Sort(StrEnum):
    """What rows can be ordered by; equal ones are ordered by name."""

    NAME = "name"
    TYPE = "type"
    PROVIDER = "provider"
    OWNER = "owner"
    INTENT = "intent"
    SYNC = "sync"
    HEALTH = "health"
    LATENCY = "latency"
    TESTED = "tested"
    FAILURES = "failures"
    TROUBLE = "trouble"
    UPTIME = "uptime"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for; empty means anything.

    Every word of `text` must occur in the name, type, provider, owner, a label or
    the class of the diagnosis, in any case of letters. Axes, owners, types and
    providers accept any of their values, labels must all fit; globs are allowed.
    Health is sorted with the worst first; trouble is that order with the sync taken
    into account. What has no value comes last, whichever the direction. `after` is
    the `next` of an answer; it and `offset` exclude each other. `limit` is
    1 to 500 rows.
    """

    text: str = ""
    intent: frozenset[Intent] = frozenset()
    sync: frozenset[Sync] = frozenset()
    health: frozenset[Health] = frozenset()
    owner: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    labels: tuple[LabelTerm, ...] = ()
    sort: Sort = Sort.NAME
    descending: bool = False
    limit: int = 50
    offset: int = 0
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many there are of each word of each axis; every word is there.

    Each axis is counted over what everything else of the question matches, so that
    the numbers tell what choosing another word of this axis would show.
    """

    intent: Mapping[Intent, int]
    sync: Mapping[Sync, int]
    health: Mapping[Health, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One page. `total` is what matches on all pages; `next` leads to the next one.

    A page after `next` is stable: what comes or goes elsewhere moves no row of it.
    """

    rows: tuple[Row, ...]
    total: int
    offset: int
    next: str
    counts: Counts


class Table:
    """Rows that can be asked; equal rows give equal answers."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows: Final = tuple(sorted(rows, key=lambda row: row.name))
        self._orders: dict[tuple[Sort, bool], Sequence[int]] = {}
        self._found: dict[Any, tuple[Sequence[bool], Counts]] = {}

    @cached_property
    def by_name(self) -> Mapping[str, Row]:
        """Return the rows by their names."""
        return {row.name: row for row in self.rows}

    @cached_property
    def words(self) -> Sequence[str]:
        """Return what is searched of each row."""
        return tuple(map(_words_of, self.rows))

    def order(self, sort: Sort, *, descending: bool) -> Sequence[int]:
        """Return the rows' places in the order asked for."""
        wanted = (sort, descending)
        if wanted not in self._orders:
            self._orders[wanted] = _ordered(self.rows, sort, descending=descending)
        return self._orders[wanted]

    def found(self, query: Query) -> tuple[Sequence[bool], Counts]:
        """Return which rows match, and the counts; the same for every page of them."""
        wanted = (
            *(query.text, query.intent, query.sync, query.health),
            *(query.owner, query.type, query.provider),
            query.labels,
        )
        if wanted not in self._found:
            if len(self._found) >= _KEPT:
                self._found.clear()
            self._found[wanted] = _found(self, query)
        return self._found[wanted]


def ask(table: Table, query: Query) -> Answer:
    """Return one page of what matches, and the counts.

    Raises:
        ValueError: `after` is not what an answer with this order gave as `next`.
    """
    places, counts = table.found(query)
    order = _order_of(table, places, query)
    start = query.offset
    if query.after:
        start = _start_after(table, order, query)
    page = order[start : start + query.limit]
    rows = tuple(table.rows[place] for place in page)
    more = start + len(rows) < len(order)
    return Answer(
        rows=rows,
        total=len(order),
        offset=start,
        next=_cursor(rows[-1], query) if more and rows else "",
        counts=counts,
    )


def every_match(table: Table, query: Query) -> tuple[Row, ...]:
    """Return all that matches, on one page, in the order asked for."""
    places, _ = table.found(query)
    return tuple(table.rows[place] for place in _order_of(table, places, query))


def matches(row: Row, query: Query) -> bool:
    """Tell whether one row is what is asked for."""
    table = Table((row,))
    return bool(_found(table, query)[0][0])


def _order_of(table: Table, hits: Sequence[bool], query: Query) -> list[int]:
    """Return the places of what matches, in the order asked for."""
    if query.sort is Sort.NAME and not query.descending:
        return [place for place, hit in enumerate(hits) if hit]
    ranked = table.order(query.sort, descending=query.descending)
    return [place for place in ranked if hits[place]]


def _found(table: Table, query: Query) -> tuple[Sequence[bool], Counts]:
    """Return which rows match, and the counts."""
    others = _others(table, query)
    intents: Counter[Intent] = Counter()
    syncs: Counter[Sync] = Counter()
    healths: Counter[Health] = Counter()
    found = []
    for place, row in enumerate(table.rows):
        if others is not None and not others[place]:
            found.append(False)
            continue
        intent = not query.intent or row.intent in query.intent
        sync = not query.sync or row.sync in query.sync
        health = not query.health or row.health in query.health
        if sync and health:
            intents[row.intent] += 1
        if intent and health:
            syncs[row.sync] += 1
        if intent and sync:
            healths[row.health] += 1
        found.append(intent and sync and health)
    counts = Counts(
        intent={word: intents[word] for word in Intent},
        sync={word: syncs[word] for word in Sync},
        health={word: healths[word] for word in Health},
    )
    return found, counts


def _others(table: Table, query: Query) -> Sequence[bool] | None:
    """Return which rows match all but the axes; None when nothing is asked."""
    tests: list[Callable[[Row], bool]] = [
        _among(attribute, patterns)
        for attribute in ("owner", "type", "provider")
        if (patterns := getattr(query, attribute))
    ]
    if query.labels:
        tests.append(lambda row: fits_all(query.labels, row.labels))
    wanted = query.text.casefold().split()
    if not tests and not wanted:
        return None
    if not wanted:
        return [all(test(row) for test in tests) for row in table.rows]
    return [
        all(word in words for word in wanted) and all(test(row) for test in tests)
        for row, words in zip(table.rows, table.words, strict=True)
    ]


def _among(attribute: str, patterns: Sequence[str]) -> Callable[[Row], bool]:
    plain = frozenset(pattern for pattern in patterns if not _WILD & set(pattern))
    globs = [pattern for pattern in patterns if pattern not in plain]

    def test(row: Row) -> bool:
        text = getattr(row, attribute)
        return text in plain or any(fnmatchcase(text, glob) for glob in globs)

    return test


def _words_of(row: Row) -> str:
    labels = (f"{key}={value}" for key, value in row.labels.items())
    category = row.diagnosis.category.value if row.diagnosis else ""
    parts = (row.name, row.type, row.provider, row.owner, category, *labels)
    return "\n".join(parts).casefold()


_VALUES: Final[Mapping[Sort, Callable[[Row], Any]]] = {
    Sort.NAME: lambda row: row.name,
    Sort.TYPE: lambda row: row.type,
    Sort.PROVIDER: lambda row: row.provider,
    Sort.OWNER: lambda row: row.owner,
    Sort.INTENT: lambda row: row.intent.value,
    Sort.SYNC: lambda row: row.sync.value,
    Sort.HEALTH: lambda row: _WORST_FIRST[row.health],
    Sort.LATENCY: lambda row: row.latency_ms,
    Sort.TESTED: lambda row: (
        row.last_tested_at.timestamp() if row.last_tested_at else None
    ),
    Sort.FAILURES: lambda row: row.failures,
    Sort.UPTIME: lambda row: row.uptime.month if row.uptime else None,
    Sort.USED: lambda row: row.last_used_at.timestamp() if row.last_used_at else None,
    Sort.TROUBLE: lambda row: min(
        _WORST_FIRST[row.health], _TROUBLE.get(row.sync, _LEAST)
    ),
}


def _ordered(rows: Sequence[Row], sort: Sort, *, descending: bool) -> Sequence[int]:
    value = _VALUES[sort]
    values = [value(row) for row in rows]
    present = [place for place, found in enumerate(values) if found is not None]
    missing = [place for place, found in enumerate(values) if found is None]
    present.sort(key=values.__getitem__, reverse=descending)  # equal ones: by name
    return [*present, *missing]


def _cursor(row: Row, query: Query) -> str:
    parts = [query.sort.value, query.descending, _VALUES[query.sort](row), row.name]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _start_after(table: Table, order: Sequence[int], query: Query) -> int:
    """Return where the first row stands that comes after the cursor's."""
    value, name = _opened(query)
    last, of = (value, name), _VALUES[query.sort]
    for start, place in enumerate(order):
        one = (of(table.rows[place]), table.rows[place].name)
        if _comes_after(one, last, descending=query.descending):
            return start
    return len(order)


def _comes_after(
    one: tuple[Any, str], other: tuple[Any, str], *, descending: bool
) -> bool:
    if one[0] == other[0]:
        return one[1] > other[1]
    if one[0] is None or other[0] is None:
        return one[0] is None
    return bool(one[0] < other[0] if descending else one[0] > other[0])


def _opened(query: Query) -> tuple[Any, str]:
    try:
        text = urlsafe_b64decode(query.after + "=" * (-len(query.after) % 4))
        sort, descending, value, name = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        raise ValueError("this is not the 'next' of an answer") from None
    kind = (int, float) if query.sort in _NUMBERS else str
    fits = isinstance(value, kind) or (value is None and query.sort in _NUMBERS)
    if (sort, descending) != (query.sort, query.descending) or not (
        fits and isinstance(name, str)
    ):
        raise ValueError("it is the 'next' of an answer in another order")
    return value, name


_NUMBERS: Final = frozenset(
    {
        *(Sort.HEALTH, Sort.LATENCY, Sort.TESTED, Sort.FAILURES),
        *(Sort.TROUBLE, Sort.UPTIME, Sort.USED),
    }
)
