"""An engine over fakes, in virtual time, and what it did."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.core.connection import HealthPolicy
from reconciler.core.record import Attempt, Deployed, Record, Result, Status
from reconciler.daemon.board import Board
from reconciler.daemon.loop.engine import Engine
from reconciler.daemon.loop.world import World
from tests.daemon.loop.virtual import VirtualClock, inline
from tests.fakes import START, FakeStore, desired, failed, make_ports, passed


def running(name, *, interval_s=900.0, **changes):
    """Return a record that was tested at the start."""
    document = desired(name)
    deployed = Deployed(
        revision=document.revision,
        text=document.text,
        file=document.file,
        commit=None,
        at=START,
    )
    attempt = Attempt(
        revision=document.revision,
        result=Result.APPLIED,
        file=document.file,
        commit=None,
        at=START,
    )
    plain = Record(
        name=name,
        type="fake",
        provider="fake",
        owner="admin",
        managed_by="w",
        status=Status.ACTIVE,
        created_at=START,
        updated_at=START,
        active=deployed,
        attempted=attempt,
        generation=1,
        version=1,
        last_tested_at=START,
        last_test=passed(),
        successes=1,
        policy=HealthPolicy(interval_s=interval_s),
    )
    return replace(plain, **changes)


@dataclass
class FakeJobTester:
    """Takes `seconds`, and answers from a table; counts who is tested at once."""

    clock: VirtualClock
    seconds: float = 0.5
    failing: dict[str, object] = field(default_factory=dict)
    act: object = None
    limit: int = 99
    network_up: bool = True
    at: dict[str, list[float]] = field(default_factory=dict)
    now: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)

    def limit_of(self, kind):
        return self.limit

    async def network_is_up(self):
        return self.network_up

    async def of(self, job):
        name = job.connection.name
        self.at.setdefault(name, []).append(asyncio.get_running_loop().time())
        for key in (name, "*"):
            self.now[key] += 1
            self.most[key] = max(self.most[key], self.now[key])
        try:
            await asyncio.sleep(self.seconds)
            if self.act:
                await self.act(job)
        finally:
            self.now[name] -= 1
            self.now["*"] -= 1
        category, at = self.failing.get(name), self.clock.now()
        return failed(category, at) if category else passed(at)

    @property
    def count(self):
        return sum(map(len, self.at.values()))


class Heard:
    """Remembers what the engine told."""

    def __init__(self):
        self.results = []
        self.reports = []

    def tested(self, results):
        self.results += results

    def reported(self, report):
        self.reports.append(report)


@dataclass
class Fleet:
    """One engine and everything around it."""

    engine: Engine
    store: FakeStore
    tester: FakeJobTester
    heard: Heard
    clock: VirtualClock
    board: Board

    async def for_s(self, seconds):
        await asyncio.sleep(seconds)


def make_engine(clock, records=(), *, store=None, tester=None, spread=True, **world):
    """Return an engine whose store holds these records."""
    store = store if store is not None else FakeStore()
    store.records.update({record.name: record for record in records})
    tester = tester or FakeJobTester(clock)
    heard = Heard()
    board = Board(clock=clock, run_id="run", started_at=clock.now())
    surroundings = World(
        ports=make_ports(store=store, clock=clock),
        tester=tester,
        offload=inline,
        luck=partial(random.Random(7).uniform, -1, 1),  # noqa: S311  # repeatable
        ticks=clock.loop.time,
        **world,
    )
    engine = Engine(surroundings, board=board, listener=heard, spread=spread)
    return Fleet(engine, store, tester, heard, clock, board)


@asynccontextmanager
async def at_work(fleet, *, grace_s=10.0):
    """Let the engine run while the block does, then stop it."""
    stop = asyncio.Event()
    task = asyncio.ensure_future(fleet.engine.run(stop, grace_s=grace_s))
    try:
        yield fleet
    finally:
        stop.set()
        fleet.engine.wake()
        await task
