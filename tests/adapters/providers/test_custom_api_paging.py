"""Pages are walked as far as was asked for, and no walk is without an end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.custom_api.pages import Pages, next_link
from reconciler.core.errors import ProviderError
from reconciler.sandbox.candles import INSTRUMENTS
from tests.adapters.providers.custom_api_cases import feed, paths_of, with_session

KINDS = {
    "cursor": ({"cursor": "{cursor}"}, {"next": "meta.next"}),
    "page": ({"page": "{page}"}, {}),
    "offset": ({"offset": "{offset}"}, {}),
    "link": ({}, {"type": "link_header"}),
    "time": ({"end": "{until_ms}"}, {}),
}


def paged(kind, *, max_pages=None, max_limit=None):
    params, pagination = KINDS[kind]
    pagination = {"type": kind, **pagination}
    if max_pages:
        pagination["max_pages"] = max_pages
    ohlcv = {
        "path": f"/paged/{kind}/candles",
        "params": {
            "symbol": "{symbol}",
            "interval": "{timeframe}",
            "limit": "{limit}",
            "start": "{since_ms}",
            **params,
        },
        "rows": "data",
        "order": "any",
        "pagination": pagination,
    }
    if max_limit:
        ohlcv["max_limit"] = max_limit
    symbols = {
        "path": f"/paged/{kind}/symbols",
        "params": params,
        "rows": "data",
        "pagination": pagination,
    }
    if kind == "time":
        symbols = {}
    return feed(ohlcv=ohlcv, symbols=symbols)


def bars(sandbox, case, **asked):
    sandbox.reset_requests()
    return with_session(sandbox, case, lambda s: s.candles("BTC/USDT", "1m", **asked))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("limit", "requests"), [(3, 1), (5, 1), (6, 2), (23, 5)])
def test_as_many_pages_are_read_as_the_limit_takes(sandbox, kind, limit, requests):
    candles = bars(sandbox, paged(kind), limit=limit)

    times = [candle.opened_at_ms for candle in candles]
    assert len(candles) == limit
    assert {b - a for a, b in pairwise(times)} <= {60_000}
    assert len(paths_of(sandbox, "feed")) == requests


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_cap_is_the_end(sandbox, kind):
    candles = bars(sandbox, paged(kind, max_pages=2), limit=500)

    assert len(candles) == 10
    assert len(paths_of(sandbox, "feed")) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_walk_may_begin_in_the_past(sandbox, kind):
    newest = bars(sandbox, paged(kind), limit=20)
    since = newest[4].opened_at_ms

    candles = bars(sandbox, paged(kind), limit=7, since_ms=since)

    assert [c.opened_at_ms for c in candles] == [since + i * 60_000 for i in range(7)]


def test_a_request_asks_for_no_more_than_the_feed_gives(sandbox):
    candles = bars(sandbox, paged("page", max_limit=2), limit=6)

    assert len(candles) == 6
    assert len(paths_of(sandbox, "feed")) == 3


@pytest.mark.parametrize("kind", ["cursor", "page", "offset", "link"])
def test_all_symbols_are_read(sandbox, kind):
    names = with_session(sandbox, paged(kind), lambda s: s.symbols())

    assert set(names) == set(INSTRUMENTS)


def pages(kind, **how):
    call = {
        "path": "/x",
        "params": {"c": "{cursor}", "p": "{page}"},
        "pagination": {"type": kind, **how},
    }
    return Pages(call, {}, endpoint="https://md.example.com/v1", name="ohlcv")


def test_a_cursor_that_comes_again_ends_the_walk():
    walk = pages("cursor", next="next")

    assert walk.turn({"next": "a"}, Answer(status=200), [1])
    assert walk.turn({"next": "b"}, Answer(status=200), [1])
    assert not walk.turn({"next": "a"}, Answer(status=200), [1])


@pytest.mark.parametrize("cursor", [None, "", True, [], {"a": 1}])
def test_what_is_no_cursor_ends_the_walk(cursor):
    walk = pages("cursor", next="next")

    assert not walk.turn({"next": cursor}, Answer(status=200), [1])


def test_an_empty_page_ends_the_walk():
    assert not pages("page").turn([], Answer(status=200), [])


def test_pages_may_be_counted_from_zero():
    walk = pages("page", first=0)

    assert walk.values["page"] == "0"
    assert walk.turn([], Answer(status=200), [1])
    assert walk.values["page"] == "1"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/v1/x",
        "http://md.example.com/v1/x",
        "https://md.example.com:444/v1/x",
        "//evil.test/x",
        "https://md.example.com.evil.test/x",
        "https://md.example.com@evil.test/x",
    ],
)
def test_a_link_to_another_host_is_never_followed(target):
    answer = Answer(status=200, headers={"Link": f'<{target}>; rel="next"'})

    with pytest.raises(ProviderError) as caught:
        pages("link_header").turn([], answer, [1])
    assert "evil" not in caught.value.diagnosis.summary


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('</x?a=1,2&b=>; rel="next"', "/x?a=1,2&b="),
        ("</x>; rel=next", "/x"),
        ('</a>; rel="prev", </b>; rel="next"', "/b"),
        ('</a>; title="rel=next"; rel="last"', ""),
        ('</a>; rel="last next"; type="x"', "/a"),
        ('</a>; rel="nextish"', ""),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_the_next_link_is_found_among_others(header, target):
    assert next_link(header) == target
