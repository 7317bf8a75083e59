"""Simulated days over the real store: nothing grows, nothing is forgotten."""

import asyncio
import gc
import os
import random
from dataclasses import replace
from pathlib import Path

from reconciler.adapters.stores.tinydb.store import TinyDBStore
from reconciler.core.diagnosis import Category
from reconciler.core.record import Commit
from tests.daemon.loop.fleets import at_work, make_engine, running
from tests.daemon.loop.virtual import run_virtually

HOUR = 3_600.0
NAMES = [f"c-{number}" for number in range(16)]
TROUBLES = (Category.TIMEOUT, Category.RATE_LIMITED, Category.EXCHANGE_UNAVAILABLE)


def opened(path, clock, *, actions_kept=200):
    store = TinyDBStore(
        path, now=clock.now, actions_kept=actions_kept, fold_floor_bytes=128 * 1024
    )
    if not store.heads():
        records = [replace(running(name), version=0) for name in NAMES]
        store.commit(Commit(put=tuple(records)))
    store.records = {}
    return store


def size_of(path):
    return sum(file.stat().st_size for file in path.parent.iterdir())


def handles():
    return len(list(Path("/proc/self/fd").iterdir()))


async def moody(fleet, luck):
    """Let providers fail, mend, raise and hang, at random, for ever."""
    while True:
        await asyncio.sleep(luck.uniform(60, 1_200))
        name = luck.choice(NAMES)
        if name in fleet.tester.failing:
            del fleet.tester.failing[name]
        elif len(fleet.tester.failing) < 10:
            fleet.tester.failing[name] = luck.choice(TROUBLES)


def test_simulated_days_grow_nothing_and_forget_nobody(tmp_path):
    path = tmp_path / "state.json"
    luck = random.Random(11)  # noqa: S311  # repeatable
    marks = []

    async def misbehave(job):
        if luck.random() < 0.01:
            raise RuntimeError("a bug")
        if luck.random() < 0.005:
            await asyncio.Event().wait()

    async def story(clock):
        store = opened(path, clock)
        fleet = make_engine(clock, store=store)
        fleet.tester.act = misbehave
        weather = asyncio.ensure_future(moody(fleet, luck))
        async with at_work(fleet):
            for _ in range(8):
                sizes = []
                before = {name: len(fleet.tester.at.get(name, ())) for name in NAMES}
                for _ in range(3):
                    await fleet.for_s(HOUR)
                    sizes.append(size_of(path))
                tested = {name: len(fleet.tester.at[name]) for name in NAMES}
                assert all(tested[name] - before[name] >= 6 for name in NAMES)
                fleet.heard.results.clear()
                gc.collect()
                marks.append(
                    {
                        "tasks": len(asyncio.all_tasks()),
                        "handles": handles(),
                        "bytes": max(sizes),
                        "objects": len(gc.get_objects()),
                        "heap": fleet.engine.fleet.table.size,
                    }
                )
        weather.cancel()
        store.close()
        return fleet

    fleet = run_virtually(story)
    early, late = marks[3], marks[-1]

    assert fleet.tester.count > 1_300
    assert max(fleet.tester.most[name] for name in NAMES) == 1
    assert late["tasks"] <= early["tasks"] + 32
    assert late["handles"] <= early["handles"] + 2
    assert late["heap"] < 2 * len(NAMES) + 65
    assert max(mark["bytes"] for mark in marks[4:]) < 1.5 * max(
        mark["bytes"] for mark in marks[2:4]
    )
    # The fake that counts tests keeps their moments, floats, which are not counted.
    assert late["objects"] < early["objects"] + 2_000


def test_killed_at_any_commit_no_test_is_lost_and_none_is_doubled(tmp_path):
    """What was committed is not tested again before it is due; all the rest is."""
    path = tmp_path / "state.json"
    luck = random.Random(5)  # noqa: S311  # repeatable
    tested = dict.fromkeys(NAMES, 0)
    recorded = 0
    offset = 0.0

    for _ in range(6):
        lives = luck.uniform(600, 3_000)

        async def life(clock, lives=lives, offset=offset):
            clock.offset_s = offset
            store = opened(path, clock, actions_kept=10_000)
            fleet = make_engine(clock, store=store)
            stop = asyncio.Event()
            task = asyncio.ensure_future(fleet.engine.run(stop))
            await fleet.for_s(lives)
            task.cancel()  # whatever it was doing, it ends here
            crew = list(fleet.engine.crew._tasks)
            for one in crew:
                one.cancel()
            await asyncio.gather(task, *crew, return_exceptions=True)
            lost = len(crew) + fleet.engine.keeper.unsaved
            return fleet, store, lost

        fleet, store, lost = run_virtually(life)
        offset += lives + 5
        lines = len(store.actions(limit=10_000))
        made = fleet.tester.count
        assert made - lost <= lines - recorded <= made
        recorded = lines
        for name in NAMES:
            tested[name] += len(fleet.tester.at.get(name, ()))
        store.close()

    assert min(tested.values()) >= offset / 900 / 1.6 - 6
    assert max(tested.values()) <= offset / 900 + 6 + 2
    assert os.path.exists(path)  # noqa: PTH110
