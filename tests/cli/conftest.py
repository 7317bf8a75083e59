"""A sandbox per test process, and repositories that talk to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.sandbox import running_sandbox, sandbox_account
from tests.cli.cli_runner import Repo


@pytest.fixture(scope="session")
def _living_sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_living_sandbox):
    _living_sandbox.clear_faults()
    _living_sandbox.reset_requests()
    yield _living_sandbox
    _living_sandbox.clear_faults()


@pytest.fixture
def bare(tmp_path, monkeypatch, capfd):
    """An empty folder, a home of its own, no key and no sandbox."""
    for name in list(os.environ):
        if name.startswith(("RECONCILE_", "SOPS_")):
            monkeypatch.delenv(name)
    home, path = tmp_path / "home", tmp_path / "repo"
    home.mkdir()
    path.mkdir()
    env = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "NO_COLOR": "1"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(path)
    return Repo(path=Path(path), monkeypatch=monkeypatch, capfd=capfd, env=env)


@pytest.fixture
def repo(bare):
    """A laid-out repository with an age key, without a sandbox."""
    bare.here("keygen")
    bare.here("init", "--workspace", "test")
    return bare


@pytest.fixture
def live(repo, sandbox, monkeypatch):
    """A repository whose commands talk to the sandbox."""
    repo.env["RECONCILE_SANDBOX"] = str(sandbox.file)
    monkeypatch.setenv("RECONCILE_SANDBOX", str(sandbox.file))
    return repo


@pytest.fixture
def binance(live):
    """A live repository with one good connection, not applied yet."""
    account = sandbox_account("binance")
    live.new("spot", api_key=account.api_key, api_secret=account.api_secret)
    return live


@pytest.fixture
def applied(binance):
    """A live repository whose connection runs."""
    binance.here("apply")
    return binance
