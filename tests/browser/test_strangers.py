"""What files and providers say cannot act in a page, and who looks sees their own."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from reconciler.core.record import Record
from tests.browser.site_play import fleet, fleet_site
from tests.daemon.http.test_entrance import SETTINGS, TOKENS

ATTACKS = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(2)</script>',
    "' onmouseover='alert(3)' autofocus onfocus='alert(4)",
    "javascript:alert(5)",
    "</title></style></script><svg onload=alert(6)>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eevil\u2066\x1b[31m",
    "..%2f..?y#z&q=1",
)


def attacked(value, text):
    """Return a value with every free text in it replaced."""
    if type(value) is str:
        return text
    if isinstance(value, tuple):
        return tuple(attacked(item, text) for item in value)
    if isinstance(value, dict):
        return {attacked(key, text): attacked(one, text) for key, one in value.items()}
    if dataclasses.is_dataclass(value):
        fields = (field.name for field in dataclasses.fields(value))
        return replace(
            value, **{name: attacked(getattr(value, name), text) for name in fields}
        )
    return value


def named(kind, text):
    """Return a name as an address can hold one: without a slash."""
    return f"{kind}-{text}".replace("/", "|")


def hostile_records(now) -> tuple[Record, ...]:
    failing, refused = fleet(now, 21)[10], fleet(now, 21)[20]
    return tuple(
        replace(
            attacked(one, text), name=named(kind, text), owner=text, stats=one.stats
        )
        for kind, one in (("failing", failing), ("refused", refused))
        for text in ATTACKS
    )


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory):
    with fleet_site(tmp_path_factory.mktemp("hostile"), hostile_records) as at:
        yield at


@pytest.mark.parametrize("javascript", [True, False])
def test_no_text_of_a_file_or_a_provider_acts(open_page, hostile_site, javascript):
    page = open_page(
        f"{hostile_site.url}?limit=50", host=hostile_site.url, javascript=javascript
    )
    links = page.locator("tbody th a")
    found = links.evaluate_all("all => all.map(a => a.href)") if javascript else []

    assert links.count() == len(ATTACKS) * 2
    assert page.locator("main img, main script, main style").count() == 0
    assert "49" not in page.locator("tbody").inner_text()
    for address in found:
        assert address.startswith(f"{hostile_site.url}connections/")
        page.goto(address)
        assert page.locator("main img, main script").count() == 0
        assert page.locator("h1").inner_text().startswith(("failing-", "refused-"))


def test_the_history_and_the_filters_are_as_safe(open_page, hostile_site):
    page = open_page(f"{hostile_site.url}history", host=hostile_site.url)
    assert page.locator("main img, main script").count() == 0

    page.goto(hostile_site.url)
    for text in ATTACKS[:5]:
        page.get_by_role("combobox", name="Owner", exact=True).select_option(text)
        page.get_by_label("Search").fill("failing")
        expect(page.get_by_role("status")).to_have_text("1 connection")


@pytest.mark.parametrize("text", ATTACKS)
def test_what_is_asked_for_comes_back_as_text(open_page, hostile_site, text):
    page = open_page(hostile_site.url, host=hostile_site.url)

    page.get_by_label("Search").fill(text)
    page.get_by_role("button", name="Show").click()

    assert page.locator("main img, main script").count() == 0


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Serve connections of two owners to whoever has a token."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "reconcile.yaml").write_text(SETTINGS)
    with fleet_site(folder) as at:
        yield at


def log_in(page, name):
    page.get_by_label("Token").fill(TOKENS[name])
    page.get_by_role("button", name="Log in").click()


def test_a_token_opens_the_page_and_shows_what_is_ones_own(open_page, guarded):
    page = open_page(guarded.url, host=guarded.url)
    expect(page).to_have_title("Log in · reconcile")

    log_in(page, "anna")

    expect(page.get_by_role("status")).to_have_text("1 to 50 of 125 connections")
    page.locator("tbody th a").first.click()
    assert page.get_by_role("button", name="Test now").count() == 0
    page.goto(f"{guarded.url}connections/binance-0000")
    expect(page.locator("main")).to_contain_text("you may not see it")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_title("Log in · reconcile")


def test_a_wrong_token_is_asked_for_again(open_page, guarded, faults_of):
    page = open_page(f"{guarded.url}login", host=guarded.url)
    assert faults_of(page) == []
    page.get_by_label("Token").fill("wrong")

    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_role("alert")).to_contain_text("token is not known")
