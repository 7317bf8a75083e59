"""Our own network is cut while many connections are watched, and comes back."""

from reconciler.core.diagnosis import Category
from reconciler.core.health import Health, health_of
from tests.daemon.loop.fleets import at_work, make_engine, running
from tests.daemon.loop.virtual import run_virtually

COUNT = 200
NAMES = [f"c-{number}" for number in range(COUNT)]


def cut(fleet):
    fleet.tester.network_up = False
    fleet.tester.failing.update(dict.fromkeys(NAMES, Category.OWN_NETWORK))


def mend(fleet):
    fleet.tester.network_up = True
    fleet.tester.failing.clear()


def health(fleet):
    now = fleet.clock.now()
    return [health_of(one, now=now) for one in fleet.store.records.values()]


def cut_for(seconds, then=0):
    async def story(clock):
        fleet = make_engine(clock, [running(name) for name in NAMES])
        async with at_work(fleet):
            await fleet.for_s(60)
            cut(fleet)
            await fleet.for_s(seconds)
            fleet.seen = health(fleet), fleet.board.outage is None
            mend(fleet)
            if then:
                await fleet.for_s(then)
        return fleet

    return run_virtually(story)


def test_all_become_unknown_and_none_fails():
    fleet = cut_for(1_800)

    assert fleet.seen == ([Health.UNKNOWN] * COUNT, False)
    assert all(one.failures == 0 for one in fleet.store.records.values())


def test_an_hours_cut_is_written_down_once_for_each():
    fleet = cut_for(3_600)

    lines = [line for line in fleet.store.log if line.result == "skipped"]
    assert sorted(line.name for line in lines) == sorted(NAMES)


def test_other_processes_are_told_once_that_it_is_down_and_once_that_it_is_back():
    told = []

    async def story(clock):
        fleet = make_engine(
            clock, [running(name) for name in NAMES], note_outage=told.append
        )
        async with at_work(fleet):
            await fleet.for_s(60)
            cut(fleet)
            await fleet.for_s(600)
            since = fleet.board.outage.since
            mend(fleet)
            await fleet.for_s(60)
        return since

    since = run_virtually(story)
    assert [one and one.since for one in told] == [None, since, None]


def test_a_disk_that_takes_no_note_of_it_is_asked_again():
    told = []

    def note(outage):
        told.append(outage)
        if len(told) < 3:
            raise OSError("the disk is full")

    async def story(clock):
        fleet = make_engine(clock, [running("c-1")], note_outage=note)
        async with at_work(fleet):
            await fleet.for_s(60)
        return fleet

    assert run_virtually(story).board.counters["panics"] == 0
    assert told == [None, None, None]


def test_soon_after_it_is_back_everything_is_known_again():
    fleet = cut_for(3_600, then=90)

    assert health(fleet) == [Health.HEALTHY] * COUNT
    assert fleet.board.outage is None
    assert fleet.tester.most["*"] < 20
