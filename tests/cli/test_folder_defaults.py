"""`_defaults.yaml` through the command line: sealing, reviews, who may, and why."""

import shutil

import pytest

from tests.cli.test_policy import HEAD, codes, desk, write
from tests.cli.test_validate_since import KEYS, commit, git

__all__ = ["desk"]

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")


def defaults(repo, text, folder=""):
    file = repo.path / "connections.d" / folder / "_defaults.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def plan(repo, *arguments):
    return repo.here("plan", "--format", "json", *arguments).json["changes"]


def test_what_is_sealed_under_defaults_goes_live_and_is_at_rest(live, sandbox):
    from reconciler.sandbox import sandbox_account

    account = sandbox_account("binance")
    defaults(live, "config: {timeout: 9}\nlabels: {desk: spot}\n")
    live.new("spot", api_key=account.api_key, api_secret=account.api_secret)

    live.here("apply")

    assert "No changes." in live.here("plan").out
    assert "desk=spot" in live.here("show", "spot").out
    (seal,) = live.here("secrets", "status", "--format", "json").json["files"]
    assert seal["binding"] == "bound"


def test_the_store_runs_what_it_holds_when_the_defaults_are_gone(live):
    defaults(live, "labels: {desk: spot}\nsettings: {timeframes: [1h]}\n")
    live.new("pub")
    live.here("apply")
    shutil.rmtree(live.path / "connections.d")

    assert live.here("test", "pub", "--format", "json").json["tests"]


def test_changed_defaults_are_tested_like_a_changed_file(applied, sandbox):
    defaults(applied, "labels: {desk: spot}\n")
    (untested,) = plan(applied)
    defaults(applied, "settings: {market: 24/7}\nlabels: {desk: spot}\n")

    (tested,) = plan(applied)

    assert not untested["test"]
    assert untested["fields"][0]["path"] == "labels.desk"
    assert tested["test"]


def test_changed_defaults_that_are_bound_need_to_be_bound_anew(applied):
    defaults(applied, "config: {timeout: 9}\n")

    (change,) = plan(applied)
    assert "but not the binding" in change["notes"][0]
    applied.here("apply", code=None)
    assert "another destination" in applied.here("apply", "--retry", code=None).out
    applied.here("encrypt", "--rebind", "connections.d/spot.yaml")
    applied.here("apply", "--retry")

    assert "No changes." in applied.here("plan").out


def test_edit_set_and_rotate_keep_a_file_bound_under_defaults(live):
    from reconciler.sandbox import sandbox_account

    account = sandbox_account("binance")
    defaults(live, "config: {timeout: 9}\n")
    live.new("spot", api_key=account.api_key, api_secret=account.api_secret)

    live.here("set", "spot", "api_key", "--stdin", stdin=account.api_key)
    live.here("set", "spot", "config.rate_limit", "--stdin", "--json", stdin="500")
    live.here("rotate", "spot")

    live.here("apply")
    (seal,) = live.here("secrets", "status", "--format", "json").json["files"]
    assert seal["binding"] == "bound"


def test_explain_shows_where_each_value_comes_from(repo):
    defaults(repo, "owner: team:desk\nconfig: {timeout: 9}\n")
    file = repo.path / "connections.d/pub.yaml"
    file.write_text(f"{HEAD}config: {{rate_limit: 600}}\n")

    shown = repo.here("explain", "pub").out
    data = repo.here("explain", file, "--format", "json").json

    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert lines["owner"].endswith("connections.d/_defaults.yaml:1 (defaults)")
    assert lines["config.rate_limit"].endswith("connections.d/pub.yaml:3")
    assert lines["config.timeout"].endswith("connections.d/_defaults.yaml:2 (defaults)")
    assert lines["health.interval"].split()[1:] == ["15m", "built", "in"]
    homes = {one["path"]: one["from"] for one in data["values"]}
    assert (homes["provider"], homes["active"]) == ("file", "built-in")


def test_a_connection_in_a_folder_is_found_by_its_name(repo):
    write(repo, "desk/pub.yaml", HEAD)

    assert "connections.d/desk/pub.yaml:1" in repo.here("explain", "pub").out


