"""`plan --base`: what a branch changes, with no store and no key."""

import shutil

import pytest

from tests.cli.test_validate_since import KEYS, commit, git

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")


@pytest.fixture
def branch(repo, monkeypatch):
    """Three connections on main, and a branch that was just begun; no key."""
    git(repo, "init", "-q", "-b", "main")
    repo.new("spot", **KEYS)
    repo.new("gone")
    repo.new("same")
    commit(repo)
    git(repo, "switch", "-qc", "topic")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(repo.path / "no-keys"))
    return repo


def changes(repo, *arguments, code=0):
    plan = repo.here(
        "plan", "--base", "main", "--format", "json", *arguments, code=code
    )
    return {change["name"]: change for change in plan.json["changes"]}


def test_a_branch_that_changes_nothing_has_an_empty_plan(branch):
    assert changes(branch) == {}
    assert "3 connections match" in branch.here("plan", "--base", "main").out


def test_new_changed_and_lost_files_are_what_a_reviewer_sees(branch):
    branch.edit("spot", "BTC/USDT", "ETH/USDT")
    branch.new("fresh")
    branch.file("gone").unlink()
    commit(branch)

    found = changes(branch)

    actions = {name: change["action"] for name, change in found.items()}
    assert actions == {"fresh": "create", "gone": "deactivate", "spot": "update"}
    assert [field["path"] for field in found["spot"]["fields"]] == ["settings.symbols"]
    assert found["spot"]["needs_key"]


def test_what_is_not_committed_counts_as_well(branch):
    branch.edit("spot", "BTC/USDT", "ETH/USDT")
    branch.new("fresh")

    assert set(changes(branch)) == {"fresh", "spot"}


def test_no_store_is_opened_and_none_is_made(branch):
    branch.new("fresh")

    branch.here("--state", "tinydb:no-such-folder/x.json", "plan", "--base", "main")
    changes(branch)

    assert not (branch.path / "no-such-folder").exists()
    assert not (branch.path / ".reconcile/state.json").exists()


def test_the_plan_is_the_same_with_and_without_a_key(branch, monkeypatch):
    branch.edit("spot", "BTC/USDT", "ETH/USDT")
    without = changes(branch)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", branch.env["XDG_CONFIG_HOME"])

    assert changes(branch) == without


def test_a_key_changes_only_the_column_that_says_so(branch, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", branch.env["XDG_CONFIG_HOME"])
    branch.here("rotate", "connections.d/spot.yaml")
    opened = branch.here("plan", "--base", "main").out
    monkeypatch.setenv("XDG_CONFIG_HOME", str(branch.path / "no-keys"))
    closed = branch.here("plan", "--base", "main").out

    assert "[resealed, same values]" in opened
    assert opened.replace("[resealed, same values]", "[tests, needs key]") == closed


@pytest.mark.parametrize("format_", ["human", "markdown", "html"])
def test_a_plan_says_what_it_compares_with(branch, format_):
    base = (branch.path / ".git/refs/heads/main").read_text()[:12]

    assert base in branch.here("plan", "--base", "main", "--format", format_).out
    assert "Compared with commit" not in branch.here("plan").out


def test_a_destination_that_moved_from_under_its_seal_is_told(branch):
    branch.edit("spot", "settings:\n", "config: {sandbox: true}\nsettings:\n")

    (note,) = changes(branch)["spot"]["notes"]

    assert "encrypt --rebind" in note


def test_a_branch_behind_for_the_same_file_is_called_out(branch):
    branch.edit("spot", "BTC/USDT", "ETH/USDT")
    commit(branch)
    git(branch, "switch", "-q", "main")
    branch.edit("spot", "BTC/USDT", "SOL/USDT")
    branch.new("elsewhere")
    commit(branch)
    git(branch, "switch", "-q", "topic")

    done = branch.here("plan", "--base", "main")

    assert "spot.yaml: main changed it as well since this branch left it" in done.out
    assert "elsewhere" not in done.out


def test_the_guards_look_at_a_branch_too(branch):
    for number in range(12):
        branch.new(f"c{number:02}")
    commit(branch)
    git(branch, "branch", "-f", "main")
    for number in range(8):
        branch.file(f"c{number:02}").unlink()

    done = branch.here("plan", "--base", "main", code=4)

    assert "--allow-removals" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--base", "nowhere"), 1, "git fetch origin"),
        (("--base", "main", "--out", "p.json"), 64, "compares with Git only"),
    ],
)
def test_what_cannot_be_compared_is_refused(branch, arguments, code, said):
    assert said in branch.here("plan", *arguments, code=code).err


def test_a_file_that_was_invalid_before_counts_as_new(branch):
    git(branch, "switch", "-q", "main")
    good = branch.file("same").read_text()
    branch.file("same").write_text("type: [\n")
    commit(branch)
    git(branch, "switch", "-qc", "mend")
    branch.file("same").write_text(good)

    done = branch.here("plan", "--base", "main")

    assert "same.yaml: it was invalid before" in done.out
