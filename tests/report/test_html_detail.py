from dataclasses import replace
from datetime import timedelta

from reconciler.core.ports import Ask
from reconciler.core.record import Unable
from reconciler.core.statistics import Statistics
from reconciler.core.suspension import Suspension
from reconciler.report.html.detail import Detail, Said, detail_page
from reconciler.report.html.toolkit import Shell
from tests.report.html_reader import Elements
from tests.report.report_samples import (
    ACTIONS,
    BAD_KEY,
    NOW,
    OLD,
    RECORD,
    REJECTED,
    SAMPLE,
    a_row,
)

SHELL = Shell(title="okx-spot", assets="/static", home="/")
MEASURED = replace(RECORD, stats=Statistics(latencies_ms="41 80 52"))


def page_of(row=REJECTED, record=RECORD, **given):
    detail = Detail(row=row, record=record, now=NOW, **given)
    return Elements(detail_page(SHELL, detail, address="/connections/okx-spot"))


def forms(page):
    return [a["action"].rpartition("/")[2] for tag, a in page.found if tag == "form"]


def test_what_runs_and_what_was_refused_stand_apart():
    text = page_of().text

    assert "Runs Revision 0123456789ab Commit c0ffee" in text
    assert "Refused rejected Revision fedcba987654" in text
    assert "2 tries Why invalid_credentials" in text


def test_only_what_runs_is_told_when_nothing_was_refused():
    record = replace(RECORD, attempted=replace(RECORD.attempted, revision=OLD))

    assert "Refused" not in page_of(record=record).text


def test_a_connection_that_never_passed_says_that_nothing_runs():
    assert "Nothing runs" in page_of(record=replace(RECORD, active=None)).text


def test_the_diagnosis_comes_with_its_fix_and_whether_waiting_helps():
    text = page_of().text

    assert "Fix: copy key and secret" in text
    assert "Waiting does not help" in text
    assert "Evidence: code=-2015, http_status=401" in text


def test_who_may_act_finds_the_forms_and_nobody_else():
    row = a_row("okx-spot")

    assert forms(page_of(row, may_act=True)) == ["test", "sample", "suspend"]
    assert forms(page_of(row)) == []


def test_what_an_operator_suspended_can_be_resumed():
    held = Suspension(who="anna", reason="moving", at=NOW)

    page = page_of(replace(REJECTED, suspension=held), may_act=True)

    assert forms(page) == ["test", "sample", "resume"]
    assert "Suspended by anna: moving" in page.text


def test_what_a_file_suspends_is_resumed_there():
    held = Suspension(who="anna", reason="moving", declared=True)

    page = page_of(replace(REJECTED, suspension=held), may_act=True)

    assert forms(page) == ["test", "sample"]
    assert "Suspended in its file" in page.text


def test_why_it_cannot_be_tested_from_here_is_told():
    unable = Unable(since=NOW - timedelta(minutes=5), diagnosis=BAD_KEY)

    text = page_of(replace(REJECTED, unable=unable)).text

    assert "Not tested since 5 minutes ago: invalid_credentials" in text


def test_a_file_that_is_not_applied_has_nothing_to_test():
    page = page_of(a_row("okx-spot", provider="okx"), None, may_act=True)

    assert forms(page) == []
    assert "Its file is not applied yet" in page.text


def test_latencies_are_drawn_and_said():
    page = page_of(record=MEASURED)

    labels = [a.get("aria-label", "") for tag, a in page.found if tag == "svg"]
    assert "latency of the last 3 passed tests: 41 ms to 80 ms" in labels


def test_the_history_tells_who_did_what():
    text = page_of(actions=ACTIONS).text

    assert "The newest 1 line of the action log" in text
    assert "ann@host invalid_credentials" in text


def test_a_sample_is_a_chart_and_a_table():
    asked = Ask(symbol="BTC/USDT", timeframe="1h", limit=3)

    page = page_of(sample=SAMPLE, asked=asked, may_act=True)

    assert "3 candles of BTC/USDT 1h, 1 gap, ticker of BTC/USDT" in page.text
    assert "3 candles, newest first" in page.text
    assert "chart" in [a.get("class") for tag, a in page.found if tag == "svg"]


def test_a_sample_without_candles_has_no_chart():
    page = page_of(sample=replace(SAMPLE, candles=()))

    assert "chart" not in [a.get("class") for tag, a in page.found if tag == "svg"]


def test_what_came_of_an_action_is_said_in_a_live_region():
    page = page_of(said=Said(tone="ok", text="Tested just now: passed."))

    assert "Tested just now: passed." in page.text
    assert any(a.get("role") == "status" for _, a in page.found)
