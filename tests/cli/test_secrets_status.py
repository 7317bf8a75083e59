"""`secrets status`: who opens the files, how old they are, and what drifted."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.test_validate_since import KEYS, OTHER, commit, git

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")


@pytest.fixture
def sealed(repo):
    repo.new("spot", **KEYS)
    repo.new("public")
    return repo


@pytest.fixture
def tracked(sealed):
    git(sealed, "init", "-q", "-b", "main")
    commit(sealed, date="2026-05-01T00:00:00Z")
    return sealed


def status(repo, *arguments, code=0):
    done = repo.here("secrets", "status", "--format", "json", *arguments, code=code)
    return done.json


def spot(repo):
    (one,) = status(repo)["files"]
    return one


def days(repo):
    """Return the day from which on each credential is as it is."""
    return {
        one["name"]: (one["since"]["at"] or "")[:10]
        for one in spot(repo)["credentials"]
    }


def drop_key(monkeypatch):
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


def test_a_file_that_is_as_it_should_be(sealed):
    one = spot(sealed)

    assert one["file"] == "connections.d/spot.yaml"
    assert len(one["recipients"]) == 1
    assert one["rule"]
    assert one["drift"] == []
    assert one["binding"] == "bound"


def test_without_a_key_the_binding_is_not_checked(sealed, monkeypatch):
    drop_key(monkeypatch)

    assert spot(sealed)["binding"] == "sealed, not checked"


def test_without_git_and_rules_the_files_own_date_is_told(sealed):
    (sealed.path / ".sops.yaml").unlink()

    one = spot(sealed)

    assert one["rule"] is None
    assert one["data_key"]["exact"] is False
    assert one["data_key"]["commit"] == ""
    assert [value["since"]["exact"] for value in one["credentials"]] == [False, False]
    assert "or earlier" in sealed.here("secrets", "status").out


def test_drift_is_shown_with_the_command_that_mends_it(sealed):
    config = sealed.read(".sops.yaml")
    line = next(one for one in config.splitlines() if "- age1" in one)
    other = f"{line.partition('age1')[0]}{OTHER} # bob"
    (sealed.path / ".sops.yaml").write_text(config.replace(line, other))

    done = sealed.here("secrets", "status", "--exit-code", code=6)

    assert "who can open this file" in done.out
    assert "(bob) cannot open this file" in done.out
    assert "reconcile updatekeys connections.d/spot.yaml" in done.out
    assert done.out.endswith("1 sealed file: 1 drifted.\n")
    assert status(sealed)["counts"] == {"files": 1, "drifted": 1, "unwell": 1}


def test_what_is_said_to_mend_another_rule_mends_it(sealed):
    config = sealed.read(".sops.yaml")
    other = config.replace("^(credentials|binding)$", "^(binding|credentials)$")
    (sealed.path / ".sops.yaml").write_text(other)
    file = "connections.d/spot.yaml"
    assert [one["code"] for one in spot(sealed)["drift"]] == ["R314"]

    assert f"reconcile rotate {file}" in sealed.here("secrets", "status").out
    done = sealed.here("rotate", file)

    assert "chosen by encrypted_regex ^(binding|credentials)$ now" in done.out
    assert spot(sealed)["drift"] == []


def test_a_changed_destination_is_unwell(sealed):
    sealed.edit("spot", "provider: binance", "provider: binanceus")

    done = sealed.here("secrets", "status", "--exit-code", code=6)

    assert "encrypt --rebind connections.d/spot.yaml" in done.out
    assert spot(sealed)["binding"] == "mismatch"


def test_all_well_ends_with_zero(sealed):
    done = sealed.here("secrets", "status", "--exit-code")

    assert done.out.endswith("1 sealed file: nothing drifted.\n")


@needs_git
def test_each_credential_has_its_own_age(tracked):
    tracked.reseal("spot", "api_secret", "t" * 64)
    commit(tracked, date="2026-07-01T00:00:00Z")
    tracked.edit("spot", "BTC/USDT", "ETH/USDT")
    commit(tracked, date="2026-08-01T00:00:00Z")

    assert days(tracked) == {"api_key": "2026-05-01", "api_secret": "2026-07-01"}
    assert spot(tracked)["data_key"]["at"].startswith("2026-05-01")


@needs_git
def test_ages_survive_a_rename(tracked):
    git(tracked, "mv", "connections.d/spot.yaml", "connections.d/best.yaml")
    tracked.edit("best", "name: spot", "name: best")
    commit(tracked, date="2026-08-01T00:00:00Z")

    assert set(days(tracked).values()) == {"2026-05-01"}


@needs_git
def test_a_rotated_key_is_new_and_the_values_may_be_older(tracked):
    tracked.here("rotate", "connections.d/spot.yaml")
    commit(tracked, date="2026-08-01T00:00:00Z")

    one = spot(tracked)

    assert one["data_key"]["at"].startswith("2026-08-01")
    assert one["data_key"]["exact"] is True
    assert [value["since"]["exact"] for value in one["credentials"]] == [False, False]


@needs_git
def test_new_recipients_do_not_make_a_new_data_key(tracked):
    config = tracked.read(".sops.yaml")
    line = next(one for one in config.splitlines() if "- age1" in one)
    more = f"{line}\n{line.partition('age1')[0]}{OTHER}"
    (tracked.path / ".sops.yaml").write_text(config.replace(line, more))
    tracked.here("updatekeys", "connections.d/spot.yaml")
    commit(tracked, date="2026-08-01T00:00:00Z")

    assert spot(tracked)["data_key"]["at"].startswith("2026-05-01")
    assert len(spot(tracked)["recipients"]) == 2


@needs_git
def test_what_is_not_committed_has_no_age(tracked):
    tracked.reseal("spot", "api_secret", "t" * 64)

    assert days(tracked) == {"api_key": "2026-05-01", "api_secret": ""}
    assert "not committed" in tracked.here("secrets", "status", "spot").out


@needs_git
def test_a_shallow_clone_knows_no_beginning(tracked):
    tracked.edit("spot", "BTC/USDT", "ETH/USDT")
    commit(tracked, date="2026-08-01T00:00:00Z")
    git(tracked, "clone", "-q", "--depth", "1", f"file://{tracked.path}", "../clone")

    done = tracked.run("-C", "../clone", "secrets", "status", "--format", "json")

    (one,) = done.json["files"]
    assert one["data_key"]["exact"] is False


@pytest.mark.parametrize(
    "word", ["spot", "sp*", "connections.d", "connections.d/spot.yaml"]
)
def test_files_are_chosen_by_name_glob_folder_or_path(sealed, word):
    sealed.new("other", **KEYS)

    files = [one["file"] for one in status(sealed, word)["files"]]

    assert "connections.d/spot.yaml" in files
    assert ("connections.d/other.yaml" in files) is (word == "connections.d")


@pytest.mark.parametrize("word", ["nope", "no*"])
def test_a_word_that_means_nothing_is_refused(sealed, word):
    assert f"'{word}'" in sealed.here("secrets", "status", word, code=1).err


def test_a_file_that_cannot_be_read_is_told_and_the_others_too(sealed):
    sealed.file("broken").write_text("a: [\n")
    sealed.file("lost").write_text("credentials: {a: 'ENC[x]'}\n")

    done = sealed.here("secrets", "status", "--exit-code", code=6)

    assert "sops metadata not found" in done.out
    assert "3 sealed files: 2 unreadable." in done.out


def test_details_name_the_readers_and_the_rule(sealed):
    done = sealed.here("-v", "secrets", "status")

    assert "opened by age1" in done.out
    assert "of .sops.yaml" in done.out
    assert "api_secret sealed" in done.out
