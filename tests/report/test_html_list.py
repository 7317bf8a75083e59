from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.health import Health, Intent, Sync
from reconciler.core.query import Query, Sort, Table, ask
from reconciler.core.selecting import LabelTerm
from reconciler.report.html.listing import (
    FIRST,
    PAGE_LIMIT,
    Listing,
    address_of,
    distinct,
    list_page,
    query_pairs,
)
from reconciler.report.html.toolkit import Shell
from tests.report.html_reader import Elements
from tests.report.report_samples import NOW, ROWS, a_row

SHELL = Shell(title="Connections", assets="/static", home="/")


def page_of(rows=ROWS, query=None, **given):
    query = query or Query(sort=FIRST, limit=PAGE_LIMIT)
    listing = Listing(
        query=query,
        answer=ask(Table(rows), query),
        all=len(rows),
        as_of=NOW,
        now=NOW,
        owners=distinct(row.owner for row in rows),
        types=distinct(row.type for row in rows),
        providers=distinct(row.provider for row in rows),
        **given,
    )
    return Elements(list_page(SHELL, listing))


def links(page):
    return [found["href"] for tag, found in page.found if tag == "a"]


def test_what_is_wrong_stands_with_its_fix():
    text = page_of().text

    assert "invalid_credentials: the provider rejects the key or its secret" in text
    assert "Fix: copy key and secret from the provider again and seal them" in text
    assert "Waiting does not help" in text
    assert "The last good revision 0123456789ab keeps running." in text


def test_every_connection_leads_to_its_page():
    assert "/connections/okx-spot" in links(page_of())


def test_an_odd_name_stays_one_part_of_its_address():
    assert address_of("/", "a/b?c#d") == "/connections/a%2Fb%3Fc%23d"


def test_a_tile_of_something_chosen_takes_it_back():
    query = Query(sort=FIRST, limit=PAGE_LIMIT, health=frozenset({Health.ERROR}))

    page = page_of(query=query)

    chosen = [a for tag, a in page.found if tag == "a" and "aria-current" in a]
    assert [one["href"] for one in chosen] == ["/"]
    assert page_of().text.count("error") > 0
    assert "/?health=error" in links(page_of())


def test_what_is_switched_off_has_a_tile():
    row = a_row(intent=Intent.INACTIVE, health=Health.INACTIVE)

    assert "/?health=inactive" in links(page_of([row, *ROWS]))


def test_the_form_takes_along_what_it_does_not_ask_for():
    query = Query(
        sort=FIRST,
        limit=PAGE_LIMIT,
        sync=frozenset({Sync.REJECTED}),
        owner=("admin", "user:x"),
        labels=(LabelTerm(key="a", pattern="1"), LabelTerm(key="b", pattern="2")),
    )

    page = page_of(query=query)

    hidden = [
        (a["name"], a["value"])
        for tag, a in page.found
        if tag == "input" and a.get("type") == "hidden"
    ]
    assert hidden == [("sync", "rejected"), ("owner", "user:x"), ("label", "b=2")]


def test_nothing_that_matches_leads_back_to_everything():
    page = page_of(query=Query(text="nothing like it", sort=FIRST))

    assert "No connections match." in page.text
    assert "Show all connections" in page.text


def test_old_records_are_told_to_be_old():
    assert "the disk is full" in page_of(notice="the disk is full").text


words = st.text(max_size=8)
queries = st.builds(
    Query,
    text=words,
    health=st.frozensets(st.sampled_from(Health)),
    sync=st.frozensets(st.sampled_from(Sync)),
    intent=st.frozensets(st.sampled_from(Intent)),
    owner=st.lists(words.filter(bool), max_size=2).map(tuple),
    labels=st.lists(
        st.builds(LabelTerm, key=st.text("abc", min_size=1), pattern=words), max_size=2
    ).map(tuple),
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
    limit=st.integers(1, 500),
    offset=st.integers(0, 3).map(lambda n: n * 100),
)


@given(queries)
def test_an_address_says_all_of_a_question_and_nothing_that_is_usual(query):
    pairs = query_pairs(query)

    usual = {"sort": FIRST.value, "order": "asc", "limit": str(PAGE_LIMIT)}
    assert [pair for pair in pairs if usual.get(pair[0]) == pair[1]] == []
    assert sorted(text for key, text in pairs if key == "health") == sorted(
        query.health
    )
    said = dict(pairs)
    assert said.get("q", "") == query.text
    assert said.get("sort", FIRST.value) == query.sort
    assert int(said.get("offset", "0")) == query.offset


def test_pages_keep_the_question():
    rows = [a_row(f"n{number:03}") for number in range(30)]
    query = Query(sort=FIRST, limit=10, text="n", offset=10)

    page = page_of(rows, query)

    following = next(a for tag, a in page.found if a.get("rel") == "next")
    asked = parse_qs(urlsplit(following["href"]).query)
    assert asked == {"q": ["n"], "limit": ["10"], "offset": ["20"]}
    assert "11 to 20 of 30 connections" in page.text


def test_many_pages_leave_out_those_in_between():
    rows = [a_row(f"n{number:04}") for number in range(1000)]

    page = page_of(rows, Query(sort=FIRST, limit=10, offset=500))

    offsets = {
        parse_qs(urlsplit(one).query).get("offset", ["0"])[0]
        for one in links(page)
        if "limit=10" in one and "sort" not in one
    }
    assert sorted(map(int, offsets)) == [0, 480, 490, 500, 510, 520, 990]


def test_the_column_that_sorts_says_so():
    query = Query(sort=Sort.LATENCY, descending=True, limit=PAGE_LIMIT)

    heads = [a for tag, a in page_of(query=query).found if tag == "th"]

    assert [a["aria-sort"] for a in heads if "aria-sort" in a] == ["descending"]
    assert "/?sort=latency" in links(page_of(query=query))


def test_a_sort_is_offered_with_what_was_asked():
    asked = replace(Query(sort=FIRST, limit=PAGE_LIMIT), text="okx")

    assert "/?q=okx&sort=name" in links(page_of(query=asked))
