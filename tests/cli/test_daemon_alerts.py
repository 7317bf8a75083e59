"""The daemon as a process tells a real receiver what fails, and that it is over."""

from __future__ import annotations

import json

from tests.cli.test_daemon import healthy, start, wait_until
from tests.receiver import receiver

__all__ = ["start"]

SETTINGS = """
alerts:
  channels:
    ops: {kind: webhook, url_env: OPS_URL, secret_env: OPS_KEY}
  settle: 1s
  heartbeat: {url_env: BEAT_URL, interval: 10s}
daemon: {rescan: 5s}
"""
HEALTH = """\
health:
  {interval: 10s, retry_interval: 10s, failure_threshold: 1, success_threshold: 1}
"""
KEY = "CANARY-signing-key-0123456789"
TOKEN = "CANARY-token-0123456789"
ROUNDS = 6


def told(taken):
    """Return (kind, cause) of every notice that came in, in order."""
    letters = [body for body in taken if "notices" in body]
    return [(one["kind"], one["cause"]) for body in letters for one in body["notices"]]


def watched_repo(repo):
    with (repo.path / "reconcile.yaml").open("a") as settings:
        settings.write(SETTINGS)
    with repo.file("spot").open("a") as file:
        file.write(HEALTH)
    return repo


def letters_of(taken):
    return [json.loads(body) for method, _, _, body in taken.requests if body]


def test_an_outage_is_told_once_and_so_is_its_end(binance, start, sandbox):
    repo = watched_repo(binance)
    with receiver() as ops, receiver() as beat:
        daemon = start(
            repo,
            OPS_URL=f"http://127.0.0.1:{ops.port}/{TOKEN}",
            OPS_KEY=KEY,
            BEAT_URL=f"http://127.0.0.1:{beat.port}/{TOKEN}",
        )
        wait_until(lambda: healthy(repo) == {"spot"}, daemon)
        sandbox.set_fault("binance", "maintenance")
        wait_until(lambda: told(letters_of(ops)), daemon)
        listed = repo.here("alerts", "list").out
        sandbox.clear_faults()
        wait_until(lambda: len(told(letters_of(ops))) > 1, daemon)
        code = daemon.end()

    assert told(letters_of(ops)) == [
        ("opened", "connection"),
        ("recovered", "connection"),
    ]
    assert "the provider is in maintenance" in letters_of(ops)[0]["subject"]
    assert "spot" in listed
    assert beat.requests
    assert code == 143
    files = [file for file in repo.path.rglob("*") if file.is_file()]
    texts = [file.read_bytes() for file in files] + ["".join(daemon.lines).encode()]
    assert not any(b"CANARY" in text for text in texts)


def test_a_refused_change_and_an_invalid_file_are_told(binance, start, sandbox):
    repo = watched_repo(binance)
    with receiver() as ops:
        url = f"http://127.0.0.1:{ops.port}/"
        daemon = start(repo, OPS_URL=url, OPS_KEY=KEY, BEAT_URL=url)
        wait_until(lambda: daemon.said("daemon started"), daemon)
        repo.file("broken").write_text("name: broken\n")
        wait_until(lambda: ("opened", "daemon") in told(letters_of(ops)), daemon)
        repo.file("broken").unlink()
        wait_until(lambda: ("recovered", "daemon") in told(letters_of(ops)), daemon)
        sandbox.set_fault("binance", "bad_key")
        repo.new("second", api_key="a" * 64, api_secret="b" * 64)
        wait_until(lambda: ("opened", "refused") in told(letters_of(ops)), daemon)
        daemon.end()

    refused = next(
        one
        for body in letters_of(ops)
        for one in body["notices"]
        if one["cause"] == "refused"
    )
    assert [hit["name"] for hit in refused["connections"]] == ["second"]
    assert refused["running"] == 0


def test_once_tells_what_lasts_from_run_to_run_and_only_once(binance, sandbox):
    repo = watched_repo(binance)
    with receiver() as ops:
        url = f"http://127.0.0.1:{ops.port}/"
        env = {"OPS_URL": url, "OPS_KEY": KEY, "BEAT_URL": url}
        repo.run("daemon", "--once", **env)
        sandbox.set_fault("binance", "bad_key")
        repo.run("test", "spot", code=None)
        for _ in range(ROUNDS):  # quick ones may all end before it has settled
            repo.run("daemon", "--once", code=None, **env)
            if told(letters_of(ops)):
                break
        repo.run("daemon", "--once", code=None, **env)

    assert told(letters_of(ops)) == [("opened", "connection")]
