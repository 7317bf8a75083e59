"""The list of connections: counts first, problems first, everything by address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import quote, urlencode

from reconciler.core.connectivity import Outage
from reconciler.core.health import Health, Intent, Sync
from reconciler.core.query import Answer, Query, Sort
from reconciler.core.version import VERSION
from reconciler.report.html.charts import Spark, spark
from reconciler.report.html.toolkit import Shell, render
from reconciler.report.text import count

LIMITS: Final = (50, 100, 250, 500)
PAGE_LIMIT: Final = 50
FIRST: Final = Sort.TROUBLE
"""The order unless another is asked for."""
_TILES: Final[tuple[tuple[str, StrEnum], ...]] = (
    ("health", Health.ERROR),
    ("sync", Sync.REJECTED),
    ("health", Health.STALE),
    ("health", Health.DEGRADED),
    ("sync", Sync.DRIFTED),
    ("sync", Sync.ORPHANED),
    ("sync", Sync.PENDING),
    ("health", Health.UNKNOWN),
    ("intent", Intent.SUSPENDED),
    ("health", Health.HEALTHY),
    ("health", Health.INACTIVE),
    ("intent", Intent.INACTIVE),
    ("intent", Intent.ACTIVE),
    ("sync", Sync.IN_SYNC),
)
_USUAL: Final = frozenset(
    {("intent", Intent.ACTIVE), ("intent", Intent.INACTIVE), ("sync", Sync.IN_SYNC)}
)
"""Counted elsewhere or by the whole: shown only when they are asked for."""
_ORDERS: Final[Mapping[Sort, str]] = {
    Sort.TROUBLE: "problems first",
    Sort.NAME: "name",
    Sort.PROVIDER: "provider",
    Sort.OWNER: "owner",
    Sort.LATENCY: "latency",
    Sort.UPTIME: "uptime",
    Sort.TESTED: "last test",
    Sort.USED: "last use",
    Sort.FAILURES: "failures",
}
_HEADS: Final = (
    (Sort.NAME, "Connection", ""),
    (Sort.TROUBLE, "State", ""),
    (Sort.OWNER, "Owner", "low"),
    (Sort.LATENCY, "Latency", "number low"),
    (Sort.UPTIME, "Up, 30 d", "number lower"),
    (Sort.TESTED, "Tested", "lower"),
)
_AROUND: Final = 2
"""So many pages are named before and after the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one page of the list shows.

    `all` counts everything that whoever looks may see. `latencies_ms` are those of
    the newest passed tests by name, newest last. `owners`, `types` and `providers`
    can be chosen. `notice` is what has to be said first, such as that the records
    could not be read just now; `outage` that our own network is down.
    """

    query: Query
    answer: Answer
    all: int
    as_of: datetime
    now: datetime
    latencies_ms: Mapping[str, Sequence[int]] = field(default_factory=dict)
    owners: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    notice: str = ""
    outage: Outage | None = None
    refresh_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """How many there are of one word, and the address that shows or hides them."""

    word: str
    number: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One select of the form."""

    name: str
    label: str
    words: tuple[str, ...]
    chosen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One column's head; `sorted` is `ascending` or `descending` or empty."""

    text: str
    classes: str
    address: str
    sorted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    """One page of the results; without an address a gap."""

    text: str
    address: str = ""
    current: bool = False
    rel: str = ""


def list_page(shell: Shell, listing: Listing) -> str:
    """Return the list as a page."""
    answer, query = listing.answer, listing.query
    return render(
        "list.html",
        shell,
        listing=listing,
        query=query,
        rows=answer.rows,
        everything=shell.home + _text(_narrowed(query)),
        tiles=list(_tiles(shell.home, query, answer)),
        choices=_choices(listing),
        kept=_kept(query),
        label=_label(query),
        orders=_ORDERS.items(),
        order_words=_order_words(query),
        limits=sorted({*LIMITS, query.limit}),
        heads=[_head(shell.home, query, *one) for one in _HEADS],
        pages=list(_pages(shell.home, query, answer)),
        status=_status(answer),
        sparks=_sparks(listing),
        address_of=lambda name: address_of(shell.home, name),
        version=VERSION,
    )


def address_of(home: str, name: str) -> str:
    """Return the address of one connection's page."""
    return f"{home}connections/{quote(name, safe='')}"


