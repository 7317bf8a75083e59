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
            fleet.seen = health(fleet), fleet.board.network_up
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


def test_soon_after_it_is_back_everything_is_known_again():
    fleet = cut_for(3_600, then=90)

    assert health(fleet) == [Health.HEALTHY] * COUNT
    assert fleet.board.network_up
    assert fleet.tester.most["*"] < 20
