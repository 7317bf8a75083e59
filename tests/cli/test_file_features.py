"""Renames, the end of a file and who is hit by it, through the command line."""

import json
import shutil

import pytest

from tests.cli.test_validate_since import commit, git

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")


@pytest.fixture
def running(live):
    """Two public connections that run, one of them used by somebody."""
    live.new("spot")
    live.new("other")
    with live.file("spot").open("a") as file:
        file.write("used_by: [grafana, strategy-x]\n")
    live.here("apply")
    live.here("sample", "spot", "--symbol", "BTC/USDT", "--timeframe", "1h")
    return live


def renamed(repo, old="spot", new="cash"):
    text = repo.file(old).read_text().replace(f"name: {old}\n", f"name: {new}\n")
    repo.file(old).unlink()
    repo.file(new).write_text(f"{text}previous_names: [{old}]\n")


def test_a_rename_is_one_change_that_asks_nobody(running, sandbox):
    renamed(running)
    sandbox.reset_requests()

    plan = running.here("plan")
    running.here("apply")

    assert "~ cash" in plan.out
    assert "renamed from spot" in plan.out
    assert "used by grafana, strategy-x; last used at" in plan.out
    assert "Plan: 1 to update" in plan.out
    assert sandbox.requests == ()
    assert "No changes." in running.here("plan").out


def test_history_and_show_follow_a_rename(running):
    renamed(running)
    running.here("apply")

    lines = running.here("history", "cash", "--format", "json").json["actions"]
    shown = running.here("show", "cash").out

    assert [one["action"] for one in lines] == ["update", "rename", "fetch", "create"]
    assert "was called  spot" in shown
    assert "used by" in shown
    assert "it is called 'cash' now" in running.here("show", "spot", code=1).err


@needs_git
def test_a_rename_in_a_branch_is_one_change_for_reviewers(repo):
    git(repo, "init", "-q", "-b", "main")
    repo.new("spot")
    commit(repo)
    git(repo, "switch", "-qc", "topic")
    renamed(repo)
    commit(repo)

    (change,) = repo.here("plan", "--base", "main", "--format", "json").json["changes"]

    assert (change["name"], change["previous"]) == ("cash", "spot")
    assert not change["test"]


def test_a_plan_says_in_every_format_who_is_hit(running):
    running.file("spot").unlink()

    human = running.here("plan").out
    page = running.here("plan", "--format", "markdown").out
    (change,) = running.here("plan", "--format", "json").json["changes"]

    assert "! used by grafana, strategy-x; last used at" in human
    assert "used by grafana, strategy-x; last used at" in page
    assert change["used_by"] == ["grafana", "strategy-x"]
    assert change["last_used_at"]


def test_what_is_let_go_needs_consent_and_runs_on(running):
    with running.file("spot").open("a") as file:
        file.write("on_remove: orphan\n")
    running.here("apply")
    running.file("spot").unlink()

    running.here("apply", code=4)
    running.here("apply", "--yes")

    (row,) = running.here("list", "--status", "orphaned", "--format", "json").json[
        "connections"
    ]
    assert (row["name"], row["health"]) == ("spot", "healthy")
    assert "spot" in running.here("test", "spot").out


def test_what_deletes_itself_is_gone_without_prune(running):
    with running.file("spot").open("a") as file:
        file.write("on_remove: delete\n")
    running.here("apply")
    running.file("spot").unlink()

    running.here("apply", "--yes")

    state = running.here("list", "--format", "json").out
    assert [one["name"] for one in json.loads(state)["connections"]] == ["other"]
