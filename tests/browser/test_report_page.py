"""A report as a file, seen by a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from reconciler.core.health import Health
from reconciler.report.html.run import run_html
from tests.report.report_samples import PROBLEMS, REFUSAL, ROWS, a_report, a_row

MANY = (*ROWS, *(a_row(f"n{number:04}", owner="user:ann") for number in range(600)))
STALE = a_row("later", health=Health.STALE, reason="an error in a word")
FULL = a_report((*MANY, STALE), diagnostics=PROBLEMS, refusals=(REFUSAL,))


def shown(page):
    return page.locator("tbody tr:visible").count()


def test_searching_leaves_what_matches_and_says_how_many(open_file):
    page = open_file(run_html(FULL))

    page.get_by_label("Search").fill("user:ann n005")

    expect(page.get_by_role("status")).to_contain_text("10 found of 605 connections")
    assert shown(page) == 10
    page.get_by_label("Search").fill("")
    expect(page.get_by_role("status")).to_have_text("605 connections, problems first")
    assert shown(page) == 605


def test_a_count_shows_exactly_what_it_counts(open_file):
    page = open_file(run_html(FULL))

    page.get_by_role("button", name="1 error").click()

    assert shown(page) == 1
    expect(page.locator("tbody tr:visible")).to_contain_text("kraken")
    page.get_by_role("button", name="1 error").click()
    assert shown(page) == 605


def test_without_scripts_everything_is_there_to_read(open_file):
    page = open_file(run_html(FULL), javascript=False)

    assert shown(page) == 605
    assert page.get_by_role("searchbox").count() == 0
    page.get_by_text("More about okx-spot").click()
    expect(page.locator("details[open]")).to_contain_text("auth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_keeps_anybody_out(open_file, faults_of, scheme, width):
    page = open_file(
        run_html(a_report(ROWS, diagnostics=PROBLEMS, refusals=(REFUSAL,))),
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
