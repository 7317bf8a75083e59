"""The list of the status page, as a person with a browser meets it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.site_play import fleet_site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with fleet_site(tmp_path_factory.mktemp("fleet")) as at:
        yield at


@pytest.fixture
def listed(open_page, site):
    """Return the list as it is first seen."""
    return open_page(site.url, host=site.url)


def words(texts):
    return [" ".join(text.split()) for text in texts]


def names(page):
    return page.locator("tbody th a").all_inner_texts()


def test_counts_come_first_and_problems_lead_the_list(listed):
    tiles = listed.get_by_role("list", name="Filter by state")

    assert words(tiles.get_by_role("link").all_inner_texts()) == [
        "250 connections", "5 error", "5 rejected", "240 healthy", "5 inactive"
    ]  # fmt: skip
    assert sorted(names(listed)[:5]) == [
        "binance-0060", "binance-0210", "kraken-0010", "kraken-0160", "okx-0110"
    ]  # fmt: skip
    first = listed.locator("tbody tr").first
    expect(first).to_contain_text("invalid_credentials")
    expect(first).to_contain_text("Fix: copy key and secret from the provider again")


def test_a_network_that_is_down_is_said_first_and_makes_all_unknown(
    open_page, tmp_path
):
    with fleet_site(tmp_path, is_cut=True) as at:
        page = open_page(at.url, host=at.url)
        tiles = page.get_by_role("list", name="Filter by state")
        said = words(tiles.get_by_role("link").all_inner_texts())
        expect(page.locator("main")).to_contain_text(
            "This machine has no network since"
        )
        page.goto(f"{at.url}daemon")
        expect(page.locator("main")).to_contain_text(
            "This machine has no network since"
        )

    assert said == ["250 connections", "5 rejected", "245 unknown", "5 inactive"]


def test_typing_finds_without_a_click_and_the_address_can_be_shared(
    listed, open_page, site
):
    listed.get_by_label("Search").fill("kraken anna")

    expect(listed.get_by_role("status")).to_have_text("42 connections")
    expect(listed).to_have_url(re.compile(r"\?q=kraken\+anna$"))
    assert all(name.startswith("kraken-") for name in names(listed))
    shared = open_page(listed.url, host=site.url)
    assert names(shared) == names(listed)
    assert shared.get_by_label("Search").input_value() == "kraken anna"


def test_a_tile_shows_what_it_counts_and_again_everything(listed):
    listed.get_by_role("link", name="5 error").click()

    expect(listed.get_by_role("status")).to_have_text("5 connections")
    chosen = listed.get_by_role("link", name="5 error")
    assert chosen.get_attribute("aria-current") == "true"
    assert listed.get_by_role("link", name="5 rejected").count() == 0
    chosen.click()
    expect(listed.get_by_role("status")).to_have_text("1 to 50 of 250 connections")


def test_filters_add_up(listed):
    listed.get_by_role("combobox", name="Provider", exact=True).select_option("okx")
    expect(listed.get_by_role("status")).to_have_text("1 to 50 of 83 connections")

    listed.get_by_role("combobox", name="Owner", exact=True).select_option("user:anna")
    expect(listed.get_by_role("status")).to_have_text("41 connections")
    listed.get_by_label("Label", exact=True).fill("env=dev")
    expect(listed.get_by_role("status")).to_have_text("No connections match.")
    listed.get_by_role("link", name="Show all connections").click()
    expect(listed.get_by_role("status")).to_have_text("1 to 50 of 250 connections")


def test_a_tile_keeps_what_was_filtered_before(listed):
    listed.get_by_role("combobox", name="Provider", exact=True).select_option("okx")
    listed.get_by_role("link", name="1 error").click()

    assert names(listed) == ["okx-0110"]
    assert (
        listed.get_by_role("combobox", name="Provider", exact=True).input_value()
        == "okx"
    )


def test_a_head_sorts_and_turns_round(listed):
    listed.get_by_role("link", name="Connection", exact=True).click()
    head = listed.get_by_role("columnheader", name="Connection")
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(listed)[0] == "binance-0000"

    listed.get_by_role("link", name="Connection", exact=True).click()

    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(listed)[0] == "okx-0248"


def test_pages_lead_through_everything_once(listed):
    found = names(listed)
    for _ in range(4):
        listed.get_by_role("link", name="Next").click()
        found += names(listed)

    assert len(found) == len(set(found)) == 250
    assert listed.get_by_role("link", name="Next").count() == 0
    current = listed.get_by_role("navigation", name="Pages of results")
    expect(current.locator("[aria-current]")).to_have_text("5")


def test_another_number_of_rows(listed):
    listed.get_by_role("combobox", name="Rows", exact=True).select_option("100")

    expect(listed.get_by_role("status")).to_have_text("1 to 100 of 250 connections")


def test_without_scripts_the_form_does_the_same(open_page, site):
    page = open_page(site.url, host=site.url, javascript=False)

    page.get_by_label("Search").fill("kraken")
    page.get_by_role("combobox", name="Owner", exact=True).select_option("admin")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_role("status")).to_have_text("41 connections")
    expect(page).to_have_url(re.compile(r"\?q=kraken&owner=admin$"))


def test_refreshing_moves_neither_focus_nor_scroll_nor_what_is_typed(open_page, site):
    page = open_page(site.url, host=site.url, clock=True, reduced_motion="reduce")
    link = page.locator("tbody th a").nth(40)
    address = link.get_attribute("href")
    link.focus()
    page.evaluate("document.querySelector('tbody td').textContent = 'outdated'")
    where = "document.activeElement.getBoundingClientRect().top"
    before = page.evaluate(where)

    with page.expect_response(site.url):
        page.clock.fast_forward(16_000)

    expect(page.locator("tbody")).not_to_contain_text("outdated")
    assert page.evaluate("document.activeElement.getAttribute('href')") == address
    assert page.evaluate(where) == before


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(listed):
    listed.keyboard.press("Tab")
    skip = listed.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    listed.keyboard.press("Enter")
    assert listed.evaluate("document.activeElement.id") == "main"

    reached = []
    for _ in range(14):
        listed.keyboard.press("Tab")
        reached.append(
            listed.evaluate(
                "(e => e.name || e.innerText.trim())(document.activeElement)"
            )
        )
    assert words(reached) == [
        "250 connections", "5 error", "5 rejected", "240 healthy", "5 inactive",
        "q", "provider", "owner", "label", "sort", "limit", "Show", "Reset",
        "Connection",
    ]  # fmt: skip


def test_what_has_the_focus_shows_it(listed):
    listed.keyboard.press("Tab")
    listed.keyboard.press("Tab")

    style = "getComputedStyle(document.activeElement).outlineStyle"
    assert listed.evaluate(style) == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_keeps_anybody_out(open_page, site, faults_of, scheme, width):
    page = open_page(
        site.url,
        host=site.url,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )

    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_state_is_told_by_colour_alone(listed):
    pills = listed.locator("tbody .pill")

    assert {pill.strip() for pill in pills.all_inner_texts()} == {
        "error", "rejected", "healthy"
    }  # fmt: skip
    signs = pills.evaluate_all(
        "all => all.map(e => [e.innerText, getComputedStyle(e, '::before').content])"
    )
    assert {(word, sign.partition(" ")[0]) for word, sign in signs} == {
        ("error", '"✕"'), ("rejected", '"✕"'), ("healthy", '"✓"')
    }  # fmt: skip


@pytest.mark.parametrize("path", ["daemon", "history"])
def test_the_other_pages_keep_nobody_out_either(open_page, site, faults_of, path):
    page = open_page(f"{site.url}{path}", host=site.url)

    assert faults_of(page) == []


def test_incidents_name_what_they_hit(open_page, site):
    page = open_page(f"{site.url}daemon", host=site.url)

    row = page.get_by_role("table", name="Open incidents").locator("tbody tr")
    expect(row).to_contain_text("the key of anna")
    expect(row).to_contain_text("7 of 9")
    expect(row).to_contain_text("and 2 more")
    expect(page.get_by_role("region", name="Alerts")).to_contain_text("no route")
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("okx-0002")
