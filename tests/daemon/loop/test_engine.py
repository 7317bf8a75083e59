"""The loop over fakes, in virtual time: what is tested when, and that it goes on."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from reconciler.core.diagnosis import Category
from reconciler.core.errors import InputError, StateError
from reconciler.core.ports import Job
from reconciler.core.record import Result, Status
from tests.daemon.loop.fleets import at_work, make_engine, running
from tests.daemon.loop.virtual import run_virtually
from tests.fakes import FakeStore, desired

HOUR = 3_600.0


def test_everything_is_tested_on_its_interval_and_spread_over_it():
    async def story(clock):
        names = [f"c-{number}" for number in range(40)]
        fleet = make_engine(clock, [running(name) for name in names])
        async with at_work(fleet):
            await fleet.for_s(6 * HOUR)
        return fleet

    fleet = run_virtually(story)
    counts = {len(moments) for moments in fleet.tester.at.values()}
    gaps = [
        later - earlier
        for moments in fleet.tester.at.values()
        for earlier, later in pairwise(moments)
    ]

    assert counts <= {23, 24}
    assert all(0.89 * 900 <= gap <= 1.11 * 900 for gap in gaps)
    assert fleet.tester.most["*"] <= 4
    assert len(fleet.heard.results) == fleet.tester.count
    assert fleet.board.counters["tests_passed"] == fleet.tester.count


def test_a_restart_after_a_long_pause_begins_with_a_spread_not_a_storm():
    async def story(clock):
        clock.offset_s = 7 * 24 * HOUR
        records = [running(f"c-{number}") for number in range(300)]
        fleet = make_engine(clock, records, tester=None)
        async with at_work(fleet):
            await fleet.for_s(900)
        return fleet

    fleet = run_virtually(story)

    assert len(fleet.tester.at) == 300
    assert fleet.tester.most["*"] < 10


def test_a_failing_one_backs_off_and_a_mended_one_returns_to_its_interval():
    async def story(clock):
        fleet = make_engine(clock, [running("a")])
        fleet.tester.failing["a"] = Category.TIMEOUT
        async with at_work(fleet):
            await fleet.for_s(2 * HOUR)
            failing = list(fleet.tester.at["a"])
            del fleet.tester.failing["a"]
            await fleet.for_s(2 * HOUR)
        return fleet, failing

    fleet, failing = run_virtually(story)
    gaps = [b - a for a, b in pairwise(failing)]

    for gap, least in zip(gaps, [60, 120, 240, 480, 900, 900], strict=False):
        assert least <= gap <= least * 1.06 + 3
    assert fleet.store.records["a"].status is Status.ACTIVE
    assert 4 <= len(fleet.tester.at["a"]) - len(failing) <= 10


def test_a_wrong_key_is_tried_once_and_then_waits_for_a_new_revision():
    async def story(clock):
        fleet = make_engine(clock, [running("a")])
        fleet.tester.failing["a"] = Category.INVALID_CREDENTIALS
        async with at_work(fleet):
            await fleet.for_s(24 * HOUR)
        return fleet

    fleet = run_virtually(story)

    assert fleet.tester.count == 1
    assert fleet.store.records["a"].status is Status.ERROR


def test_what_is_switched_off_is_not_tested():
    async def story(clock):
        records = [running("a", status=Status.INACTIVE), running("b", active=None)]
        fleet = make_engine(clock, records)
        async with at_work(fleet):
            await fleet.for_s(HOUR)
        return fleet

    assert run_virtually(story).tester.count == 0


def test_what_another_process_changed_is_heard_of():
    async def story(clock):
        fleet = make_engine(clock, [running("a"), running("gone")])
        async with at_work(fleet):
            await fleet.for_s(10)
            late = running("late", last_tested_at=None, last_test=None)
            fleet.store.records["late"] = late
            off = replace(running("a"), status=Status.INACTIVE, version=2)
            fleet.store.records["a"] = off
            del fleet.store.records["gone"]
            fleet.store.sequence += 1
            await fleet.for_s(HOUR)
        return fleet

    fleet = run_virtually(story)

    assert fleet.tester.at["late"][0] < 20
    assert fleet.tester.at.keys() == {"late"}


def test_a_test_that_is_asked_for_goes_first_and_tells_its_outcome():
    async def story(clock):
        fleet = make_engine(clock, [running("a"), running("b")], parallelism=1)
        async with at_work(fleet):
            await fleet.for_s(5)
            outcome = await fleet.engine.test("a", who="alice@desk")
        return fleet, outcome

    fleet, outcome = run_virtually(story)

    assert outcome.result is Result.APPLIED
    assert fleet.tester.at["a"][0] < 7
    assert fleet.store.log[0].who == "alice@desk"


def test_asking_while_it_is_being_tested_gets_a_test_of_its_own():
    async def story(clock):
        fleet = make_engine(clock, [running("a")])
        fleet.tester.seconds = 20
        async with at_work(fleet):
            first = asyncio.ensure_future(fleet.engine.test("a", who="x"))
            await fleet.for_s(5)
            second = asyncio.ensure_future(fleet.engine.test("a", who="y"))
            third = asyncio.ensure_future(fleet.engine.test("a", who="z"))
            await asyncio.gather(first, second, third)
        return fleet

    fleet = run_virtually(story)

    assert len(fleet.tester.at["a"]) == 2
    assert fleet.tester.most["a"] == 1


def test_a_terminal_fault_is_tested_when_somebody_asks():
    async def story(clock):
        fleet = make_engine(clock, [running("a")])
        fleet.tester.failing["a"] = Category.INVALID_CREDENTIALS
        async with at_work(fleet):
            await fleet.for_s(HOUR)
            del fleet.tester.failing["a"]
            return await fleet.engine.test("a", who="alice")

    assert run_virtually(story).result is Result.APPLIED


def test_asking_for_what_does_not_run_is_refused():
    async def story(clock):
        fleet = make_engine(clock, [running("off", status=Status.INACTIVE)])
        async with at_work(fleet):
            for name in ("off", "nowhere"):
                with pytest.raises(InputError, match=f"'{name}' does not run"):
                    await fleet.engine.test(name, who="x")

    run_virtually(story)


def test_changed_files_go_before_what_is_due():
    async def story(clock):
        records = [
            running(f"c-{number}", last_tested_at=None, last_test=None)
            for number in range(20)
        ]
        fleet = make_engine(clock, records, parallelism=2)
        answers = []
        async with at_work(fleet):
            await fleet.for_s(0.1)
            document = desired("new")
            job = Job(connection=document.connection, text="", file="new.yaml")
            fleet.engine.submit([job], lambda *answer: answers.append(answer))
            await fleet.for_s(60)
        return fleet, answers

    fleet, [(job, verdict)] = run_virtually(story)

    assert (job.connection.name, verdict.passed) == ("new", True)
    assert fleet.tester.at["new"][0] <= 1.0
    assert "new" not in fleet.store.records


def test_tests_of_one_provider_keep_its_limit():
    async def story(clock):
        records = [running(f"c-{n}", interval_s=60) for n in range(30)]
        fleet = make_engine(clock, records)
        fleet.tester.limit, fleet.tester.seconds = 3, 5
        async with at_work(fleet):
            await fleet.for_s(HOUR)
        return fleet

    fleet = run_virtually(story)

    assert fleet.tester.most["*"] == 3
    assert len(fleet.tester.at) == 30


def test_an_exception_in_an_adapter_touches_nothing_else():
    async def explode(job):
        if job.connection.name == "a":
            raise RuntimeError("the key is hunter2")

    async def story(clock):
        fleet = make_engine(clock, [running("a"), running("b")])
        fleet.tester.act = explode
        async with at_work(fleet):
            await fleet.for_s(2 * HOUR)
            with pytest.raises(StateError, match="broke off"):
                await fleet.engine.test("a", who="x")
        return fleet

    fleet = run_virtually(story)

    assert len(fleet.tester.at["b"]) >= 7
    assert fleet.board.counters["panics"] == len(fleet.tester.at["a"]) > 7


def test_what_hangs_is_given_up_and_its_place_is_free_again():
    async def hang(job):
        if job.connection.name == "a":
            await asyncio.Event().wait()

    async def story(clock):
        fleet = make_engine(clock, [running("a"), running("b")], parallelism=1)
        fleet.tester.act = hang
        async with at_work(fleet):
            await fleet.for_s(4 * HOUR)
        return fleet

    fleet = run_virtually(story)

    assert fleet.board.counters["tests_given_up"] >= 3
    assert len(fleet.tester.at["b"]) >= 5
    assert fleet.store.records["a"].last_test.diagnosis.category == "timeout"


class FullDisk(FakeStore):
    """Refuses commits while `full` is set, or always for a poisoned name."""

    full = False
    poisoned = None

    def commit(self, commit, *, lock_id=None):
        if self.full:
            raise StateError("no space left on the disk")
        if self.poisoned in {record.name for record in commit.put}:
            raise ValueError("cannot be encoded")
        return super().commit(commit, lock_id=lock_id)


def test_a_full_disk_loses_no_result_and_is_said():
    async def story(clock):
        store = FullDisk()
        fleet = make_engine(clock, [running("a"), running("b")], store=store)
        async with at_work(fleet):
            store.full = True
            await fleet.for_s(2 * HOUR)
            told = fleet.engine.state().not_ready
            tested, kept = fleet.tester.count, len(fleet.heard.results)
            store.full = False
            await fleet.for_s(60)
            after = fleet.engine.state().not_ready
        return fleet, told, (tested, kept), after

    fleet, told, counts, after = run_virtually(story)

    assert counts == (2, 0)
    assert "no space left" in told[0]
    assert after == ()
    assert [action.name for action in fleet.store.log[:2]] == ["a", "b"]


def test_one_record_that_no_store_takes_holds_up_no_other():
    async def story(clock):
        store = FullDisk()
        fleet = make_engine(clock, [running("a"), running("b")], store=store)
        store.poisoned = "a"
        async with at_work(fleet):
            both = (fleet.engine.test(name, who="x") for name in "ab")
            return await asyncio.gather(*both, return_exceptions=True)

    lost, kept = run_virtually(story)

    assert isinstance(lost, StateError)
    assert kept.result is Result.APPLIED


def test_a_result_about_a_record_that_moved_does_not_count():
    async def move(job):
        store = fleets[0].store
        record = store.records["a"]
        store.records["a"] = replace(record, version=record.version + 1, labels={})

    fleets = []

    async def story(clock):
        fleet = make_engine(clock, [running("a")])
        fleets.append(fleet)
        fleet.tester.act = move
        async with at_work(fleet):
            return await fleet.engine.test("a", who="x")

    assert run_virtually(story).result is Result.SKIPPED


@pytest.mark.parametrize("by_s", [30 * 24 * HOUR, -30 * 24 * HOUR])
def test_a_clock_that_is_set_starts_no_storm_and_stops_nothing(by_s):
    async def story(clock):
        records = [running(f"c-{number}") for number in range(100)]
        fleet = make_engine(clock, records)
        async with at_work(fleet):
            await fleet.for_s(HOUR)
            clock.offset_s = by_s
            before = fleet.tester.count
            await fleet.for_s(HOUR)
        return fleet, fleet.tester.count - before

    fleet, tested = run_virtually(story)

    assert fleet.board.counters["clock_jumps"] == 1
    assert 330 <= tested <= 470
    assert fleet.tester.most["*"] < 10


def test_a_thousand_failing_at_once_lose_nothing():
    async def story(clock):
        names = [f"c-{number}" for number in range(1000)]
        fleet = make_engine(clock, [running(name) for name in names])
        fleet.tester.failing = dict.fromkeys(names, Category.EXCHANGE_UNAVAILABLE)
        async with at_work(fleet):
            await fleet.for_s(HOUR)
            broken = [one.status for one in fleet.store.records.values()]
            fleet.tester.failing.clear()
            await fleet.for_s(2 * HOUR)
        return fleet, broken

    fleet, broken = run_virtually(story)

    assert set(broken) == {Status.ERROR}
    assert {one.status for one in fleet.store.records.values()} == {Status.ACTIVE}
    assert fleet.tester.most["*"] <= 32


def test_stopping_lets_running_tests_end_and_begins_none():
    async def story(clock):
        records = [running(f"c-{n}", interval_s=1) for n in range(9)]
        fleet = make_engine(clock, records, parallelism=3)
        fleet.tester.seconds = 5
        async with at_work(fleet):
            await fleet.for_s(2)
        return fleet, clock.loop.time()

    fleet, ended = run_virtually(story)

    assert fleet.tester.count == len(fleet.store.log) == 3
    assert ended < 6


def test_stopping_waits_for_a_hanging_test_no_longer_than_its_grace():
    async def story(clock):
        fleet = make_engine(clock, [running("a")])
        fleet.tester.seconds = 10_000
        asked = None
        async with at_work(fleet, grace_s=3):
            asked = asyncio.ensure_future(fleet.engine.test("a", who="x"))
            await fleet.for_s(1)
        with pytest.raises(StateError, match="the daemon stops"):
            await asked
        return clock.loop.time()

    assert 3 <= run_virtually(story) < 5


def test_what_was_submitted_and_not_begun_is_answered_when_it_stops():
    async def story(clock):
        fleet = make_engine(clock, parallelism=1)
        fleet.tester.seconds = 5
        answers = {}
        async with at_work(fleet):
            jobs = [
                Job(connection=desired(name).connection, text="", file="x.yaml")
                for name in ("a", "b")
            ]
            fleet.engine.submit(
                jobs,
                lambda job, verdict: answers.update({job.connection.name: verdict}),
            )
            await fleet.for_s(1)
        fleet.engine.submit(jobs[:1], lambda job, verdict: answers.update(late=verdict))
        return answers

    answers = run_virtually(story)

    assert answers["a"].passed
    assert (answers["b"], answers["late"]) == (None, None)


def test_everything_due_is_tested_once_and_it_ends():
    async def story(clock):
        clock.offset_s = 24 * HOUR
        records = [running(f"c-{n}") for n in range(5)]
        fresh = running("fresh", last_tested_at=clock.now())
        fleet = make_engine(clock, [*records, fresh], spread=False)
        await fleet.engine.run_due(asyncio.Event())
        return fleet

    fleet = run_virtually(story)

    assert fleet.tester.at.keys() == {f"c-{n}" for n in range(5)}
    assert fleet.tester.count == 5
