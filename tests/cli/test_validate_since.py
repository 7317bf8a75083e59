"""`validate --base`: what a pull request does to sealed files, told without a key."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from reconciler.adapters.sops import generate_identity
from tests.adapters.sops.sops_helpers import NOW

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="Git is not here")
_, OTHER = generate_identity(NOW)
SECRET = "s" * 64
KEYS = {"api_key": "k" * 64, "api_secret": SECRET}


def git(repo, *arguments, date="2026-08-01T00:00:00Z"):
    """Run Git as nobody in particular."""
    name = ("-c", "user.name=n", "-c", "user.email=n@example.com")
    env = {**repo.environment(), "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date}
    subprocess.run(
        ("git", *name, *arguments), cwd=repo.path, env=env, check=True,
        capture_output=True,
    )  # fmt: skip


def commit(repo, message="m", **more):
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", message, **more)


@pytest.fixture
def tracked(repo):
    """A repository under Git with one sealed connection, committed."""
    git(repo, "init", "-q", "-b", "main")
    repo.new("spot", **KEYS)
    commit(repo)
    return repo


def found(repo, *arguments, code=0):
    shown = repo.here("validate", "--format", "json", *arguments, code=code).json
    return [
        (one["code"], one["range"]["start"]["line"]) for one in shown["diagnostics"]
    ]


def line_of(repo, start):
    lines = repo.file("spot").read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if line.startswith(start))


def test_nothing_changed_is_nothing_to_tell(tracked):
    assert found(tracked, "--base", "HEAD") == []


def test_a_setting_may_change_without_a_word(tracked):
    tracked.edit("spot", "BTC/USDT", "ETH/USDT")

    assert found(tracked, "--base", "HEAD") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("provider: binance", "provider: binanceus"),
        ("provider: binance", "owner: user:eve\nprovider: binance"),
        ("settings:", "config: {proxy: 'http://evil.example:1'}\nsettings:"),
    ],
)
def test_a_new_destination_under_the_old_seal_is_told(tracked, old, new):
    tracked.edit("spot", old, new)

    assert [code for code, _ in found(tracked, "--base", "HEAD")] == ["R317"]
    assert found(tracked) == []


def test_a_destination_that_was_bound_again_is_fine(tracked):
    tracked.edit("spot", "provider: binance", "provider: binanceus")
    tracked.here("encrypt", "--rebind", "connections.d/spot.yaml")

    assert found(tracked, "--base", "HEAD") == []


def test_an_old_version_that_comes_back_is_named_with_its_commit(tracked):
    old = tracked.file("spot").read_text()
    tracked.reseal("spot", "api_secret", "t" * 64)
    commit(tracked, date="2026-09-01T00:00:00Z")
    tracked.file("spot").write_text(old.replace("BTC/USDT", "ETH/USDT"))

    done = tracked.here("validate", "--base", "HEAD")

    assert "R318" in done.out
    assert "2026-08-01: this restores an earlier version" in done.out


def test_a_new_version_is_no_old_one(tracked):
    tracked.reseal("spot", "api_secret", "t" * 64)

    assert found(tracked, "--base", "HEAD") == []


def test_a_renamed_file_keeps_its_history(tracked):
    old = tracked.file("spot").read_text()
    tracked.reseal("spot", "api_secret", "t" * 64)
    commit(tracked)
    git(tracked, "mv", "connections.d/spot.yaml", "connections.d/best.yaml")
    renamed = old.replace("name: spot", "name: best")
    tracked.file("best").write_text(
        renamed.replace("provider: binance", "provider: okx")
    )
    git(tracked, "add", "-A")

    codes = [code for code, _ in found(tracked, "--base", "HEAD", code=None)]

    assert "R318" in codes


def test_somebody_added_is_told(tracked):
    config = tracked.read(".sops.yaml")
    line = next(one for one in config.splitlines() if "- age1" in one)
    added = f"{line}\n{line.partition('age1')[0]}{OTHER} # bob"
    (tracked.path / ".sops.yaml").write_text(config.replace(line, added))
    tracked.here("updatekeys", "connections.d/spot.yaml")

    done = tracked.here("validate", "--base", "HEAD")

    assert "R319" in done.out
    assert "(bob) can open this file now" in done.out


def test_a_branch_that_is_merely_behind_is_not_blamed(tracked):
    git(tracked, "checkout", "-qb", "topic")
    tracked.edit("spot", "BTC/USDT", "ETH/USDT")
    commit(tracked)
    git(tracked, "checkout", "-q", "main")
    tracked.reseal("spot", "api_secret", "t" * 64)
    commit(tracked)
    git(tracked, "checkout", "-q", "topic")

    assert found(tracked, "--base", "main") == []


@pytest.mark.parametrize("rev", ["nope", "--output=x", "HEAD:connections.d"])
def test_a_commit_that_is_not_there_is_said_with_the_fix(tracked, rev):
    done = tracked.here("validate", f"--base={rev}", code=1)

    assert f"'{rev}'" in done.err
    assert "git fetch origin" in done.err


def test_without_git_there_is_nothing_to_compare_with(repo):
    done = repo.here("validate", "--base", "HEAD", code=1)

    assert "there is no Git repository" in done.err


def test_strict_makes_warnings_count(tracked):
    tracked.edit("spot", "provider: binance", "provider: binanceus")

    assert [c for c, _ in found(tracked, "--base", "HEAD")] == ["R317"]
    assert [c for c, _ in found(tracked, "--base", "HEAD", "--strict", code=3)]


def test_only_the_files_asked_for_are_compared(tracked):
    tracked.edit("spot", "provider: binance", "provider: binanceus")
    tracked.new("other", **KEYS)

    assert found(tracked, "--base", "HEAD", "connections.d/other.yaml") == []


def test_no_key_is_needed(tracked, monkeypatch):
    tracked.edit("spot", "provider: binance", "provider: binanceus")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")

    assert [code for code, _ in found(tracked, "--base", "HEAD")] == ["R317"]
