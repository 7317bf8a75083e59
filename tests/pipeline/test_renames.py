"""A connection under a new name keeps its record: one change, in one commit."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.diagnosis import Category
from reconciler.core.errors import RefusedError
from reconciler.core.guard import Allowances, Guard
from reconciler.core.health import Sync
from reconciler.core.plan import ActionKind, PlanOptions
from reconciler.core.record import Result, Status
from reconciler.pipeline import PlanRequest, apply_plan, collect_rows, make_plan
from tests.fakes import (
    FakeClock,
    FakeSource,
    FakeStore,
    FakeTester,
    Killed,
    desired,
    make_ports,
)


def plan_of(ports, *, take_over=(), **options):
    return make_plan(
        ports,
        PlanRequest(
            options=PlanOptions(workspace="w", **options),
            allowances=Allowances(take_over=frozenset(take_over)),
        ),
    )


def run(ports, **options):
    return apply_plan(ports, plan_of(ports, **options), lock_id="lock")


def started(*documents, clock=None):
    store = FakeStore()
    run(make_ports(FakeSource.of(*documents), store, clock=clock))
    return store


NEW = desired("new", previous_names=["old"])


def test_a_rename_is_one_change_without_a_test():
    store = started(desired("old"))

    plan = plan_of(make_ports(FakeSource.of(NEW), store)).plan

    (change,) = plan.changes
    assert (change.name, change.action) == ("new", ActionKind.UPDATE)
    assert (change.previous, change.reason) == ("old", "renamed from old")
    assert not change.test
    assert not change.needs_key


def test_a_renamed_record_keeps_everything_but_its_name():
    clock, tester = FakeClock(), FakeTester()
    store = started(desired("old", protected=True), clock=clock)
    before = replace(store.records["old"], last_used_at=clock.now(), failures=1)
    store.records["old"] = before
    clock.advance(60)

    source = FakeSource.of(desired("new", protected=True, previous_names=["old"]))
    run(make_ports(source, store, tester, clock=clock))

    (after,) = store.records.values()
    assert after.name == "new"
    for kept in ("created_at", "last_used_at", "last_test", "last_tested_at", "marks"):
        assert getattr(after, kept) == getattr(before, kept)
    assert after.history[: len(before.history)] == before.history
    assert (after.failures, after.status) == (1, Status.ACTIVE)
    assert (after.protected, after.generation) == (True, before.generation + 1)
    assert [one.name for one in after.former_names] == ["old"]
    assert tester.asked == []


def test_a_rename_is_one_commit():
    store = started(desired("old"))
    before = store.sequence

    run(make_ports(FakeSource.of(NEW), store))

    assert store.sequence == before + 1


def test_after_a_rename_there_is_nothing_to_do():
    store = started(desired("old"))
    ports = make_ports(FakeSource.of(NEW), store)
    run(ports)

    assert plan_of(ports).plan.is_empty


def test_a_previous_name_may_leave_the_file_afterwards():
    store, tester = started(desired("old")), FakeTester()
    run(make_ports(FakeSource.of(NEW), store))

    run(make_ports(FakeSource.of(desired("new")), store, tester))

    assert store.records.keys() == {"new"}
    assert tester.asked == []


def test_killed_before_the_commit_the_next_run_renames():
    store = started(desired("old"))
    ports = make_ports(FakeSource.of(NEW), store)
    store.die_at = store.sequence
    with pytest.raises(Killed):
        run(ports)
    assert store.records.keys() == {"old"}
    store.die_at = None

    run(ports)

    assert store.records.keys() == {"new"}
    assert plan_of(ports).plan.is_empty


def test_a_rename_with_another_change_is_tested():
    store, tester = started(desired("old")), FakeTester()
    changed = desired("new", version="2", previous_names=["old"])

    run(make_ports(FakeSource.of(changed), store, tester))

    assert tester.asked == ["new"]
    assert store.records["new"].active.revision == changed.revision


def test_a_refused_rename_leaves_what_runs_under_its_old_name():
    store = started(desired("old"))
    changed = desired("new", version="2", previous_names=["old"])
    source = FakeSource.of(changed)
    ports = make_ports(source, store, FakeTester({"new": Category.INVALID_CREDENTIALS}))

    (outcome,) = run(ports)

    (record,) = store.records.values()
    assert (record.name, record.status) == ("old", Status.ACTIVE)
    assert record.active.revision == desired("old").revision
    assert (outcome.result, outcome.running) == (Result.REJECTED, True)
    (row,) = collect_rows(ports, source.read(), [outcome], workspace="w")
    assert (row.name, row.sync, row.outcome) == ("old", Sync.REJECTED, "rejected")
    waiting = plan_of(ports).plan.waiting
    assert [change.name for change in waiting] == ["new"]


def test_a_refused_rename_succeeds_when_its_test_does():
    store = started(desired("old"))
    source = FakeSource.of(desired("new", version="2", previous_names=["old"]))
    run(make_ports(source, store, FakeTester({"new": Category.TIMEOUT})))
    serial = store.serial

    run(make_ports(source, store), retry=True)

    assert store.records.keys() == {"new"}
    assert store.serial == serial + 1


def test_an_orphan_can_be_renamed():
    store = started(desired("old"), desired("x"))
    run(make_ports(FakeSource.of(desired("x")), store))
    del store.records["x"]
    assert store.records["old"].orphaned

    run(make_ports(FakeSource.of(NEW), store))

    (record,) = store.records.values()
    assert (record.name, record.orphaned) == ("new", False)
    assert record.status is Status.ACTIVE


def test_a_rename_takes_the_newest_recorded_name_in_the_order_of_the_file():
    store = started(desired("b"))
    source = FakeSource.of(desired("c", previous_names=["a", "b"]))

    run(make_ports(source, store))

    assert [one.name for one in store.records["c"].former_names] == ["b"]


def test_the_record_of_another_workspace_is_not_renamed_without_leave():
    store = started(desired("old"))
    store.records["old"] = replace(store.records["old"], managed_by="other")
    ports = make_ports(FakeSource.of(NEW), store)

    with pytest.raises(RefusedError) as caught:
        run(ports)
    run(ports, take_over=["old"])

    (refusal,) = caught.value.refusals
    assert (refusal.guard, refusal.flag) == (Guard.OWNERSHIP, "--take-over old")
    assert store.records["new"].managed_by == "w"


def test_the_record_of_another_owner_is_not_renamed_without_leave():
    store = started(desired("old", owner="user:alice"))
    source = FakeSource.of(desired("new", owner="user:bob", previous_names=["old"]))

    plan = plan_of(make_ports(source, store)).plan

    (refusal,) = plan.refusals
    assert refusal.guard is Guard.OWNERSHIP
    assert "'old' belongs to 'user:alice'" in refusal.message


def test_the_log_tells_of_a_rename_under_both_names():
    clock = FakeClock()
    store = started(desired("old"), clock=clock)
    clock.moment += timedelta(minutes=1)

    run(make_ports(FakeSource.of(NEW), store, clock=clock))

    (farewell,) = store.actions("old", limit=1)
    assert (farewell.action, farewell.detail) == ("rename", "renamed to new")
    (now,) = store.actions("new")
    assert now.detail == "renamed from old"


def test_the_digest_tells_a_rename_from_a_new_connection():
    renaming = plan_of(make_ports(FakeSource.of(NEW), started(desired("old")))).plan
    creating = plan_of(make_ports(FakeSource.of(NEW), FakeStore())).plan

    assert renaming.digest != creating.digest


def test_a_rename_that_is_not_targeted_removes_nothing():
    store = started(desired("old"), desired("x"))
    scope = replace(PlanOptions(workspace="w").scope, targets=("x",))

    plan = plan_of(
        make_ports(FakeSource.of(NEW, desired("x", version="2")), store), scope=scope
    ).plan

    assert [change.name for change in plan.changes] == ["x"]
