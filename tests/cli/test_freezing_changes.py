"""Freezes, as plan, apply, test and validate tell of them."""

from __future__ import annotations

import pytest

from tests.cli.test_validate_since import commit, git

OPEN = """\
freeze:
  windows:
    - name: month end
      reason: the books close
      starts: "2020-01-01T00:00:00Z"
      ends: "2999-01-01T00:00:00Z"
"""


@pytest.fixture
def frozen(applied):
    """A repository with a change, inside a freeze."""
    with (applied.path / "reconcile.yaml").open("a") as settings:
        settings.write(OPEN)
    applied.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    return applied


def test_a_plan_shows_the_change_and_what_holds_it_back(frozen):
    done = frozen.here("plan", code=4)

    assert "~ spot" in done.out
    assert "'spot' is held back by 'month end' (the books close)" in done.out
    assert "to allow it: --during-freeze 'month end'" in done.out


@pytest.mark.parametrize("format_", ["markdown", "json", "html"])
def test_every_format_says_it(frozen, format_):
    assert "month end" in frozen.here("plan", "--format", format_, code=4).out


def test_apply_changes_nothing_that_runs_and_the_report_says_so(frozen, sandbox):
    sandbox.reset_requests()

    done = frozen.here("apply", code=4)

    assert sandbox.requests == ()
    assert "1 held back" in done.out
    (row,) = frozen.report["connections"]
    assert (row["outcome"], row["sync"]) == ("skipped", "pending")


def test_a_digest_that_was_reviewed_before_the_freeze_is_still_the_plans(frozen):
    digest = frozen.here("plan", "--format", "json", code=4).json["digest"]

    frozen.here("apply", "--expect", digest, "--during-freeze", "month end")

    assert frozen.here("plan", "--format", "json").json["changes"] == []


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_misspelt_window_is_told(frozen, command):
    done = frozen.here(command, "--during-freeze", "mont end", code=1)

    assert "'mont end' names no window; reconcile.yaml has: 'month end'" in done.err


def test_re_tests_go_on(frozen):
    assert "1 passed" in frozen.here("test", "spot").out


def test_a_change_that_touches_nothing_that_runs_goes_on(frozen):
    frozen.edit("spot", "timeframes: [4h]", "timeframes: [1h]")
    frozen.edit("spot", "provider: binance\n", "provider: binance\nlabels: {a: b}\n")

    frozen.here("apply")

    assert "a=b" in frozen.here("show", "spot").out


def test_a_review_mentions_the_freeze_and_is_not_refused(frozen):
    git(frozen, "init", "-q", "-b", "main")
    text = frozen.file("spot").read_text()
    frozen.edit("spot", "timeframes: [4h]", "timeframes: [1h]")
    commit(frozen, "before")
    frozen.file("spot").write_text(text)

    done = frozen.here("plan", "--base", "main")

    assert "'month end' (the books close) is open until 2999" in done.out


def test_validate_tells_what_is_wrong_with_a_window(applied):
    with (applied.path / "reconcile.yaml").open("a") as settings:
        settings.write("freeze: {windows: [{name: x, days: [sat], labels: ['!']}]}\n")

    assert "must be a condition on a label" in applied.here("validate", code=3).out
    applied.here("plan", code=3)
