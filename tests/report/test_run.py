from dataclasses import replace

import pytest

from reconciler.core.codec import from_json
from reconciler.core.health import Health
from reconciler.core.run import RunReport
from reconciler.report.run import run_human, run_json, run_markdown
from tests.report.report_samples import (
    CREATED,
    NOW,
    PROBLEMS,
    REFUSAL,
    REJECTED,
    TIMED_OUT,
    a_report,
    a_row,
)

HUMAN = """\
  applied   + binance-main  41 ms  new file
  rejected  ~ okx-spot      41 ms  the test failed
      invalid_credentials: the provider rejects the key or its secret
      evidence: code=-2015, http_status=401
      fix: copy key and secret from the provider again and seal them
      waiting does not help: the next test comes with a new revision, or '--retry'
      the last good revision 0123456789ab keeps running

Apply: 1 applied, 1 rejected; 2 healthy.
"""


def test_a_run_says_what_was_refused_why_and_what_still_runs():
    assert run_human(a_report((CREATED, REJECTED)), now=NOW) == HUMAN


def test_a_failing_connection_is_told_though_nothing_was_done():
    shown = run_human(a_report((TIMED_OUT,)), now=NOW)

    assert "  error    kraken  41 ms  timeout: no answer in time: 20 s\n" in shown
    assert "waiting may help; next test in 14 minutes (2026-11-23 10:14:00Z)" in shown
    assert shown.endswith("Apply: nothing to do; 1 error.\n")


def test_a_rejection_tells_its_diagnosis_once():
    row = replace(REJECTED, reason=REJECTED.diagnosis.summary)
    shown = run_human(a_report((row,)), now=NOW)

    assert "41 ms  invalid_credentials: the provider rejects" in shown
    assert shown.count(REJECTED.diagnosis.summary) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"refusals": (REFUSAL,)}, "Apply: refused, nothing was done; 1 healthy."),
        ({"error": "the disk is full"}, "Apply: failed; 1 healthy."),
        ({"error": "Stopped", "exit_code": 130}, "Apply: stopped; 1 healthy."),
        ({}, "Apply: nothing to do; 1 healthy."),
    ],
)
def test_the_last_line_tells_how_the_run_ended(given, said):
    report = replace(a_report((a_row(),)), **given)

    assert run_human(report, now=NOW).endswith(f"{said}\n")
    assert f"### {said.rstrip('.')}\n" in run_markdown(report)


def test_a_run_without_a_store_counts_nothing():
    report = replace(a_report(()), error="the state is damaged")

    assert run_human(report, now=NOW).endswith("Apply: failed.\n")


def test_files_with_errors_are_counted():
    report = replace(a_report((a_row(),)), diagnostics=PROBLEMS)

    shown = run_human(report, now=NOW)

    assert shown.endswith("nothing to do; 1 healthy; 1 file with errors.\n")


def test_a_refused_revision_that_waits_is_called_rejected_not_healthy():
    waiting = replace(REJECTED, outcome=None, action=None)
    shown = run_human(a_report((waiting,)), now=NOW)

    assert "  rejected    okx-spot  41 ms" in shown


def test_warnings_reach_both_views():
    report = a_report((replace(CREATED, warnings=("bound by its MAC only",)),))

    assert "      warning: bound by its MAC only\n" in run_human(report, now=NOW)
    assert "- <code>binance-main</code>: bound by its MAC only" in run_markdown(report)


def test_a_revision_that_fails_too_is_not_said_to_run():
    shown = run_human(a_report((replace(REJECTED, health=Health.ERROR),)), now=NOW)

    assert "keeps running" not in shown
    assert "the last good revision 0123456789ab fails too" in shown


def test_a_fatal_error_refusals_and_problems_are_part_of_the_report():
    report = a_report(error="lock lost", refusals=(REFUSAL,), diagnostics=PROBLEMS)
    shown = run_human(report, now=NOW, verbose=True)

    assert "Error: lock lost\n" in shown
    assert "--allow-removals 12" in shown
    assert shown.index("a.yaml:2:1") < shown.index("b.yaml:3:7")
    assert "!!  auth   failed   40 ms" in shown


def test_the_json_is_read_back_as_the_same_report():
    report = a_report(diagnostics=PROBLEMS)

    assert from_json(RunReport, run_json(report)) == report


def test_the_page_puts_what_needs_a_look_first_and_folds_the_rest():
    page = run_markdown(a_report(error="lock lost"))
    places = [page.index(name) for name in ("kraken", "okx-spot", "binance-main")]

    assert page.startswith("### Apply: failed, 1 applied, 1 rejected; 3 healthy")
    assert "> **Error:** lock lost" in page
    assert places == sorted(places)
    assert page.index("<details>") < page.index("bybit") < page.index("</details>")


def test_a_cut_page_closes_what_it_opens():
    rows = [a_row(f"c-{i:04}") for i in range(2_000)]
    page = run_markdown(a_report((REJECTED, *rows)))

    assert len(page.encode()) <= 65_536
    assert page.count("<details>") == page.count("</details>") == 1
    assert "_Cut to fit: " in page
