"""What a file or an operator suspends: left alone by plan and apply, until it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.health import Intent, Sync
from reconciler.core.outcome import ExitCode, Result, exit_code_of
from reconciler.core.plan import ActionKind, PlanOptions
from reconciler.core.record import Status
from reconciler.core.suspension import Suspension
from reconciler.pipeline import PlanRequest, apply_plan, collect_rows, make_plan
from reconciler.suspending import resume, suspend
from tests.fakes import START, FakeSource, FakeStore, FakeTester, desired, make_ports

DAY = timedelta(days=1)
BY_HAND = Suspension(who="alice", reason="incident 7", at=START, until=START + DAY)
IN_FILE = Suspension(who="bob", reason="moves", until=START + DAY, declared=True)


def plan_of(ports, **options):
    options = PlanOptions(workspace="w", **options)
    return make_plan(ports, PlanRequest(options=options))


def run(ports, **options):
    return apply_plan(ports, plan_of(ports, **options), lock_id="lock")


def ports_of(store, *documents, tester=None):
    return make_ports(FakeSource.of(*documents), store, tester=tester)


@pytest.fixture
def store():
    """A store in which `a` runs."""
    made = FakeStore()
    run(ports_of(made, desired("a")))
    return made


def axes(ports):
    (row,) = collect_rows(ports, ports.source.read(), (), workspace="w")
    return row.intent, row.sync


def test_a_file_that_suspends_switches_off_without_a_test_and_keeps_what_ran(store):
    tester = FakeTester()
    ports = ports_of(store, desired("a", suspend=IN_FILE), tester=tester)

    (change,) = plan_of(ports).plan.changes
    run(ports)

    assert (change.action, change.test) == (ActionKind.DEACTIVATE, False)
    assert change.notes == ("suspended by bob until 2026-01-02T00:00:00Z: moves",)
    record = store.get("a")
    assert record.active.revision == desired("a").revision
    assert record.declared_suspension == replace(IN_FILE, at=START)
    assert axes(ports) == (Intent.SUSPENDED, Sync.IN_SYNC)
    assert tester.asked == []


def test_a_plan_tells_who_and_why_of_what_is_suspended_and_has_nothing_to_do(store):
    ports = ports_of(store, desired("a", suspend=IN_FILE))
    run(ports)

    plan = plan_of(ports).plan

    assert plan.is_empty
    (told,) = plan.suspended
    assert told.reason == "suspended by bob until 2026-01-02T00:00:00Z: moves"
    assert exit_code_of(plan, ()) is ExitCode.DONE


def test_a_suspension_in_a_file_ends_by_itself_with_a_test(store):
    ports = ports_of(store, desired("a", suspend=IN_FILE))
    run(ports)
    ports.clock.advance(DAY.total_seconds())

    before = axes(ports)
    (change,) = plan_of(ports).plan.changes
    run(ports)

    assert before == (Intent.ACTIVE, Sync.PENDING)
    assert (change.action, change.test) == (ActionKind.ACTIVATE, True)
    assert change.reason == "its suspension has ended"
    assert axes(ports) == (Intent.ACTIVE, Sync.IN_SYNC)
    assert plan_of(ports).plan.is_empty


def test_a_file_that_suspends_no_more_is_tested_before_it_goes_live(store):
    run(ports_of(store, desired("a", suspend=IN_FILE)))
    ports = ports_of(store, desired("a"))

    (change,) = plan_of(ports).plan.changes
    run(ports)

    assert (change.action, change.test) == (ActionKind.ACTIVATE, True)
    assert store.get("a").declared_suspension is None
    assert store.get("a").status is Status.ACTIVE


def test_a_new_file_that_suspends_is_recorded_and_not_tested():
    store, tester = FakeStore(), FakeTester()
    ports = ports_of(store, desired("a", suspend=IN_FILE), tester=tester)

    (change,) = plan_of(ports).plan.changes
    run(ports)

    assert (change.action, change.reason) == (
        ActionKind.CREATE,
        "new file, suspended in the file",
    )
    assert store.get("a").status is Status.INACTIVE
    assert axes(ports) == (Intent.SUSPENDED, Sync.IN_SYNC)
    assert tester.asked == []


def test_what_is_inactive_and_suspended_is_inactive(store):
    ports = ports_of(store, desired("a", active=False, suspend=IN_FILE))

    (change,) = plan_of(ports).plan.changes
    run(ports)

    assert change.reason == "active: false in the file"
    assert axes(ports) == (Intent.INACTIVE, Sync.IN_SYNC)
    assert plan_of(ports).plan.suspended == ()


def test_another_reason_in_the_file_keeps_it_suspended_since_then(store):
    run(ports_of(store, desired("a", suspend=IN_FILE)))
    longer = replace(IN_FILE, until=START + 2 * DAY)
    ports = ports_of(store, desired("a", suspend=longer))
    ports.clock.advance(60)

    (change,) = plan_of(ports).plan.changes
    run(ports)

    assert (change.action, change.test) == (ActionKind.UPDATE, False)
    at = START + timedelta(seconds=60)
    assert store.get("a").declared_suspension == replace(longer, at=at)


def test_an_operators_suspension_holds_a_new_revision_back(store):
    suspend(store, "a", BY_HAND)
    tester = FakeTester()
    ports = ports_of(store, desired("a", version="2"), tester=tester)

    plan = plan_of(ports).plan
    outcomes = run(ports)

    assert plan.is_empty
    (told,) = plan.suspended
    assert told.reason == (
        "suspended by alice until 2026-01-02T00:00:00Z: incident 7; "
        "what is new in its file waits"
    )
    assert (outcomes, tester.asked) == ((), [])
    assert store.get("a").suspension == BY_HAND
    assert axes(ports) == (Intent.SUSPENDED, Sync.PENDING)


@pytest.mark.parametrize("end", ["resumed", "over"])
def test_a_new_revision_that_waited_comes_when_the_suspension_has_ended(store, end):
    suspend(store, "a", BY_HAND)
    ports = ports_of(store, desired("a", version="2"))
    if end == "resumed":
        resume(store, "a", who="alice", now=START)
    else:
        ports.clock.advance(DAY.total_seconds())

    (outcome,) = run(ports)

    assert outcome.result is Result.APPLIED
    assert store.get("a").active.revision == desired("a", version="2").revision


def test_an_operators_suspension_is_told_of_where_nothing_is_to_do(store):
    suspend(store, "a", BY_HAND)

    plan = plan_of(ports_of(store, desired("a"))).plan

    assert (plan.is_empty, plan.kept) == (True, 0)
    assert [one.name for one in plan.suspended] == ["a"]


def test_what_is_suspended_and_failing_is_not_tested_by_apply(store):
    record = store.get("a")
    store.records["a"] = replace(record, status=Status.ERROR, suspension=BY_HAND)
    tester = FakeTester()

    run(ports_of(store, desired("a"), tester=tester), retry=True)

    assert tester.asked == []


@pytest.mark.parametrize("options", [{}, {"prune": True}])
def test_what_is_suspended_may_still_be_taken_away(store, options):
    suspend(store, "a", BY_HAND)
    request = PlanRequest(options=PlanOptions(workspace="w", **options))
    ports = ports_of(store, desired("b"))

    planned = make_plan(ports, request)

    assert {one.name: one.action for one in planned.plan.changes}["a"] is (
        ActionKind.DELETE if options else ActionKind.DEACTIVATE
    )


def test_a_suspended_connection_out_of_scope_is_not_told_of(store):
    suspend(store, "a", BY_HAND)
    ports = ports_of(store, desired("a"), desired("b"))
    scope = replace(PlanOptions(workspace="w").scope, targets=("b",))

    assert plan_of(ports, scope=scope).plan.suspended == ()


def test_a_suspension_during_the_test_keeps_the_new_revision_out(store):
    class Suspending(FakeTester):
        def run(self, jobs, **more):
            suspend(store, "a", BY_HAND)
            return super().run(jobs, **more)

    ports = ports_of(store, desired("a", version="2"), tester=Suspending())

    (outcome,) = run(ports)

    assert (outcome.result, outcome.reason) == (Result.SKIPPED, "suspended meanwhile")
    assert store.get("a").active.revision == desired("a").revision
