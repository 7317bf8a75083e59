"""A real apply, really killed: what was committed stays, the next run carries on."""

import json
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.adapters import sops
from reconciler.sandbox import running_sandbox, sandbox_account

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = 24
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENT = """\
type: custom_api
provider: feed-{index}
credentials: {{api_key: {key}}}
config:
  endpoint: https://feed.sandbox.example/v1
  authentication_method: bearer
settings: {{symbols: [AAPL], timeframes: [1h]}}
"""


@pytest.fixture
def repository(tmp_path):
    private, public = sops.generate_identity(NOW)
    (tmp_path / "key.txt").write_text(private.reveal())
    folder = tmp_path / "connections.d"
    folder.mkdir()
    account = sandbox_account("feed")
    for index in range(CONNECTIONS):
        text = DOCUMENT.format(index=index, key=account.api_key)
        file = folder / f"feed-{index:02}.yaml"
        file.write_text(
            sops.seal(
                text, file=file.name, recipients=sops.Recipients.of([public]), now=NOW
            )
        )
    return tmp_path


def command(repository, sandbox, *arguments):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(repository),
        "PYTHONPATH": str(ROOT),
        "SOPS_AGE_KEY_FILE": str(repository / "key.txt"),
        "RECONCILE_SANDBOX": str(sandbox.file),
    }
    return subprocess.Popen(
        (sys.executable, "-m", "reconciler", "-C", str(repository), *arguments),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process):
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def active_names(repository, sandbox):
    code, out, err = finished(command(repository, sandbox, "list", "--format", "json"))
    assert code == 0, err
    rows = json.loads(out)["connections"]
    return {row["name"] for row in rows if row["health"] == "healthy"}


def test_an_apply_killed_again_and_again_loses_nothing_and_converges(
    repository, tmp_path
):
    luck, committed = random.Random(7), set()  # noqa: S311  # repeatable
    with running_sandbox(tmp_path / "sandbox") as sandbox:
        sandbox.set_fault("feed", "slow", seconds=0.15)
        for _ in range(4):
            process = command(repository, sandbox, "apply", "--parallelism", "2")
            wait_for_a_commit(repository, process, luck.uniform(0, 0.4))
            process.kill()
            finished(process)
            now_active = active_names(repository, sandbox)
            assert committed <= now_active
            committed = now_active
        assert 0 < len(committed) < CONNECTIONS
        sandbox.clear_faults()

        code, _, err = finished(command(repository, sandbox, "apply"))
        assert code == 0, err
        sandbox.reset_requests()
        again = finished(command(repository, sandbox, "apply"))

        assert again[0] == 0
        assert sandbox.requests == ()
        assert len(active_names(repository, sandbox)) == CONNECTIONS


def wait_for_a_commit(repository, process, more_s):
    """Wait until the journal grows, then a little more: somewhere in the middle."""
    journal = next(iter(repository.glob(".reconcile/*journal*")), None)
    size = journal.stat().st_size if journal else 0
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        found = next(iter(repository.glob(".reconcile/*journal*")), None)
        if found and found.stat().st_size != size:
            break
        time.sleep(0.01)
    time.sleep(more_s)
