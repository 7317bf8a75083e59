"""Alerts from what is observed to what a real receiver gets: once, and usefully."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reconciler.core.diagnosis import Category
from reconciler.core.health import Health
from reconciler.core.incidents.observation import Trouble
from tests.daemon.alerting.alert_play import app_of, many, playing, well
from tests.receiver import receiver

pytestmark = pytest.mark.filterwarnings(
    "ignore:'imghdr' is deprecated:DeprecationWarning"  # imported by Apprise
)

ROOT = Path(__file__).parents[3]
HOUR = 3600
TOKEN = "CANARY-in-the-address-0123456789"
KEY = "CANARY-signing-key-0123456789"
TWO = """\
alerts:
  channels:
    ops: {url_env: OPS_URL}
    desk: {kind: webhook, url_env: DESK_URL, secret_env: DESK_KEY, timeout: 1s}
  routes:
    - {channels: [ops, desk]}
"""


def url(taken, scheme="json"):
    return f"{scheme}://127.0.0.1:{taken.port}/{TOKEN}"


def remembered(folder):
    return json.loads((folder / ".reconcile/alerts.json").read_text())


def play(folder, story, settings=None, **environment):
    """Run a story to its end; returns what it returns."""

    async def run():
        options = {"settings": settings} if settings else {}
        async with playing(app_of(folder, **options, **environment)) as world:
            return await story(world)

    return asyncio.run(run())


def test_a_network_cut_with_500_connections_is_one_alert_and_one_recovery(tmp_path):
    async def story(world):
        world.has(*many(300), *many(200, "okx"))
        await world.passes(60)
        world.alerting.around(network_up=False)
        world.becomes(list(world.fleet), health=Health.UNKNOWN)
        await world.passes(HOUR, step=60)
        (open_,) = world.alerting.standing().incidents
        world.alerting.around(network_up=True)
        await world.passes(60)
        world.recovers(list(world.fleet))
        await world.passes(HOUR, step=60)
        return open_, world.alerting.standing().incidents

    with receiver() as taken:
        during, after = play(tmp_path, story, OPS_URL=url(taken))

    assert (during.cause, during.count, after) == ("network", 500, ())
    assert taken.titles == [
        (
            "[error] this machine's network: this machine has no network: nothing can "
            "be tested from here; 500 connections are not watched"
        ),
        (
            "[recovered] this machine's network: well again after 1h; it was about 500 "
            "connections"
        ),
    ]


def test_an_exchange_down_with_500_connections_is_one_message_and_one_recovery(
    tmp_path,
):
    async def story(world):
        world.has(*many(500), *many(20, "okx"))
        names = [name for name in world.fleet if name.startswith("binance")]
        for start in range(0, 500, 50):
            world.fails(names[start : start + 50], Category.EXCHANGE_UNAVAILABLE)
            await world.passes(2, step=1)
        await world.passes(HOUR, step=60)
        for start in range(0, 500, 100):
            world.recovers(names[start : start + 100])
            await world.passes(10, step=5)
        await world.passes(HOUR, step=60)

    with receiver() as taken:
        play(tmp_path, story, OPS_URL=url(taken))

    began, over = taken.bodies
    assert began["title"] == (
        "[error] binance: 500 of 500 connections fail: the provider is not available"
    )
    assert "binance-0000, binance-0001" in began["message"]
    assert "and 480 more" in began["message"]
    assert "Fix:     wait; look at the provider's status page" in began["message"]
    assert "Waiting: may help: it is tried again by itself" in began["message"]
    assert over["title"].startswith("[recovered] binance: well again after 1h")
    assert over["type"] == "success"


@pytest.mark.parametrize("category", [Category.TIMEOUT, Category.INTERNAL])
def test_a_thousand_unrelated_failures_at_once_are_no_storm(tmp_path, category):
    async def story(world):
        world.has(*[well(f"c{n:04}", f"house-{n:04}") for n in range(3000)])
        await world.passes(10)
        world.fails([f"c{n:04}" for n in range(1000)], category)
        await world.passes(2 * HOUR, step=600)
        world.recovers([f"c{n:04}" for n in range(1000)])
        await world.passes(2 * HOUR, step=600)

    with receiver() as taken:
        play(tmp_path, story, OPS_URL=url(taken))

    assert taken.titles == [
        "[error] 1000 incidents at once",
        "[recovered] 1000 incidents at once",
    ]
    assert all(len(body["message"].splitlines()) < 40 for body in taken.bodies)


def test_a_failing_channel_holds_up_no_other_and_is_tried_again(tmp_path):
    async def story(world):
        world.has(*many(3))
        world.fails(["binance-0001"])
        await world.passes(60)
        during = {one.name: one for one in world.alerting.standing().channels}
        bad.status = 200
        await world.passes(120)
        return during, {one.name: one for one in world.alerting.standing().channels}

    with receiver(status=500) as bad, receiver() as good:
        during, after = play(
            tmp_path,
            story,
            settings=TWO,
            OPS_URL=url(good),
            DESK_URL=url(bad, "http"),
            DESK_KEY=KEY,
        )

    assert len(good.requests) == 1
    assert (during["ops"].waiting, during["ops"].delivery.delivered) == (0, 1)
    assert during["desk"].waiting == 1
    assert during["desk"].delivery.failures >= 2
    assert during["desk"].delivery.error == "the receiver answered HTTP 500"
    assert (after["desk"].waiting, after["desk"].delivery.failures) == (0, 0)
    assert len({headers["webhook-id"] for _, _, headers, _ in bad.requests}) == 1


def test_a_hanging_channel_holds_up_neither_the_loop_nor_another(tmp_path):
    async def story(world):
        world.has(*many(3))
        world.fails(["binance-0001"])
        world.clock.advance(31)
        await world.alerting.tick()
        world.clock.advance(31)
        began = time.monotonic()
        await world.alerting.tick()
        await world.alerting.tick()
        took = time.monotonic() - began
        await world.alerting.settled()
        return took

    with receiver(hang=threading.Event()) as stuck, receiver() as good:
        took = play(
            tmp_path,
            story,
            settings=TWO,
            OPS_URL=url(good),
            DESK_URL=url(stuck, "http"),
            DESK_KEY=KEY,
        )

    assert len(good.requests) == 1
    assert took < 1  # the channel's own time: nothing waited for it


def test_what_waits_is_delivered_after_a_restart_and_nothing_is_told_twice(tmp_path):
    async def fail(world):
        world.has(*many(3))
        world.fails(["binance-0001"])
        await world.passes(120)

    async def go_on(world):
        world.clock.advance(600)
        world.has(*many(3))
        world.fails(["binance-0001"])
        await world.passes(HOUR, step=60)

    with receiver(status=503) as taken:
        play(tmp_path, fail, OPS_URL=url(taken))
        tried = len(taken.requests)
        taken.status = 200
        play(tmp_path, go_on, OPS_URL=url(taken))

    assert tried >= 1
    assert len(taken.requests) == tried + 1
    assert len(set(taken.titles)) == 1


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.daemon.alerting.alert_play import app_of, many, playing
async def main():
    app = app_of(Path(sys.argv[1]), OPS_URL=sys.argv[2])
    async with playing(app) as world:
        world.has(*many(3))
        world.fails(["binance-0001"])
        world.clock.advance(40)
        await world.alerting.tick()
        world.clock.advance(40)
        await world.alerting.tick()
        print("told", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def test_a_daemon_that_is_killed_while_it_tells_tells_it_again_and_only_that(tmp_path):
    folder = tmp_path / "repo"
    with receiver(hang=threading.Event()) as taken:
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", KILLED, str(folder), url(taken)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout.readline() == "told\n"
        while not taken.requests:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        held = remembered(folder)["mailboxes"]["ops"]["letters"]
        taken.hang.set()

        async def go_on(world):
            world.clock.advance(100)
            world.has(*many(3))
            world.fails(["binance-0001"])
            await world.passes(HOUR, step=60)

        play(folder, go_on, OPS_URL=url(taken))

    assert len(held) == 1
    assert len(taken.requests) == 2
    assert taken.bodies[0] == taken.bodies[1]


def test_a_disk_that_cannot_be_written_silences_nobody_and_is_told(tmp_path):
    async def story(world):
        world.has(*many(3))
        world.fails(["binance-0001"])
        await world.passes(120)
        return world.alerting.standing().problem

    (tmp_path / ".reconcile").write_text("a file where a folder should be")
    with receiver() as taken:
        problem = play(tmp_path, story, OPS_URL=url(taken))

    assert problem.startswith("'alerts.json' cannot be written")
    assert len(taken.titles) == 2
    assert any("alerts may be repeated or lost" in title for title in taken.titles)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{rubbish", "is damaged"),
        ('{"format_version": "9.0"}', "was written by another release"),
    ],
)
def test_a_memory_that_cannot_be_read_is_set_aside_and_said(tmp_path, text, why):
    async def story(world):
        problem = world.alerting.standing().problem
        world.has(*many(3))
        await world.passes(60)
        return problem

    file = tmp_path / ".reconcile/alerts.json"
    file.parent.mkdir()
    file.write_text(text)
    with receiver() as taken:
        problem = play(tmp_path, story, OPS_URL=url(taken))

    assert why in problem
    assert file.with_name("alerts.json.damaged").read_text() == text
    assert remembered(tmp_path)["format_version"] == "1.0"


def test_the_daemons_own_trouble_reaches_people_although_there_is_no_store(tmp_path):
    async def story(world):
        trouble = Trouble(kind="store", summary="no space left", fix="free some")
        world.alerting.around(troubles=[trouble])
        await world.passes(120)
        world.alerting.around()
        await world.passes(120)

    with receiver() as taken:
        play(tmp_path, story, OPS_URL=url(taken))

    assert taken.titles == [
        "[error] the daemon: no space left",
        "[recovered] the daemon: well again after 2m",
    ]


BEAT = "alerts:\n  heartbeat: {url_env: BEAT_URL, interval: 1m}\n"


def test_the_heart_beats_while_the_work_moves_and_a_failure_is_seen(tmp_path):
    async def story(world):
        await world.passes(300)
        alive = len(taken.requests)
        await world.passes(300, moving=False)
        stuck = len(taken.requests) - alive
        taken.status = 404
        await world.passes(60)
        return alive, stuck, world.alerting.standing().heartbeat

    with receiver() as taken:
        alive, stuck, beat = play(
            tmp_path, story, settings=BEAT, BEAT_URL=url(taken, "http")
        )

    assert (alive, stuck) == (6, 0)
    assert beat.failures >= 1
    assert beat.error == "the receiver answered HTTP 404"


def test_settings_may_change_while_messages_wait(tmp_path):
    async def story(world):
        world.has(*many(3))
        world.fails(["binance-0001"])
        await world.passes(60)
        fresh = app_of(tmp_path, OPS_URL=url(good), clock=world.clock)
        world.alerting.renew(ways_out_of(fresh))
        await world.passes(120)

    from reconciler.daemon.alerting.compose import ways_out_of

    with receiver(status=500) as bad, receiver() as good:
        play(tmp_path, story, OPS_URL=url(bad))

    assert len(good.requests) == 1


MAINTENANCE = """\
alerts: {channels: {ops: {url_env: OPS_URL}}}
maintenance:
  windows:
    - name: new year
      starts: "2026-01-01T00:00:00Z"
      ends: "2026-01-01T02:00:00Z"
      providers: [okx]
      labels: [desk=spot]
