"""Whatever is asked, the answer is one that was promised, and never a 5xx."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.sandbox import sandbox_account
from reconciler.wiring import App, Choices
from tests.daemon.http_play import client_of, served

EXAMPLES = 6
CONFIG = """\
[[operations]]
include-name = "GET /api/v1/connections"
# The schema cannot say that 'after' must be the 'next' of an answer.
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "422"]

[[operations]]
include-name = "POST /api/v1/connections/{name}/suspend"
# ... that 'until' must lie in the future.
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "404", "409", "422"]

[[operations]]
include-name = "POST /api/v1/connections/{name}/sample"
# ... which symbols and timeframes the provider has.
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "404", "409", "424"]
"""


@pytest.fixture
def fuzzed(live, sandbox):
    """Return the outside world of a repository that runs what the examples name."""
    account = sandbox_account("binance")
    live.new("binance-main", api_key=account.api_key, api_secret=account.api_secret)
    live.here("apply")
    environment = live.environment()
    app = App(
        Choices(directory=live.path, sandbox=sandbox.file, environment=environment)
    )
    yield app
    app.close()


@pytest.mark.timeout(300)
def test_no_question_makes_it_fail_or_answer_otherwise_than_it_says(fuzzed, tmp_path):
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    with served(fuzzed) as at:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli"),
                *("run", f"{at.url}api/v1/openapi.json", "--checks", "all"),
                *("--phases", "examples,coverage,fuzzing", "--seed", "1"),
                *("--max-examples", str(EXAMPLES), "--request-timeout", "30"),
                *("--continue-on-failure", "--no-color", "--warnings", "off"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        with client_of(at) as client:
            still = client.get("/api/v1/connections/binance-main")

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    assert "No issues found" in done.stdout
    assert still.status_code == 200