def query_pairs(query: Query) -> list[tuple[str, str]]:
    """Return a question as the parameters of an address, without what is usual."""
    pairs = [("q", query.text)] if query.text else []
    for name in ("health", "sync", "intent"):
        pairs += [(name, word) for word in sorted(getattr(query, name))]
    for name in ("owner", "type", "provider"):
        pairs += [(name, word) for word in getattr(query, name)]
    pairs += [("label", str(term)) for term in query.labels]
    usual = Query(sort=FIRST, limit=PAGE_LIMIT)
    if query.sort is not usual.sort:
        pairs.append(("sort", query.sort.value))
    if query.descending:
        pairs.append(("order", "desc"))
    if query.limit != usual.limit:
        pairs.append(("limit", str(query.limit)))
    if query.offset:
        pairs.append(("offset", str(query.offset)))
    return pairs


def _text(query: Query) -> str:
    pairs = query_pairs(query)
    return f"?{urlencode(pairs)}" if pairs else ""


def _narrowed(query: Query) -> Query:
    """Return the question without the axes."""
    return replace(
        query, health=frozenset(), sync=frozenset(), intent=frozenset(), offset=0
    )


def _tiles(home: str, query: Query, answer: Answer) -> Iterator[Tile]:
    for axis, word in _TILES:
        number = getattr(answer.counts, axis)[word]
        chosen = getattr(query, axis)
        if word in chosen or (number and (axis, word) not in _USUAL):
            asked = replace(query, **{axis: chosen ^ {word}}, offset=0)
            yield Tile(
                word=word,
                number=number,
                chosen=word in chosen,
                address=home + _text(asked),
            )


def _choices(listing: Listing) -> list[Choice]:
    query = listing.query
    offered = (
        ("provider", "Provider", listing.providers, query.provider),
        ("type", "Type", listing.types, query.type),
        ("owner", "Owner", listing.owners, query.owner),
    )
    return [
        Choice(
            name=name,
            label=label,
            words=tuple(dict.fromkeys((*words, *chosen[:1]))),
            chosen=chosen[:1],
        )
        for name, label, words, chosen in offered
        if len(words) > 1 or chosen
    ]


def _kept(query: Query) -> list[tuple[str, str]]:
    """Return what the form does not ask for but takes along."""
    offered = {"q", "sort", "order", "limit", "offset"}
    pairs = [pair for pair in query_pairs(query) if pair[0] not in offered]
    seen: set[str] = set()
    kept = []
    for name, word in pairs:
        # The form itself asks for the first of each of these.
        if name in {"owner", "type", "provider", "label"} and name not in seen:
            seen.add(name)
            continue
        kept.append((name, word))
    return kept


def _label(query: Query) -> str:
    return next(map(str, query.labels), "")


def _order_words(query: Query) -> str:
    by = _ORDERS.get(query.sort, query.sort.value)
    words = by if query.sort is FIRST else f"by {by}"
    return f"{words}, the other way round" if query.descending else words


def _head(home: str, query: Query, sort: Sort, text: str, classes: str) -> Head:
    here = query.sort is sort
    asked = replace(
        query, sort=sort, descending=here and not query.descending, offset=0
    )
    direction = "descending" if query.descending else "ascending"
    return Head(
        text=text,
        classes=classes,
        address=home + _text(asked),
        sorted=direction if here else "",
    )


def _pages(home: str, query: Query, answer: Answer) -> Iterator[PageLink]:
    last = max(0, (answer.total - 1) // query.limit)
    here = answer.offset // query.limit

    def link(number: int, text: str = "", rel: str = "") -> PageLink:
        asked = replace(query, offset=number * query.limit, after="")
        return PageLink(
            text=text or str(number + 1),
            address=home + _text(asked),
            current=number == here and not text,
            rel=rel,
        )

    if not last:
        return
    if here:
        yield link(here - 1, "Previous", "prev")
    shown = {0, last, *range(max(0, here - _AROUND), min(last, here + _AROUND) + 1)}
    before = -1
    for number in sorted(shown):
        if number > before + 1:
            yield PageLink(text="…")
        yield link(number)
        before = number
    if here < last:
        yield link(here + 1, "Next", "next")


def _status(answer: Answer) -> str:
    if not answer.total:
        return "No connections match."
    first, last = answer.offset + 1, answer.offset + len(answer.rows)
    shown = count(answer.total, "connection")
    if len(answer.rows) == answer.total:
        return shown
    return f"{first:,} to {last:,} of {answer.total:,} connections"


def _sparks(listing: Listing) -> Mapping[str, Spark]:
    found: dict[str, Spark] = {}
    for row in listing.answer.rows:
        drawn = spark(listing.latencies_ms.get(row.name, ()))
        if drawn:
            found[row.name] = drawn
    return found


def distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Return what can be chosen: each word once, in order, none that is empty."""
    return tuple(sorted(filter(None, set(words))))