def test_explain_shows_no_credential(repo):
    repo.new("spot", **KEYS)

    shown = repo.here("explain", "spot").out

    assert "credentials.api_key" in shown
    assert not any(value in shown for value in KEYS.values())
    assert "ENC[" not in shown


@needs_git
def test_a_branch_that_changes_defaults_changes_every_file_below(repo):
    git(repo, "init", "-q", "-b", "main")
    defaults(repo, "labels: {desk: spot}\n")
    repo.new("a")
    repo.new("b")
    commit(repo)
    git(repo, "switch", "-qc", "topic")

    assert plan(repo, "--base", "main") == []
    defaults(repo, "labels: {desk: fx}\n")
    changes = plan(repo, "--base", "main")

    assert [one["name"] for one in changes] == ["a", "b"]
    assert {one["fields"][0]["path"] for one in changes} == {"labels.desk"}
    assert not any(one["test"] for one in changes)


@needs_git
def test_a_branch_that_adds_or_drops_defaults_says_so(repo):
    git(repo, "init", "-q", "-b", "main")
    repo.new("a")
    commit(repo)
    git(repo, "switch", "-qc", "topic")
    defaults(repo, "labels: {desk: fx}\n")

    (added,) = plan(repo, "--base", "main")
    commit(repo)
    git(repo, "switch", "-qc", "next")
    (repo.path / "connections.d/_defaults.yaml").unlink()
    (dropped,) = plan(repo, "--base", "topic")

    assert (added["fields"][0]["kind"], dropped["fields"][0]["kind"]) == (
        "added",
        "removed",
    )


@needs_git
def test_a_draft_in_a_branch_is_no_connection(repo):
    git(repo, "init", "-q", "-b", "main")
    repo.new("a")
    commit(repo)
    git(repo, "switch", "-qc", "topic")
    (repo.path / "connections.d/_draft.yaml").write_text("nothing: yet\n")

    assert plan(repo, "--base", "main") == []


@needs_git
def test_a_review_warns_of_defaults_that_move_credentials(repo):
    git(repo, "init", "-q", "-b", "main")
    repo.new("spot", **KEYS)
    commit(repo)
    git(repo, "switch", "-qc", "topic")
    defaults(repo, "config: {timeout: 9}\n")

    shown = repo.here("validate", "--base", "main", "--format", "json").json

    (found,) = [one for one in shown["diagnostics"] if one["code"] == "R317"]
    assert found["range"]["filename"] == "connections.d/_defaults.yaml"


@needs_git
def test_whoever_changes_defaults_changes_every_file_below(desk):
    defaults(desk, "labels: {desk: x}\n", "alice")

    assert codes(desk, "alice-gh", code=0) == []
    assert codes(desk, "bob-gh") == [
        ("R510", "connections.d/alice/_defaults.yaml"),
        ("R510", "connections.d/alice/spot.yaml"),
    ]


@needs_git
def test_defaults_of_an_empty_folder_belong_to_its_owner(desk):
    (desk.path / "connections.d/alice/spot.yaml").unlink()
    commit(desk)
    git(desk, "branch", "-f", "main")
    defaults(desk, "labels: {desk: x}\n", "alice")
    defaults(desk, "labels: {desk: x}\n", "nobody")

    assert codes(desk, "alice-gh") == [("R510", "connections.d/nobody/_defaults.yaml")]
    assert codes(desk, "anna-gh", code=0) == []


@needs_git
def test_an_owner_may_stand_in_the_defaults(desk):
    defaults(desk, "owner: user:alice\n", "alice")
    write(desk, "alice/more.yaml", HEAD)

    assert codes(desk, "alice-gh", code=0) == []


@needs_git
def test_the_owner_in_the_defaults_cannot_be_changed_by_others(desk):
    defaults(desk, "owner: user:alice\n", "alice")
    write(desk, "alice/more.yaml", HEAD)
    commit(desk)
    git(desk, "branch", "-f", "main")
    defaults(desk, "owner: team:fx\n", "alice")

    found = codes(desk, "alice-gh")

    assert ("R511", "connections.d/alice/_defaults.yaml") in found
