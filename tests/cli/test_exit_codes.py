"""The table of `design.md` §6, held for commands and classes of failure."""

from __future__ import annotations

import pytest

from reconciler.sandbox import sandbox_account


def nothing(repo, sandbox):
    pass


def an_invalid_file(repo, sandbox):
    repo.file("broken").write_text("name: broken\n")


def an_invalid_setting(repo, sandbox):
    (repo.path / "reconcile.yaml").write_text("nonsense: 1\n")


def no_folder(repo, sandbox):
    (repo.path / "connections.d").rename(repo.path / "elsewhere")


def a_damaged_store(repo, sandbox):
    (repo.path / ".reconcile/state.json").write_text("rubbish")


def a_lost_file(repo, sandbox):
    repo.file("spot").unlink()


def a_provider_that_refuses(repo, sandbox):
    repo.edit("spot", "timeframes: [1h]", "timeframes: [4h]")
    sandbox.set_fault("binance", "maintenance")


def a_change(repo, sandbox):
    repo.edit("spot", "timeframes: [1h]", "timeframes: [4h]")


def all_at_once(repo, sandbox):
    an_invalid_file(repo, sandbox)
    a_provider_that_refuses(repo, sandbox)


TABLE = [
    (nothing, ("plan",), 0),
    (nothing, ("plan", "--detailed-exitcode"), 0),
    (nothing, ("apply",), 0),
    (nothing, ("test", "spot"), 0),
    (nothing, ("status", "--exit-code"), 0),
    (a_change, ("plan",), 0),
    (a_change, ("plan", "--detailed-exitcode"), 2),
    (a_change, ("status", "--exit-code"), 0),
    (a_change, ("apply", "--expect", "0" * 16), 4),
    (an_invalid_file, ("validate",), 3),
    (an_invalid_file, ("plan",), 3),
    (an_invalid_file, ("plan", "--detailed-exitcode"), 3),
    (an_invalid_file, ("apply",), 3),
    (an_invalid_file, ("list",), 0),
    (an_invalid_setting, ("validate",), 3),
    (an_invalid_setting, ("plan",), 3),
    (an_invalid_setting, ("apply",), 3),
    (an_invalid_setting, ("list",), 3),
    (an_invalid_setting, ("sample", "spot"), 3),
    (no_folder, ("validate",), 1),
    (no_folder, ("plan",), 1),
    (no_folder, ("apply",), 1),
    (no_folder, ("list",), 0),
    (no_folder, ("sample", "spot", "--limit", "1"), 0),
    (a_damaged_store, ("validate",), 0),
    (a_damaged_store, ("plan",), 1),
    (a_damaged_store, ("apply",), 1),
    (a_damaged_store, ("list",), 1),
    (a_damaged_store, ("show", "spot"), 1),
    (a_damaged_store, ("sample", "spot"), 1),
    (a_damaged_store, ("test", "spot"), 1),
    (a_damaged_store, ("state", "pull"), 1),
    (a_lost_file, ("plan",), 4),
    (a_lost_file, ("plan", "--detailed-exitcode"), 4),
    (a_lost_file, ("apply", "--yes"), 4),
    (a_lost_file, ("apply", "--allow-empty"), 4),
    (a_lost_file, ("apply", "--allow-empty", "--yes"), 0),
    (a_provider_that_refuses, ("apply",), 5),
    (a_provider_that_refuses, ("test", "spot"), 5),
    (a_provider_that_refuses, ("test", "connections.d/spot.yaml"), 5),
    (a_provider_that_refuses, ("sample", "spot"), 1),
    (all_at_once, ("apply",), 3),
    (nothing, ("--sandbox", "nowhere.json", "sample", "spot"), 1),
    (nothing, ("--state", "nonsense", "plan"), 1),
    (nothing, ("--state", "oracle:x", "plan"), 1),
    (nothing, ("--config", "nowhere.yaml", "plan"), 1),
    (nothing, ("--no-such-option",), 64),
    (nothing, ("sample",), 64),
]


@pytest.mark.parametrize(
    ("situation", "arguments", "code"),
    TABLE,
    ids=[f"{row[0].__name__}-{'-'.join(row[1])}-{row[2]}" for row in TABLE],
)
def test_the_exit_code_tells(applied, sandbox, situation, arguments, code):
    situation(applied, sandbox)

    done = applied.here(*arguments, code=None)

    assert done.code == code, done
    assert "a bug in reconcile" not in done.err
    assert code == 0 or done.err or done.out


def test_a_missing_key_is_one(repo, monkeypatch):
    account = sandbox_account("binance")
    repo.new("spot", api_key=account.api_key, api_secret=account.api_secret)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")

    repo.here("decrypt", "connections.d/spot.yaml", code=1)
