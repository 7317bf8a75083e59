"""No secret leaves its envelope: the daemon, its log, its socket, its pages."""

from __future__ import annotations

import httpx

from tests.cli.test_canary import KEY, PASS, plant, watch
from tests.cli.test_daemon import start, wait_until

__all__ = ["start", "watch"]

URL_PASSWORD = "CANARY-password-of-a-git-address"
PAGES = (
    *("", "daemon", "history", "connections/spot", "connections/feed-query"),
    *("readyz", "healthz", "metrics", "api/v1/connections", "api/v1/state"),
)


def test_a_running_daemon_shows_no_secret(watch, sandbox, start):
    plant(watch)
    sandbox.set_fault("*", "bad_key")
    daemon = start(watch.repo, "--listen", "127.0.0.1:0")
    url = wait_until(lambda: daemon.said("listening"), daemon)[0]["url"]
    wait_until(lambda: daemon.said("cycle finished"), daemon)
    sandbox.clear_faults()

    watch("test", "spot", "feed")
    watch("test", "--all", "--wait")
    for page in PAGES:
        answer = httpx.get(f"{url}{page}", timeout=30)
        watch.said.append((page, answer.text))
    assert daemon.end() == 143
    watch.said.append(("the log", "".join(daemon.lines)))
    watch("-v", "daemon", "--once", "--log-format", "json")
    watch("-v", "daemon", "--once")

    assert len("".join(daemon.lines)) > 500
    watch.look_everywhere()


def test_a_git_address_with_a_password_shows_none(watch, start):
    settings = watch.repo.path / "reconcile.yaml"
    before = settings.read_text()
    address = f"http://deploy:{URL_PASSWORD}@127.0.0.1:9/desk.git"
    source = f"daemon: {{source: {{git: '{address}', interval: 5s}}}}\n"
    settings.write_text(before + source)
    daemon = start(watch.repo, "--listen", "127.0.0.1:0")
    url = wait_until(lambda: daemon.said("listening"), daemon)[0]["url"]
    wait_until(lambda: daemon.said("revision not taken"), daemon)
    for page in ("readyz", "daemon", "api/v1/state"):
        watch.said.append((page, httpx.get(f"{url}{page}", timeout=30).text))
    assert daemon.end() == 143
    watch.said.append(("the log", "".join(daemon.lines)))
    settings.write_text(before)

    watch.secrets.append(URL_PASSWORD)
    watch.look_everywhere()
    assert {KEY, PASS} <= set(watch.secrets)
