from dataclasses import replace

from reconciler.core.health import Health
from reconciler.core.statistics import Statistics
from reconciler.report.html.run import ROWS as PART
from reconciler.report.html.run import run_html
from tests.report.html_reader import Elements
from tests.report.report_samples import (
    PROBLEMS,
    RECORD,
    REFUSAL,
    REJECTED,
    ROWS,
    a_report,
    a_row,
)

MEASURED = replace(RECORD, stats=Statistics(latencies_ms="41 80 52"))


def page_of(rows=ROWS, records=None, **given):
    return Elements(run_html(a_report(rows, **given), records=records))


def test_counts_come_first_and_problems_before_the_rest():
    text = page_of().text

    assert text.index("4 connections") < text.index("kraken")
    assert text.index("kraken/ccxt_crypto") < text.index("bybit/ccxt_crypto")
    assert "As of 2026-11-23 10:00:00Z" in text


def test_what_is_wrong_stands_with_its_fix_and_its_ladder():
    text = page_of([REJECTED]).text

    assert "Fix: copy key and secret from the provider again" in text
    assert "More about okx-spot Runs 0123456789ab" in text
    assert "dns passed 1.2 ms" in text


def test_records_bring_latencies_and_the_history_of_what_is_not_well():
    page = page_of([REJECTED], {"okx-spot": MEASURED})

    labels = [a.get("aria-label") for tag, a in page.found if tag == "svg"]
    assert labels == ["latency of the last 3 passed tests: 41 ms to 80 ms"]
    assert "update rejected invalid_credentials" in page.text


def test_an_end_before_the_end_is_told_first():
    text = page_of(error="the disk is full", refusals=(REFUSAL,)).text

    assert "Error: the disk is full" in text
    assert "To allow it: --allow-removals 12" in text


def test_problems_in_files_are_listed_with_their_place():
    text = page_of(diagnostics=PROBLEMS).text

    assert "error: a.yaml:2:1 R201 unknown key 'sttings'" in text


def test_many_connections_come_in_parts_and_none_is_lost():
    rows = [a_row(f"n{number:04}", health=Health.HEALTHY) for number in range(450)]

    page = page_of(rows)

    parts = [a["aria-label"] for _, a in page.found if a.get("class") == "wide part"]
    assert parts == [
        "Connections 1 to 200", "Connections 201 to 400", "Connections 401 to 450"
    ]  # fmt: skip
    assert PART == 200
    assert page.tags().count("tr") == 450 + 3


def test_an_empty_report_says_so():
    assert "No connections." in page_of([]).text
