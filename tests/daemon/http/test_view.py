"""What there is to see follows the store, reading only what changed."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from reconciler.core.connectivity import Outage
from reconciler.core.errors import DamagedError, StateError
from reconciler.core.health import Health, Sync
from reconciler.core.ports import DesiredHead, DesiredSet
from reconciler.core.record import Commit
from reconciler.daemon.http.view import JUDGE_S, View
from tests.daemon.records_play import record
from tests.fakes import FakeClock, FakeStore


@dataclass
class CountingStore(FakeStore):
    """A store that remembers what was read from it, and can be out of order."""

    read: list = field(default_factory=list)
    broken: bool = False

    def info(self):
        if self.broken:
            raise DamagedError("the store is damaged")
        return super().info()

    def get(self, name):
        self.read.append(name)
        return super().get(name)

    def scan(self, *, after="", limit=1000):
        found = super().scan(after=after, limit=limit)
        self.read += [one.name for one in found]
        return found


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def store(clock):
    store = CountingStore()
    put(store, *(record(f"c-{n}", at=clock.now()) for n in range(5)))
    return store


def put(store, *records):
    store.commit(Commit(put=records))


def looked(view, clock, *steps, wait_s=2.0):
    """Return the tables between steps, with time passing before each."""

    async def run():
        tables = [await view.table()]
        for step in steps:
            step()
            clock.advance(wait_s)
            tables.append(await view.table())
        return tables

    return asyncio.run(run())


@pytest.fixture
def view_of():
    with ThreadPoolExecutor(1) as executor:
        yield lambda store, clock, **more: View(store, clock, executor, **more)


def test_only_what_changed_is_read_again(store, clock, view_of):
    def change():
        store.read.clear()
        put(store, replace(store.records["c-3"], provider="other"))

    before, after = looked(view_of(store, clock), clock, change)

    assert store.read == ["c-3"]
    assert before.by_name["c-3"].provider == "house"
    assert after.by_name["c-3"].provider == "other"


def test_nothing_is_read_when_nothing_changed(store, clock, view_of):
    before, after = looked(view_of(store, clock), clock, store.read.clear)

    assert store.read == []
    assert after is before


def test_what_was_removed_is_gone(store, clock, view_of):
    _, after = looked(
        view_of(store, clock), clock, lambda: store.commit(Commit(remove=("c-1",)))
    )

    assert "c-1" not in after.by_name
    assert len(after.rows) == 4


def test_a_network_that_is_down_makes_all_unknown_at_once_and_back_again(
    store, clock, view_of
):
    down = []

    def cut():
        down.append(Outage(since=clock.now()))
        store.read.clear()

    view = view_of(store, clock, outage=lambda: down[-1] if down else None)
    before, during, after = looked(view, clock, cut, down.clear)

    words = [{row.health for row in table.rows} for table in (before, during, after)]
    assert words == [{Health.HEALTHY}, {Health.UNKNOWN}, {Health.HEALTHY}]
    assert store.read == []


def test_time_alone_makes_a_connection_stale(store, clock, view_of):
    before, after = looked(
        view_of(store, clock), clock, lambda: clock.advance(2 * 86_400), wait_s=JUDGE_S
    )

    assert before.by_name["c-0"].health is Health.HEALTHY
    assert after.by_name["c-0"].health is Health.STALE


def test_a_store_that_breaks_leaves_what_was_seen_and_says_why(store, clock, view_of):
    view = view_of(store, clock)

    def damage():
        store.broken = True

    before, after = looked(view, clock, damage)

    assert after is before
    assert view.error == "the store is damaged"


def test_a_store_that_was_never_read_is_an_error(clock, view_of):
    view = view_of(CountingStore(broken=True), clock)

    with pytest.raises(StateError, match="damaged"):
        asyncio.run(view.table())


def test_a_clock_that_was_set_back_does_not_stop_the_view(store, clock, view_of):
    def back():
        clock.advance(-3600)
        put(store, record("new", at=clock.now()))

    _, after = looked(view_of(store, clock), clock, back)

    assert "new" in after.by_name


def test_files_say_what_is_pending_and_what_is_not_recorded_yet(store, clock, view_of):
    head = DesiredHead("fresh", "fresh.yaml", "r9", True, "admin", "okx")
    desired = DesiredSet(heads={"fresh": head}, invalid_names=frozenset({"c-1"}))
    view = view_of(store, clock, workspace="default", desired=lambda: desired)

    (table,) = looked(view, clock)

    assert table.by_name["fresh"].sync is Sync.PENDING
    assert table.by_name["c-0"].sync is Sync.PENDING  # its file is gone
    assert table.by_name["c-1"].sync is Sync.IN_SYNC  # nothing is known of its file


def test_each_owner_sees_their_own(store, clock, view_of):
    put(store, record("hers", at=clock.now(), owner="user:anna"))
    view = view_of(store, clock)

    table = asyncio.run(view.table(frozenset({"user:anna"})))

    assert [row.name for row in table.rows] == ["hers"]


def test_no_sealed_text_stays_in_memory(store, clock, view_of):
    view = view_of(store, clock)

    seen = asyncio.run(view.seen())

    assert "SEALED-TEXT" not in repr(list(seen.records.values()))
