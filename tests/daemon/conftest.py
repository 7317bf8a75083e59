"""Repositories whose connections run, and what serves them."""

from __future__ import annotations

import pytest

from reconciler.wiring import App, Choices
from tests.cli.conftest import (
    _living_sandbox,
    applied,
    bare,
    binance,
    live,
    repo,
    sandbox,
)
from tests.daemon.http_play import client_of, served

__all__ = ["_living_sandbox", "applied", "bare", "binance", "live", "repo", "sandbox"]


@pytest.fixture
def app(tmp_path):
    """Return the outside world of an empty folder."""
    app = App(Choices(directory=tmp_path))
    yield app
    app.close()


@pytest.fixture
def live_app(applied, sandbox):
    """Return the outside world of a repository whose connection runs."""
    choices = Choices(
        directory=applied.path,
        sandbox=sandbox.file,
        environment=applied.environment(),
    )
    app = App(choices)
    yield app
    app.close()


@pytest.fixture
def live_client(live_app):
    """Return a client of a daemon that speaks to the sandbox."""
    with served(live_app) as at, client_of(at) as client:
        yield client
