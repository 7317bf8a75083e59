"""A real daemon asked over HTTP: what is done there is done by its engine."""

from __future__ import annotations

import httpx
import pytest

from tests.cli.test_daemon import start, wait_until

__all__ = ["start"]


@pytest.fixture
def asked(applied, start):
    """Return a daemon's client; where it listens stands in its settings."""
    settings = applied.path / "reconcile.yaml"
    text = settings.read_text() if settings.exists() else ""
    settings.write_text(f"{text}\nhttp: {{listen: '127.0.0.1:0'}}\n")
    daemon = start(applied)
    url = wait_until(lambda: daemon.said("listening"), daemon)[0]["url"]
    with httpx.Client(base_url=url, timeout=60) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200, daemon)
        yield client
    assert daemon.end() == 143
    assert not daemon.said("a request failed by a bug")


def value_of(text, beginning):
    line = next(line for line in text.splitlines() if line.startswith(beginning))
    return float(line.rpartition(" ")[2])


def test_it_tests_samples_suspends_and_counts(asked):
    url = "/api/v1/connections/spot"

    tested = asked.post(f"{url}/test", json={}).json()
    sampled = asked.post(f"{url}/sample", json={"limit": 2}).json()
    suspended = asked.post(f"{url}/suspend", json={"reason": "it moves"}).json()
    idle = asked.post(f"{url}/test", json={})
    resumed = asked.post(f"{url}/resume", json={}).json()
    metrics = asked.get("/metrics").text

    assert tested["outcome"]["result"] == "applied"
    assert len(sampled["sample"]["candles"]) == 2
    assert suspended["connection"]["intent"] == "suspended"
    assert idle.status_code == 409
    assert resumed["connection"]["intent"] == "active"
    assert value_of(metrics, "reconcile_tests_total{") >= 1
    assert value_of(metrics, "reconcile_ready") == 1
    assert value_of(metrics, "reconcile_last_apply_timestamp_seconds") > 0
    whos = {one["who"] for one in asked.get(f"{url}/history").json()["actions"]}
    assert any(who.endswith("@http") for who in whos)
