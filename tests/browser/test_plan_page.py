"""The plan as a file, seen by a browser."""

from dataclasses import replace

import pytest

from reconciler.core.plan import ActionKind
from reconciler.report.html.plan import plan_html
from tests.report.report_samples import PARTIAL, PLAN, REFUSAL, a_change

NOTED = a_change(
    "kraken", provider="kraken", notes=("config changed and binding did not",)
)
FULL = replace(
    PLAN,
    workspace="main",
    changes=(*PLAN.changes, NOTED),
    refusals=(REFUSAL,),
    scope=PARTIAL,
    waiting=(a_change("bybit", ActionKind.KEEP, reason="rejected, waits"),),
    unmanaged=("theirs",),
)


def test_a_change_unfolds_from_the_keyboard(open_file):
    page = open_file(plan_html(FULL))
    fields = page.get_by_role("table", name="3 fields of okx-spot")
    assert not fields.is_visible()

    page.locator("summary", has_text="okx-spot").press("Enter")

    assert "[BTC/USDT, ETH/USDT]" in fields.inner_text()


def test_a_warning_leads_to_its_connection_and_unfolds_it(open_file):
    page = open_file(plan_html(FULL))

    page.get_by_role("link", name="kraken").click()

    assert page.locator("#c-kraken details").get_attribute("open") is not None


def test_without_scripts_everything_is_there(open_file):
    page = open_file(plan_html(FULL), javascript=False)

    page.locator("summary", has_text="okx-spot").click()

    assert page.get_by_role("table", name="3 fields of okx-spot").is_visible()
    assert page.get_by_role("button").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(open_file, faults_of, scheme):
    page = open_file(plan_html(FULL), color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert faults_of(page) == []


@pytest.mark.parametrize("width", [360, 800])
def test_a_narrow_screen_needs_no_sideways_scrolling(open_file, width):
    page = open_file(plan_html(FULL), viewport={"width": width, "height": 700})
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_theme_that_was_chosen_stays_chosen(open_file):
    page = open_file(plan_html(PLAN), color_scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)

    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate(paper)
    for _ in range(5):  # a browser may write down what it keeps after a moment
        page.reload()
        if page.evaluate(paper) == dark:
            break

    assert light != dark
    assert page.evaluate(paper) == dark
    assert page.get_by_role("button", name="Light theme").is_visible()
