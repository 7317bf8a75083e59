"""The daemon over many connections: all is cut off, or one exchange is gone, and back.

Nothing is played but the providers: a process of the daemon, its store, its sockets and
a receiver that checks each signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter

import httpx
import pytest

from tests.cli.test_daemon import start, wait_until
from tests.receiver import receiver

__all__ = ["start"]

pytestmark = pytest.mark.timeout(300)  # about 70 s, of which most is waiting

COUNT = 500
EXCHANGES = ("binance", "okx", "bybit", "kucoin", "gate")
REFERENCE = "feed.sandbox.example"
"""Out of reach when everything is, and not when one exchange is."""
KEY = "CANARY-signing-key-0123456789"
SETTINGS = f"""
connectivity: {{check: ["https://{REFERENCE}/"], interval: 1s}}
alerts:
  channels:
    ops: {{kind: webhook, url_env: OPS_URL, secret_env: OPS_KEY}}
  settle: 3s
"""
DOCUMENT = """\
version: 1
name: {name}
type: ccxt_crypto
provider: {provider}
settings: {{symbols: [BTC/USDT], timeframes: [1h]}}
health:
  interval: {interval}
  retry_interval: 10s
  failure_threshold: 1
  success_threshold: 1
"""
"""One failure that is believed is an error, so that none can hide."""
DOWN = "our own network is down; nothing is tested over it"
SELDOM = {"interval": "15m", "but": 50}
"""Most are not tested again while the test lasts; every so manyth is."""


@pytest.fixture
def fleet(live, request):
    """Many public connections at several exchanges, not applied yet."""
    seldom = getattr(request, "param", None)
    with (live.path / "reconcile.yaml").open("a") as settings:
        settings.write(SETTINGS)
    for number in range(COUNT):
        provider = EXCHANGES[number % len(EXCHANGES)]
        name = f"{provider}-{number:03}"
        often = seldom is None or number % seldom["but"] == 0
        text = DOCUMENT.format(
            name=name,
            provider=provider,
            interval="20s" if often else seldom["interval"],
        )
        live.file(name).write_text(text)
    return live


@pytest.fixture
def ops():
    with receiver() as taken:
        yield taken


@pytest.fixture
def daemon(fleet, ops, start):
    """A daemon whose connections are all well."""
    url = f"http://127.0.0.1:{ops.port}/alerts"
    running = start(fleet, OPS_URL=url, OPS_KEY=KEY)
    wait_until(lambda: health(fleet) == {"healthy": COUNT}, running)
    return running


def rows(repo):
    return repo.here("status", "--format", "json").json["connections"]


def health(repo):
    return Counter(row["health"] for row in rows(repo))


def counted(at):
    """Return how many of each health the daemon counts over HTTP."""
    counts = httpx.get(f"{at}api/v1/state").json()["counts"]["health"]
    return Counter({word: number for word, number in counts.items() if number})


def notices(taken):
    """Return what was told, in order; every message is signed."""
    for _, _, headers, body in taken.requests:
        assert is_signed(headers, body)
    bodies = [json.loads(body) for *_, body in taken.requests]
    return [(body, one) for body in bodies for one in body["notices"]]


def is_signed(headers, body):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(KEY.encode(), signed, hashlib.sha256)
    return headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def told(taken):
    return [(one["kind"], one["cause"]) for _, one in notices(taken)]


def test_a_cut_network_is_one_message_all_unknown_and_one_when_it_is_back(
    fleet, ops, daemon, sandbox
):
    sandbox.set_fault("*", "refused")
    wait_until(lambda: told(ops), daemon)
    wait_until(lambda: health(fleet) == {"unknown": COUNT}, daemon)
    during = rows(fleet)
    sandbox.clear_faults()
    wait_until(lambda: len(told(ops)) > 1, daemon)
    wait_until(lambda: health(fleet) == {"healthy": COUNT}, daemon)
    after = rows(fleet)
    daemon.end()

    assert told(ops) == [("opened", "network"), ("recovered", "network")]
    assert len(ops.requests) == 2
    assert {row["unable"]["diagnosis"]["category"] for row in during} == {"own_network"}
    assert {(row["failures"], row["failing_since"]) for row in during + after} == {
        (0, None)
    }


@pytest.mark.parametrize("fleet", [SELDOM], indirect=True)
def test_a_short_cut_is_seen_of_all_although_few_were_due(fleet, ops, start, sandbox):
    url = f"http://127.0.0.1:{ops.port}/alerts"
    daemon = start(fleet, "--listen", "127.0.0.1:0", OPS_URL=url, OPS_KEY=KEY)
    at = wait_until(lambda: daemon.said("listening"), daemon)[0]["url"]
    wait_until(lambda: health(fleet) == {"healthy": COUNT}, daemon)
    sandbox.set_fault("*", "refused")
    wait_until(lambda: daemon.said(DOWN), daemon)
    during = rows(fleet)
    wait_until(lambda: counted(at) == {"unknown": COUNT}, daemon)
    wait_until(lambda: told(ops), daemon)
    sandbox.clear_faults()
    wait_until(lambda: daemon.said("our own network is back"), daemon)
    # All but the few that were tried meanwhile are known as they were, at once.
    wait_until(lambda: health(fleet)["healthy"] >= COUNT * 9 // 10, daemon)
    wait_until(lambda: health(fleet) == counted(at) == {"healthy": COUNT}, daemon)
    wait_until(lambda: len(told(ops)) > 1, daemon)
    daemon.end()

    assert Counter(row["health"] for row in during) == {"unknown": COUNT}
    assert {row["unable"]["diagnosis"]["category"] for row in during} == {"own_network"}
    assert told(ops) == [("opened", "network"), ("recovered", "network")]
    assert len(ops.requests) == 2


def test_a_lost_exchange_of_several_is_one_message_and_one_when_it_is_back(
    fleet, ops, daemon, sandbox
):
    theirs = COUNT // len(EXCHANGES)
    sandbox.set_fault("okx", "refused")
    wait_until(
        lambda: health(fleet) == {"error": theirs, "healthy": COUNT - theirs}, daemon
    )
    wait_until(lambda: told(ops), daemon)
    sandbox.clear_faults()
    wait_until(lambda: health(fleet) == {"healthy": COUNT}, daemon)
    wait_until(lambda: ("recovered", "exchange") in told(ops), daemon)
    daemon.end()

    assert told(ops) == [("opened", "exchange"), ("recovered", "exchange")]
    assert len(ops.requests) == 2
    assert {one["label"] for _, one in notices(ops)} == {"okx"}