"""


def test_in_a_maintenance_window_nobody_is_told_until_it_ends(tmp_path):
    async def story(world):
        world.has(*many(5, "okx", labels={"desk": "spot"}), well("fx", "mt4"))
        world.fails([name for name in world.fleet if name != "fx"])
        await world.passes(HOUR, step=60)
        during = list(taken.titles)
        world.recovers(["okx-0000"])
        await world.passes(2 * HOUR, step=60)
        return during

    with receiver() as taken:
        during = play(tmp_path, story, settings=MAINTENANCE, OPS_URL=url(taken))

    assert during == []
    assert taken.titles == ["[error] okx: 4 of 5 connections fail: no answer in time"]


def test_a_window_goes_on_after_a_restart_before_anything_was_observed(tmp_path):
    async def fail(world):
        world.has(*many(5, "okx", labels={"desk": "spot"}))
        world.fails(list(world.fleet))
        await world.passes(60)

    async def nothing_yet(world):
        world.clock.advance(600)
        await world.passes(600, step=60)

    with receiver() as taken:
        play(tmp_path, fail, settings=MAINTENANCE, OPS_URL=url(taken))
        play(tmp_path, nothing_yet, settings=MAINTENANCE, OPS_URL=url(taken))

    assert taken.requests == []


def test_neither_files_nor_what_is_shown_hold_an_address_or_a_key(tmp_path):
    async def story(world):
        world.has(*many(3, account="CANARY-account"))
        world.fails(list(world.fleet), Category.INVALID_CREDENTIALS)
        await world.passes(300)
        return repr((world.alerting.standing(), world.alerting._ways))

    with receiver(status=401) as taken:
        shown = play(
            tmp_path,
            story,
            settings=TWO,
            OPS_URL=url(taken),
            DESK_URL=url(taken, "http"),
            DESK_KEY=KEY,
        )

    texts = [file.read_text() for file in tmp_path.rglob("*") if file.is_file()]
    assert any("HTTP 401" in text for text in texts)
    assert "CANARY" not in shown
    assert not any("CANARY" in text for text in texts)
    assert not any(b"CANARY" in body for *_, body in taken.requests)
