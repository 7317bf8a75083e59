"""policy.yaml in a pull request: who may change what, by the policy of the base."""

import re
import shutil

import pytest

from tests.cli.editor_scripts import use_editor
from tests.cli.test_validate_since import commit, git

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")

POLICY = """\
admins: [anna-gh]
users:
  alice: {logins: [alice-gh]}
  bob: {logins: [bob-gh]}
teams: {fx: [alice, bob]}
owners:
  user:alice: {paths: [connections.d/alice/**]}
  team:fx: {paths: [connections.d/fx/**]}
"""
HEAD = "type: ccxt_crypto\nprovider: binance\n"


def write(repo, name, text):
    file = repo.path / "connections.d" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def desk(repo):
    """A repository with a policy, three owners, and a branch that was just begun."""
    git(repo, "init", "-q", "-b", "main")
    (repo.path / "policy.yaml").write_text(POLICY)
    write(repo, "alice/spot.yaml", f"{HEAD}owner: user:alice\n")
    write(repo, "fx/eur.yaml", f"{HEAD}owner: team:fx\n")
    write(repo, "top.yaml", HEAD)
    commit(repo)
    git(repo, "switch", "-qc", "topic")
    return repo


def codes(repo, actor=None, code=3):
    asked = ("--base", "main", "--actor", actor) if actor else ()
    shown = repo.here("validate", "--format", "json", *asked, code=code).json
    return [(one["code"], one["range"]["filename"]) for one in shown["diagnostics"]]


def test_files_as_the_policy_wants_them_have_no_problem(desk):
    assert codes(desk, code=0) == []
    assert codes(desk, "stranger", code=0) == []


@pytest.mark.parametrize("actor", ["alice-gh", "anna-gh"])
def test_an_owner_and_an_admin_may_change_a_file(desk, actor):
    write(desk, "alice/spot.yaml", f"{HEAD}owner: user:alice\nactive: false\n")
    write(desk, "alice/new.yaml", f"{HEAD}owner: user:alice\n")

    assert codes(desk, actor, code=0) == []


def test_nobody_else_may(desk):
    write(desk, "alice/spot.yaml", f"{HEAD}owner: user:alice\nactive: false\n")
    (desk.path / "connections.d/top.yaml").unlink()

    assert codes(desk, "bob-gh") == [
        ("R510", "connections.d/alice/spot.yaml"),
        ("R510", "connections.d/top.yaml"),
    ]


def test_a_change_of_owner_takes_an_admin(desk):
    (desk.path / "connections.d/alice/spot.yaml").unlink()
    write(desk, "fx/eur.yaml", f"{HEAD}owner: user:alice\n")

    found = codes(desk, "alice-gh")

    assert ("R511", "connections.d/fx/eur.yaml") in found
    assert ("R502", "connections.d/fx/eur.yaml") in found


def test_a_branch_cannot_permit_itself(desk):
    text = POLICY.replace("[anna-gh]", "[anna-gh, bob-gh]")
    (desk.path / "policy.yaml").write_text(text)
    write(desk, "top.yaml", f"{HEAD}active: false\n")

    assert codes(desk, "bob-gh") == [
        ("R510", "connections.d/top.yaml"),
        ("R512", "policy.yaml"),
    ]
    assert codes(desk, "anna-gh", code=0) == []


def test_apply_leaves_alone_what_the_policy_refuses(desk):
    write(desk, "alice/mine.yaml", HEAD)

    done = desk.here("plan", code=3)

    assert "R502" in done.err
    assert "Invalid, left as they are: mine" in done.out


def test_a_changed_policy_is_noticed_by_a_run_that_remembers(desk):
    assert codes(desk, code=0) == []
    text = POLICY.replace("connections.d/alice/**", "connections.d/a/**")
    (desk.path / "policy.yaml").write_text(text)

    assert codes(desk) == [("R502", "connections.d/alice/spot.yaml")]


def test_a_broken_policy_is_an_error_of_its_own(desk):
    (desk.path / "policy.yaml").write_text("admins: anna\n")

    assert codes(desk) == [("R203", "policy.yaml")]


def test_without_a_policy_everybody_may_do_everything(desk):
    (desk.path / "policy.yaml").unlink()
    commit(desk)
    git(desk, "branch", "-f", "main")
    write(desk, "top.yaml", f"{HEAD}active: false\n")

    assert codes(desk, "stranger", code=0) == []


def test_an_actor_without_a_base_is_wrong_usage(desk):
    assert "--base" in desk.here("validate", "--actor", "x", code=64).err


def test_codeowners_asks_the_right_people(desk):
    text = desk.here("policy", "codeowners").out

    assert "* @anna-gh\n" in text
    assert "/connections.d/alice/ @alice-gh\n" in text
    assert "/connections.d/fx/ @alice-gh @bob-gh\n" in text
    assert "/policy.yaml @anna-gh\n" in text


def test_codeowners_is_checked_against_the_policy(desk):
    file = desk.path / ".github" / "CODEOWNERS"
    missing = desk.here("policy", "codeowners", "--check", file, code=3)
    assert "It is not there; make it with -o:" in missing.err

    desk.here("policy", "codeowners", "-o", file)
    desk.here("policy", "codeowners", "--check", file)
    file.write_text("* @mallory\n")

    done = desk.here("policy", "codeowners", "--check", file, code=3)

    assert "It differs from policy.yaml; make it with -o:" in done.err


def test_codeowners_without_a_policy_says_where_to_look(repo):
    assert "docs/policy.md" in repo.here("policy", "codeowners", code=None).err


NEW = ("--type", "ccxt_crypto", "--provider", "kraken", "--owner", "user:alice")


def test_a_file_is_written_into_its_owners_folder(desk):
    refused = desk.here("new", "kraken", "--public", *NEW, code=3)

    assert "Name the folder as well: reconcile new FOLDER/kraken" in refused.err
    assert not desk.file("kraken").exists()

    done = desk.here("new", "alice/kraken", "--public", *NEW)

    assert done.out == "connections.d/alice/kraken.yaml\n"
    assert "$schema=../../schemas/" in desk.file("alice/kraken").read_text()
    assert codes(desk, code=0) == []
    again = desk.here("new", "fx/kraken", "--public", *NEW, code=1)
    assert "'connections.d/alice/kraken.yaml' is there already" in again.err


@pytest.mark.parametrize("name", ["../x", "/x", "a//x", ".git/x", "_drafts/x"])
def test_a_new_file_lies_where_it_is_read(desk, name):
    assert "is no folder" in desk.here("new", name, "--public", *NEW, code=1).err


def test_what_is_typed_is_judged_in_the_place_of_its_file(desk):
    key = re.search("age1[a-z0-9]+", (desk.path / ".sops.yaml").read_text())[0]
    (desk.path / "policy.yaml").write_text(f"{POLICY}recipients: [{key}]\n")
    pair = "api_key=key-of-alice\napi_secret=secret-of-alice\n"
    desk.here("new", "alice/kraken", "--credentials-stdin", *NEW, stdin=pair)

    desk.here("set", "kraken", "api_key", "--stdin", stdin="another-key-of-alice")
    use_editor(desk, "path.write_text(text + 'labels: {desk: fx}\\n')")
    desk.here("edit", "kraken")

    assert desk.here("decrypt", "kraken", "--extract", "api_key").out.strip() == (
        "another-key-of-alice"
    )
