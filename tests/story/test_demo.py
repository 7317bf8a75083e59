"""`make demo` is the first thing a newcomer runs: it must go as it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(420)
def test_the_demo_tells_its_story_to_the_end(tmp_path):
    done = subprocess.run(
        (sys.executable, "-m", "reconciler.sandbox.demo"),
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=400,  # a busy machine takes its time
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "Requests that reached the sandbox meanwhile: 0" in done.stdout
    assert "keeps running" in done.stdout
    assert "reconcile plan --base main" in done.stdout
    assert "Suspended, left alone" in done.stdout + done.stderr
    assert "renamed from okx-research" in done.stdout
    assert "daemon --once" in done.stdout
    assert "--allow-protected kraken-treasury" in done.stdout
    assert list(tmp_path.glob("*/trading-connections/.reconcile/report.json"))
