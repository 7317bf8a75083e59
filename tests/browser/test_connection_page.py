"""One connection's page, over a repository that runs against the sandbox."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from reconciler.sandbox import running_sandbox
from tests.browser.site_play import living_site


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    folder = tmp_path_factory.mktemp("living")
    with (
        running_sandbox(folder / "sandbox") as sandbox,
        living_site(folder, sandbox) as site,
    ):
        yield site


@pytest.fixture
def calm(living):
    """Return what is served, without a fault before and after."""
    living.sandbox.clear_faults()
    yield living
    living.sandbox.clear_faults()


@pytest.fixture
def spot(open_page, calm):
    return open_page(f"{calm.url}connections/spot", host=calm.url)


def test_a_connection_tells_what_runs_and_how_it_was_tested(spot):
    expect(spot.get_by_role("heading", level=1)).to_have_text("spot")
    probes = spot.get_by_role("table", name="Probes of the last test, in order")
    named = [text.split()[0] for text in probes.locator("tbody th").all_inner_texts()]
    assert {"dns", "auth", "data"} <= set(named)
    runs = spot.get_by_role("region", name="Revisions")
    expect(runs).to_contain_text("spot.yaml")
    expect(spot.get_by_role("region", name="Market data")).to_contain_text("BTC/USDT")


def test_testing_now_says_what_came_of_it_and_keeps_the_page(spot):
    spot.get_by_role("button", name="Test now").click()

    expect(spot.get_by_role("status")).to_have_text("Tested just now: passed.")
    expect(spot).to_have_url(re.compile(r"/connections/spot$"))
    expect(spot.get_by_role("button", name="Test now")).to_be_focused()


def test_a_test_that_fails_shows_the_diagnosis_with_its_fix(spot, calm):
    calm.sandbox.set_fault("binance", "bad_key")

    spot.get_by_role("button", name="Test now").click()

    expect(spot.get_by_role("status")).to_contain_text("Tested just now: failed")
    trouble = spot.get_by_role("region", name="invalid_credentials")
    expect(trouble).to_contain_text("Fix:")
    expect(trouble).to_contain_text("Waiting does not help")
    calm.sandbox.clear_faults()
    spot.get_by_role("button", name="Test now").click()
    expect(trouble).to_have_count(0)


def test_without_scripts_a_test_leads_back_to_the_page(open_page, calm):
    page = open_page(f"{calm.url}connections/spot", host=calm.url, javascript=False)

    page.get_by_role("button", name="Test now").click()

    expect(page.get_by_role("status")).to_have_text("Tested just now: passed.")
    expect(page).to_have_url(re.compile(r"/connections/spot\?did=passed$"))


@pytest.mark.parametrize("javascript", [True, False])
def test_a_sample_is_a_chart_and_the_same_numbers_as_a_table(
    open_page, calm, javascript
):
    page = open_page(
        f"{calm.url}connections/spot", host=calm.url, javascript=javascript
    )
    page.get_by_role("spinbutton", name="Candles").fill("40")

    page.get_by_role("button", name="Fetch sample").click()

    chart = page.get_by_role("img", name="40 candles of BTC/USDT 1h")
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box["width"] > 600
    page.get_by_text("The same as a table").click()
    rows = page.get_by_role("table", name="40 candles, newest first").locator(
        "tbody tr"
    )
    assert rows.count() == 40
    assert page.get_by_role("spinbutton", name="Candles").input_value() == "40"


def test_a_sample_that_the_provider_refuses_says_why(spot):
    spot.get_by_label("Symbol", exact=True).fill("NOPE/USDT")

    with spot.expect_response(lambda found: found.status == 424):
        spot.get_by_role("button", name="Fetch sample").click()

    expect(spot.get_by_role("status")).to_contain_text("NOPE/USDT")
    expect(spot.get_by_role("status")).to_contain_text("Fix:")


def test_suspending_asks_why_and_resuming_takes_it_back(spot):
    until = datetime.now(UTC) + timedelta(days=2)
    spot.get_by_label("Suspend, because").fill("exchange moves house")
    spot.get_by_label("Until (UTC), empty for good").fill(f"{until:%Y-%m-%dT%H:%M}")
    spot.get_by_role("button", name="Suspend").click()

    expect(spot.get_by_role("status")).to_contain_text("Suspended.")
    expect(spot.locator("main")).to_contain_text("exchange moves house")
    expect(spot.locator(".axes")).to_contain_text("suspended")
    spot.get_by_role("button", name="Resume").click()
    expect(spot.get_by_role("status")).to_contain_text("Resumed.")
    expect(spot.locator(".axes")).not_to_contain_text("suspended")


def test_a_suspension_that_is_over_already_is_refused_on_the_page(open_page, calm):
    page = open_page(f"{calm.url}connections/spot", host=calm.url, javascript=False)
    page.get_by_label("Suspend, because").fill("too late")
    page.get_by_label("Until (UTC), empty for good").fill("2020-01-01T00:00")

    page.get_by_role("button", name="Suspend").click()

    expect(page.get_by_role("status")).to_contain_text("it must lie in the future")


def test_everything_can_be_done_from_the_keyboard(spot):
    spot.keyboard.press("Tab")
    spot.keyboard.press("Enter")
    for _ in range(12):
        spot.keyboard.press("Tab")
        if spot.evaluate("document.activeElement.innerText") == "Test now":
            break
    spot.keyboard.press("Enter")

    expect(spot.get_by_role("status")).to_have_text("Tested just now: passed.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_keeps_anybody_out(open_page, calm, faults_of, scheme, width):
    page = open_page(
        f"{calm.url}connections/spot",
        host=calm.url,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    page.get_by_role("button", name="Fetch sample").click()
    expect(page.get_by_role("img", name="100 candles")).to_be_visible()
    page.get_by_text("The same as a table").click()

    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
