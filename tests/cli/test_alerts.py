"""`reconcile alerts`: whom the daemon tells, what it told, and whether it arrives."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from tests.daemon.alerting.alert_play import app_of, many, playing
from tests.receiver import receiver

KEY = "CANARY-signing-key-0123456789"
SETTINGS = """\
alerts:
  channels:
    desk: {kind: webhook, url_env: DESK_URL, secret_env: DESK_KEY}
    ops: {kind: webhook, url_env: OPS_URL, secret_env: DESK_KEY}
  default: [desk]
  heartbeat: {url_env: BEAT_URL}
"""


@pytest.fixture
def desk(bare, monkeypatch):
    """A folder with two channels, and the receiver of the first."""
    (bare.path / "reconcile.yaml").write_text(SETTINGS)
    with receiver() as taken:
        url = f"http://127.0.0.1:{taken.port}/CANARY-token-0123456789"
        monkeypatch.setenv("DESK_URL", url)
        monkeypatch.setenv("DESK_KEY", KEY)
        yield bare, taken


def test_a_test_message_says_that_it_is_one(desk):
    repo, taken = desk

    done = repo.here("alerts", "test", "desk")

    assert done.out == "desk  delivered\n"
    (body,) = taken.bodies
    assert body["format_version"] == "1.0"
    assert "[recovered] this is a test message; nothing is wrong" in body["subject"]
    assert "From reconcile on" in body["text"]


def test_every_channel_is_tried_and_each_failure_is_told(desk):
    repo, _ = desk

    done = repo.here("alerts", "test", code=1)
    data = repo.here("alerts", "test", "--format", "json", code=1).json

    assert done.out.splitlines() == [
        "desk  delivered",
        "ops   failed: the environment variable OPS_URL is not set",
    ]
    assert [one["delivered"] for one in data["channels"]] == [True, False]


def test_an_unknown_channel_gets_the_nearest_name(desk):
    repo, _ = desk

    done = repo.here("alerts", "test", "deks", code=1)

    assert "there is no channel 'deks'; did you mean 'desk'?" in done.err


def test_without_channels_it_says_how_to_add_one(bare):
    assert "add one under 'alerts'" in bare.here("alerts", "test", code=1).err
    assert "No channel: add one" in bare.here("alerts", "list").out


def test_what_the_daemon_told_is_listed_without_any_address(desk):
    repo, taken = desk

    async def story():
        app = app_of(
            repo.path,
            SETTINGS,
            DESK_URL=f"http://127.0.0.1:{taken.port}/CANARY-token-0123456789",
            DESK_KEY=KEY,
        )
        async with playing(app) as world:
            world.has(*many(40))
            world.fails([f"binance-{n:04}" for n in range(30)])
            await world.passes(60)
            taken.status = 500
            world.recovers([f"binance-{n:04}" for n in range(30)])
            await world.passes(60)
            taken.status = 200
            world.fails(["binance-0001"])
            await world.passes(30)

    asyncio.run(story())
    done = repo.here("alerts", "list")
    data = repo.here("alerts", "list", "--format", "json")

    assert "CHANNEL  KIND     WAITING" in done.out
    assert re.search(r"Heartbeat: \d+ times?, again", done.out)
    assert "BEAT_URL is not set" in done.out
    assert "binance-0001" in done.out
    assert "CANARY" not in done.out + data.out + repo.read(".reconcile/alerts.json")
    desk_, ops = data.json["channels"]
    assert (desk_["name"], desk_["kind"], ops["waiting"]) == ("desk", "webhook", 0)
    (incident,) = data.json["incidents"]
    assert incident["names"] == ["binance-0001"]


def test_listing_changes_nothing(desk):
    repo, _ = desk
    file = repo.path / ".reconcile/alerts.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text("{rubbish")

    done = repo.here("alerts", "list", code=1)

    assert "'alerts.json' is damaged" in done.out
    assert file.read_text() == "{rubbish"


def test_an_address_in_the_settings_is_refused_and_not_shown(bare):
    text = "alerts: {channels: {ops: {url: 'slack://CANARY/CANARY/CANARY'}}}\n"
    (bare.path / "reconcile.yaml").write_text(text)
    (bare.path / "connections.d").mkdir()

    for command in (("validate",), ("alerts", "test"), ("alerts", "list")):
        done = bare.here(*command, code=3)
        assert "R210" in done.err + done.out
        assert "CANARY" not in json.dumps([done.out, done.err])
