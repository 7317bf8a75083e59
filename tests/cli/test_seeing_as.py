"""--as LOGIN: what is theirs, as if nothing else were there."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.test_validate_since import commit, git

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")

POLICY = """\
admins: [anna-gh]
users:
  alice: {logins: [alice-gh]}
  bob: {logins: [bob-gh]}
teams: {fx: [alice]}
owners:
  user:alice: {paths: [connections.d/alice/**]}
  user:bob: {paths: [connections.d/bob/**]}
  team:fx: {paths: [connections.d/fx/**]}
"""
HEAD = "type: ccxt_crypto\nprovider: kraken\n"
MARKET = "settings: {symbols: [BTC/USD], timeframes: [1h]}\n"
HERS = ["mine", "shared"]
OTHERS = ("undisclosed", "vault", "secretive")
"""Parts of the names that nobody but their owners may read."""


def write(repo, name, owner, more=""):
    file = repo.path / "connections.d" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{HEAD}owner: {owner}\n{MARKET}{more}")


@pytest.fixture
def desk(live):
    """Four owners' connections, all applied; then every file changes."""
    (live.path / "policy.yaml").write_text(POLICY)
    for more in ("", "labels: {a: b}\n"):
        write(live, "alice/mine.yaml", "user:alice", more)
        write(live, "fx/shared.yaml", "team:fx", more)
        write(live, "bob/undisclosed.yaml", "user:bob", more)
        write(live, "vault.yaml", "admin", more)
        if not more:
            live.here("apply")
            live.here("suspend", "undisclosed", "--reason", "secretive")
    return live


LOOKS = [
    ("list",),
    ("list", "--format", "json"),
    ("-v", "status"),
    ("status", "--format", "json"),
    ("show", "*"),
    ("show", "*", "--format", "json"),
    ("history",),
    ("history", "--format", "json"),
    ("report",),
    ("report", "--format", "json"),
    ("report", "--format", "markdown"),
    ("report", "--now", "--format", "json"),
    ("plan",),
    ("-v", "plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("plan", "--format", "html"),
    ("validate",),
    ("validate", "--format", "json"),
    ("validate", "--format", "sarif"),
]


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_nothing_of_others_is_in_what_she_sees(desk, command):
    write(desk, "bob/undisclosed2.yaml", "user:bob", "nonsense: 1\n")
    write(desk, "vault2.yaml", "admin", "nonsense: 1\n")

    done = desk.here(*command, "--as", "alice-gh", code=None)

    assert done.code in {0, 4}, done
    assert not any(word in done.out + done.err for word in OTHERS)
    if command[0] != "validate":
        assert all(name in done.out for name in HERS)


@pytest.mark.parametrize("command", LOOKS[:-3], ids=" ".join)
def test_an_admin_sees_everything(desk, command):
    done = desk.here(*command, "--as", "anna-gh", code=None)

    assert all(name in done.out for name in (*HERS, "undisclosed", "vault"))


def test_counts_are_of_what_is_hers(desk):
    plan = desk.here("plan", "--format", "json", "--as", "alice-gh").json
    report = desk.here("report", "--format", "json", "--as", "alice-gh").json
    status = desk.here("status", "--format", "json", "--as", "alice-gh").json

    assert (plan["total"], plan["considered"], len(plan["changes"])) == (2, 2, 2)
    assert report["counts"]["connections"] == 2
    assert status["counts"]["connections"] == 2
    assert "2 files read" in desk.here("validate", "--as", "alice-gh").err


@pytest.mark.parametrize("command", ["show", "status", "history", "list", "report"])
def test_a_name_of_others_is_no_name(desk, command):
    theirs = desk.here(command, "vault", "--as", "alice-gh", code=1).err
    nobodys = desk.here(command, "vau1t", "--as", "alice-gh", code=1).err

    assert theirs == nobodys.replace("vau1t", "vault")


@pytest.mark.parametrize("folder", ["alice", "fx"])
def test_her_own_broken_file_is_told_and_others_files_are_not_named(desk, folder):
    owner = "team:fx" if folder == "fx" else "user:alice"
    write(desk, "alice/mine.yaml", "user:alice", "nonsense: 1\n")
    write(desk, f"{folder}/undisclosed.yaml", owner)

    done = desk.here("validate", "--as", "alice-gh", code=3)

    assert "unknown key 'nonsense'" in done.out
    assert f"connections.d/{folder}/undisclosed.yaml" in done.out
    assert "declared by another file too: another file" in done.out
    assert "bob/" not in done.out


@needs_git
def test_a_branch_shows_her_changes_only(desk):
    git(desk, "init", "-q", "-b", "main")
    commit(desk)
    for name, owner in (("alice/mine", "user:alice"), ("bob/undisclosed", "user:bob")):
        write(desk, f"{name}.yaml", owner, "labels: {a: c}\n")
    (desk.path / "connections.d/vault.yaml").unlink()

    plan = desk.here("plan", "--base", "main", "--format", "json", "--as", "alice-gh")

    assert [one["name"] for one in plan.json["changes"]] == ["mine"]
    assert not any(word in plan.out for word in OTHERS)
    problems = desk.here("validate", "--base", "main", "--as", "alice-gh")
    assert not any(word in problems.out for word in OTHERS)


def test_what_was_done_under_her_name_before_it_was_hers_is_not_shown(desk):
    desk.here("state", "rm", "undisclosed", "--yes")
    (desk.path / "connections.d/bob/undisclosed.yaml").unlink()
    write(desk, "alice/undisclosed.yaml", "user:alice")
    desk.here("apply")

    actions = desk.here(
        "history", "undisclosed", "--format", "json", "--as", "alice-gh"
    ).json["actions"]

    assert [one["action"] for one in actions] == ["create"]


def test_the_environment_says_who_looks(desk):
    desk.monkeypatch.setenv("RECONCILE_AS", "bob-gh")

    rows = desk.here("list", "--format", "json").json["connections"]

    assert [row["name"] for row in rows] == ["undisclosed"]


def test_a_login_that_nobody_knows_is_refused(desk):
    assert (
        "names nobody with the login 'eve'"
        in desk.here("list", "--as", "eve", code=1).err
    )


def test_without_a_policy_nobody_is_shown_a_part(applied):
    assert "needs a policy.yaml" in applied.here("list", "--as", "alice", code=1).err


def test_with_a_broken_policy_nobody_is_shown_a_part(desk):
    (desk.path / "policy.yaml").write_text("admins: 3\n")

    done = desk.here("list", "--as", "alice-gh", code=1)

    assert "policy.yaml is invalid" in done.err
    assert done.out == ""
