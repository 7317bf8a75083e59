"""Finding connections: what matches, in which order, page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.health import Health, Intent, Sync
from reconciler.core.query import Query, Sort, Table, ask, matches
from reconciler.core.run import Row
from reconciler.core.selecting import label_term
from reconciler.core.statistics import Uptime

# A busy machine generates slowly; that says nothing about these laws.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
START = datetime(2026, 1, 1, tzinfo=UTC)


def row(name, **fields):
    given = {
        "type": "ccxt_crypto",
        "provider": "binance",
        "owner": "admin",
        "intent": Intent.ACTIVE,
        "sync": Sync.IN_SYNC,
        "health": Health.HEALTHY,
    }
    return Row(name=name, **(given | fields))


ROWS = st.lists(
    st.builds(
        row,
        st.text("abc", min_size=1, max_size=3),
        provider=st.sampled_from(["binance", "okx"]),
        health=st.sampled_from(Health),
        intent=st.sampled_from(Intent),
        sync=st.sampled_from(Sync),
        latency_ms=st.none() | st.sampled_from([1.0, 2.5, 40.0]),
        failures=st.integers(0, 2),
        last_tested_at=st.none()
        | st.integers(0, 3).map(lambda n: START + timedelta(hours=n)),
    ),
    max_size=8,
    unique_by=lambda one: one.name,
)


def names(answer):
    return [one.name for one in answer.rows]


def terms(*texts):
    return tuple(map(label_term, texts))


FLEET = (
    row("binance-main", labels={"env": "prod"}, owner="user:anna", latency_ms=30.0),
    row("binance-test", labels={"env": "test"}, sync=Sync.PENDING),
    row("fx", type="mtapi", provider="mt4_1", health=Health.ERROR, latency_ms=10.0),
    row(
        "okx",
        provider="okx",
        health=Health.STALE,
        diagnosis=diagnose(Category.RATE_LIMITED),
    ),
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["binance-main", "binance-test", "fx", "okx"]),
        (Query(text="BINANCE env=prod"), ["binance-main"]),
        (Query(text="rate_limited"), ["okx"]),
        (Query(text="anna"), ["binance-main"]),
        (Query(health=frozenset({Health.ERROR, Health.STALE})), ["fx", "okx"]),
        (Query(sync=frozenset({Sync.PENDING})), ["binance-test"]),
        (Query(owner=("user:*",)), ["binance-main"]),
        (Query(type=("mtapi", "nothing")), ["fx"]),
        (Query(provider=("mt4_*", "okx")), ["fx", "okx"]),
        (Query(labels=terms("!env")), ["fx", "okx"]),
        (Query(labels=terms("env!=pr*")), ["binance-test", "fx", "okx"]),
        (Query(labels=terms("env")), ["binance-main", "binance-test"]),
        (Query(labels=terms("env=prod", "desk")), []),
        (Query(sort=Sort.HEALTH), ["fx", "okx", "binance-main", "binance-test"]),
        (Query(sort=Sort.LATENCY), ["fx", "binance-main", "binance-test", "okx"]),
        (
            Query(sort=Sort.LATENCY, descending=True),
            ["binance-main", "fx", "binance-test", "okx"],
        ),
        (Query(limit=2, offset=1), ["binance-test", "fx"]),
        (Query(offset=9), []),
    ],
)
def test_a_question_finds_what_it_asks_for(query, found):
    assert names(ask(Table(FLEET), query)) == found


def test_an_axis_is_counted_over_what_all_the_rest_matches():
    answer = ask(Table(FLEET), Query(text="binance", sync=frozenset({Sync.PENDING})))

    assert answer.total == 1
    assert answer.counts.sync[Sync.IN_SYNC] == 1
    assert answer.counts.sync[Sync.PENDING] == 1
    assert answer.counts.health[Health.HEALTHY] == 1
    assert answer.counts.intent[Intent.SUSPENDED] == 0


@patient
@given(rows=ROWS, sort=st.sampled_from(Sort), descending=st.booleans())
def test_following_next_shows_each_row_once_in_the_one_order(rows, sort, descending):
    table = Table(rows)
    whole = ask(table, Query(sort=sort, descending=descending, limit=500))

    seen, after = [], ""
    for _ in range(len(rows) + 1):
        page = ask(table, Query(sort=sort, descending=descending, limit=2, after=after))
        seen += names(page)
        after = page.next
        if not after:
            break

    assert seen == names(whole)
    assert sorted(seen) == sorted(one.name for one in rows)


@patient
@given(rows=ROWS, gone=st.integers(0, 12), sort=st.sampled_from(Sort))
def test_what_comes_and_goes_elsewhere_moves_no_row_of_the_next_page(rows, gone, sort):
    query = Query(sort=sort, limit=2)
    page = ask(Table(rows), query)
    if not page.next:
        return
    follows = names(ask(Table(rows), Query(sort=sort, limit=500, after=page.next)))
    kept = [one for index, one in enumerate(rows) if index != gone]

    after = names(ask(Table(kept), Query(sort=sort, limit=500, after=page.next)))

    assert after == [name for name in follows if name in {one.name for one in kept}]


@patient
@given(
    rows=ROWS,
    text=st.sampled_from(["", "a", "okx", "b okx"]),
    health=st.frozensets(st.sampled_from(Health)),
    intent=st.frozensets(st.sampled_from(Intent)),
)
def test_pages_totals_and_counts_agree_with_asking_each_row(rows, text, health, intent):
    query = Query(text=text, health=health, intent=intent, limit=500)

    answer = ask(Table(rows), query)

    one_by_one = sorted(one.name for one in rows if matches(one, query))
    assert names(answer) == one_by_one
    assert answer.total == len(one_by_one)
    chosen = health or frozenset(Health)
    assert sum(answer.counts.health[word] for word in chosen) == answer.total


@pytest.mark.parametrize("after", ["x", "W10", "bnVsbA", "[]", "a" * 999, "é"])
def test_a_next_that_nobody_gave_is_refused(after):
    with pytest.raises(ValueError, match="'next' of an answer"):
        ask(Table(FLEET), Query(after=after))


def test_a_next_of_another_order_is_refused():
    given = ask(Table(FLEET), Query(limit=1)).next

    with pytest.raises(ValueError, match="another order"):
        ask(Table(FLEET), Query(after=given, sort=Sort.LATENCY))


def test_trouble_is_sorted_by_health_and_sync_together():
    fleet = (
        row("a-fine"),
        row("b-off", health=Health.INACTIVE, intent=Intent.INACTIVE),
        row("c-refused", sync=Sync.REJECTED),
        row("d-pending", sync=Sync.PENDING),
        row("e-failing", health=Health.ERROR),
        row("f-stale", health=Health.STALE),
        row("g-orphan", sync=Sync.ORPHANED, health=Health.INACTIVE),
    )

    answer = ask(Table(fleet), Query(sort=Sort.TROUBLE))

    assert "".join(name[0] for name in names(answer)) == "ecfgdab"


def test_what_was_never_used_or_measured_comes_last():
    fleet = (
        row("never"),
        row("often", last_used_at=START, uptime=Uptime(month=0.9)),
        row("now", last_used_at=START + timedelta(hours=1), uptime=Uptime(month=1)),
    )

    used = ask(Table(fleet), Query(sort=Sort.USED, descending=True))
    up = ask(Table(fleet), Query(sort=Sort.UPTIME))

    assert names(used) == ["now", "often", "never"]
    assert names(up) == ["often", "now", "never"]
