"""One sandbox for each test process; every test leaves it whole."""

from __future__ import annotations

import pytest

from reconciler.sandbox import running_sandbox


@pytest.fixture(scope="session")
def running(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    yield running
    running.clear_faults()
