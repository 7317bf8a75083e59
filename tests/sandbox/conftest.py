"""One sandbox per test process; every test gets it healthy and with no memory."""

from __future__ import annotations

import pytest

from reconciler.sandbox import running_sandbox


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
