"""What a file says of its own end, and who is told."""

from dataclasses import replace

import pytest

from reconciler.core.errors import RefusedError
from reconciler.core.guard import Allowances, Guard
from reconciler.core.health import Sync
from reconciler.core.outcome import Result
from reconciler.core.plan import ActionKind, PlanOptions
from reconciler.core.record import Status
from reconciler.pipeline import PlanRequest, apply_plan, collect_rows, make_plan
from reconciler.retesting import test_records
from tests.fakes import START, FakeSource, FakeStore, FakeTester, desired, make_ports

test_records.__test__ = False  # a use case, whatever its name says


def plan_of(ports, **options):
    return make_plan(
        ports,
        PlanRequest(
            options=PlanOptions(workspace="w", **options),
            allowances=Allowances(empty=True),
        ),
    )


def run(ports, **options):
    return apply_plan(ports, plan_of(ports, **options), lock_id="lock")


def abandoned(**said):
    """Return a store whose one connection has just lost its file, and the ports."""
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a", **said)), store))
    return store, make_ports(FakeSource(), store)


def test_on_remove_delete_deletes_without_prune():
    store, ports = abandoned(on_remove="delete")

    (change,) = plan_of(ports).plan.changes
    run(ports)

    assert change.action is ActionKind.DELETE
    assert store.records == {}


def test_on_remove_deactivate_is_what_happens_by_itself():
    store, ports = abandoned(on_remove="deactivate")

    run(ports)

    assert store.records["a"].status is Status.INACTIVE
    assert store.records["a"].orphaned


def test_on_remove_orphan_leaves_it_running():
    store, ports = abandoned(on_remove="orphan")

    run(ports)

    record = store.records["a"]
    assert (record.status, record.orphaned) == (Status.ACTIVE, True)
    (row,) = collect_rows(ports, ports.source.read(), (), workspace="w")
    assert row.sync is Sync.ORPHANED
    assert plan_of(ports).plan.is_empty


def test_what_was_let_go_is_not_pruned():
    store, ports = abandoned(on_remove="orphan")

    run(ports, prune=True)

    assert store.records["a"].status is Status.ACTIVE
    assert plan_of(ports, prune=True).plan.is_empty


def test_what_was_let_go_is_tested_on_request_only():
    store, ports = abandoned(on_remove="orphan")
    run(ports)
    tester = FakeTester()
    ports = make_ports(FakeSource(), store, tester)

    run(ports, retry=True)
    assert tester.asked == []
    (outcome,) = test_records(ports, store.records.values())

    assert tester.asked == ["a"]
    assert outcome.result is Result.APPLIED
    assert store.records["a"].orphaned


def test_what_was_let_go_comes_back_without_a_test_when_it_is_the_same():
    store, ports = abandoned(on_remove="orphan")
    run(ports)
    tester = FakeTester()
    back = make_ports(FakeSource.of(desired("a", on_remove="orphan")), store, tester)

    run(back)

    assert not store.records["a"].orphaned
    assert tester.asked == []
    assert plan_of(back).plan.is_empty


def test_what_was_let_go_comes_back_changed_with_a_test():
    store, ports = abandoned(on_remove="orphan")
    run(ports)
    tester = FakeTester()

    run(make_ports(FakeSource.of(desired("a", version="2")), store, tester))

    assert tester.asked == ["a"]
    assert not store.records["a"].orphaned


@pytest.mark.parametrize("word", ["deactivate", "delete", "orphan"])
def test_a_protected_connection_does_not_go_away_whatever_its_file_said(word):
    _, ports = abandoned(on_remove=word, protected=True)

    with pytest.raises(RefusedError) as caught:
        run(ports)

    assert [one.guard for one in caught.value.refusals] == [Guard.PROTECTED]


@pytest.mark.parametrize("word", ["deactivate", "delete", "orphan"])
def test_the_threshold_counts_every_way_of_going_away(word):
    store = FakeStore()
    fleet = [desired(f"c{index:02}", on_remove=word) for index in range(12)]
    run(make_ports(FakeSource.of(*fleet), store))

    plan = plan_of(make_ports(FakeSource.of(*fleet[:6]), store)).plan

    assert [one.guard for one in plan.refusals] == [Guard.THRESHOLD]


def test_changing_on_remove_or_used_by_needs_no_test():
    store, tester = FakeStore(), FakeTester()
    run(make_ports(FakeSource.of(desired("a")), store))
    changed = desired("a", on_remove="delete", used_by=["grafana"])

    run(make_ports(FakeSource.of(changed), store, tester))

    assert tester.asked == []
    assert store.records["a"].on_remove == "delete"
    assert store.records["a"].used_by == ("grafana",)


def test_a_removal_says_who_uses_it_and_since_when_not():
    store, ports = abandoned(used_by=["grafana", "strategy-x"])
    store.records["a"] = replace(store.records["a"], last_used_at=START)

    (change,) = plan_of(ports).plan.changes

    assert change.used_by == ("grafana", "strategy-x")
    assert change.last_used_at == START


@pytest.mark.parametrize(
    "after",
    [
        desired("a", version="2"),
        desired("a", active=False),
        desired("b", previous_names=["a"]),
    ],
)
def test_what_replaces_or_switches_off_what_runs_says_who_uses_it(after):
    store, _ = abandoned(used_by=["grafana"])

    (change,) = plan_of(make_ports(FakeSource.of(after), store)).plan.changes

    assert change.used_by == ("grafana",)


def test_who_is_new_in_the_file_is_hit_as_well():
    store, _ = abandoned(used_by=["grafana"])
    after = desired("a", version="2", used_by=["strategy-x"])

    (change,) = plan_of(make_ports(FakeSource.of(after), store)).plan.changes

    assert change.used_by == ("grafana", "strategy-x")


def test_what_touches_nothing_that_runs_names_nobody():
    store, _ = abandoned(used_by=["grafana"])
    labelled = desired("a", used_by=["grafana"], labels={"desk": "spot"})

    (change,) = plan_of(make_ports(FakeSource.of(labelled), store)).plan.changes

    assert change.used_by == ()
