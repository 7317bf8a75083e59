"""What holds for every fleet: the promises of the tool, as properties."""

import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.diagnosis import Category
from reconciler.core.guard import Allowances, Limits
from reconciler.core.plan import ActionKind, PlanOptions
from reconciler.core.record import Status
from reconciler.pipeline import PlanRequest, apply_plan, make_plan
from tests.fakes import (
    FakeClock,
    FakeSource,
    FakeStore,
    FakeTester,
    Killed,
    desired,
    make_ports,
)

NAMES = st.text(string.ascii_lowercase[:6], min_size=1, max_size=2)
DOCUMENTS = st.builds(
    lambda name, active, version, desk: desired(
        name, active=active, version=version, labels={"desk": desk}
    ),
    NAMES,
    st.booleans(),
    st.sampled_from("12"),
    st.sampled_from("ab"),
)
FLEETS = st.lists(DOCUMENTS, max_size=8).map(lambda docs: FakeSource.of(*docs))
EVERYTHING = Allowances(removals=1000, empty=True)


def request_of(*, prune=False, allowances=EVERYTHING, limits=None):
    options = PlanOptions(workspace="w", prune=prune)
    return PlanRequest(
        options=options, allowances=allowances, limits=limits or Limits()
    )


def run(ports, request=None):
    planned = make_plan(ports, request or request_of())
    return apply_plan(ports, planned, lock_id="lock")


def converged(source, store):
    return make_plan(make_ports(source, store), request_of()).plan.is_empty


@given(before=FLEETS, after=FLEETS, prune=st.booleans())
def test_replanning_after_apply_is_empty(before, after, prune):
    store = FakeStore()
    run(make_ports(before, store))
    request = request_of(prune=prune)

    run(make_ports(after, store), request)

    again = make_plan(make_ports(after, store), request).plan
    assert again.changes == ()
    assert again.waiting == ()


@given(before=FLEETS, after=FLEETS)
def test_without_prune_nothing_is_deleted(before, after):
    store = FakeStore()
    run(make_ports(before, store))

    run(make_ports(after, store))

    assert before.documents.keys() <= store.records.keys()


@given(before=FLEETS, after=FLEETS)
def test_a_pruning_apply_reaches_exactly_the_files(before, after):
    store = FakeStore()
    run(make_ports(before, store))

    run(make_ports(after, store), request_of(prune=True))

    active = {name for name, r in store.records.items() if r.status is Status.ACTIVE}
    wanted = {n for n, d in after.documents.items() if d.connection.active}
    assert store.records.keys() == after.documents.keys()
    assert active == wanted


@given(fleet=st.lists(DOCUMENTS, max_size=8), seed=st.randoms())
def test_the_order_of_files_does_not_matter(fleet, seed):
    unique = list({d.connection.name: d for d in fleet}.values())
    shuffled = seed.sample(unique, len(unique))

    one = make_plan(make_ports(FakeSource.of(*unique)), request_of()).plan
    other = make_plan(make_ports(FakeSource.of(*shuffled)), request_of()).plan

    assert one == other


@given(before=FLEETS, after=FLEETS, die_at=st.integers(0, 20), prune=st.booleans())
def test_killed_at_any_commit_the_next_run_carries_on(before, after, die_at, prune):
    store, request = FakeStore(), request_of(prune=prune)
    run(make_ports(before, store))
    kept = {n: r.active for n, r in store.records.items()}
    store.die_at = store.sequence + die_at

    try:
        run(make_ports(after, store), request)
    except Killed:
        committed = store.sequence - (store.die_at - die_at)
        assert committed == die_at
    store.die_at = None
    run(make_ports(after, store), request)

    again = make_plan(make_ports(after, store), request).plan
    assert again.changes == ()
    for name, active in kept.items():
        if name in store.records and name not in after.documents:
            assert store.records[name].active == active


@given(before=FLEETS, after=FLEETS, failing=st.sets(NAMES))
def test_what_failed_its_test_never_replaces_what_runs(before, after, failing):
    store = FakeStore()
    run(make_ports(before, store))
    kept = {n: r.active for n, r in store.records.items()}
    tester = FakeTester(dict.fromkeys(failing, Category.INVALID_CREDENTIALS))

    outcomes = run(make_ports(after, store, tester))

    rejected = {o.name for o in outcomes if o.result == "rejected"}
    assert rejected <= failing
    for name in rejected:
        assert store.records[name].active == kept.get(name)


@given(before=FLEETS, after=FLEETS, failing=st.sets(NAMES))
def test_one_failure_never_stops_the_others(before, after, failing):
    alone, store = FakeStore(), FakeStore()
    run(make_ports(before, alone))
    run(make_ports(before, store))
    tester = FakeTester(dict.fromkeys(failing, Category.TIMEOUT))

    run(make_ports(after, alone))
    run(make_ports(after, store, tester))

    for name in after.documents.keys() - failing:
        assert replace(store.records[name], version=0) == replace(
            alone.records[name], version=0
        )


@given(before=FLEETS, after=FLEETS, ratio=st.floats(0, 1), less=st.floats(0, 1))
def test_a_stricter_guard_never_permits_more(before, after, ratio, less):
    store = FakeStore()
    run(make_ports(before, store))
    ports = make_ports(after, store)
    loose = Limits(max_removed_ratio=ratio, min_records=2)
    strict = Limits(max_removed_ratio=ratio * less, min_records=2)

    by_loose = make_plan(ports, request_of(limits=loose, allowances=Allowances()))
    by_strict = make_plan(ports, request_of(limits=strict, allowances=Allowances()))

    assert len(by_strict.plan.refusals) >= len(by_loose.plan.refusals)


@given(one=FLEETS, other=FLEETS)
def test_the_digest_names_the_content_of_the_plan(one, other):
    first = make_plan(make_ports(one), request_of()).plan
    second = make_plan(make_ports(other), request_of()).plan

    same = [(c.name, c.action, c.after) for c in first.changes] == [
        (c.name, c.action, c.after) for c in second.changes
    ]
    assert (first.digest == second.digest) is same


@given(fleet=FLEETS)
@settings(max_examples=30)
def test_a_second_apply_asks_no_provider(fleet):
    store, tester = FakeStore(), FakeTester()
    run(make_ports(fleet, store))

    run(make_ports(fleet, store, tester))

    assert tester.asked == []


@given(fleet=FLEETS, name=NAMES)
def test_records_of_nobody_are_adopted_or_left_but_never_removed(fleet, name):
    store = FakeStore()
    run(make_ports(FakeSource.of(desired(name)), store))
    store.records[name] = replace(store.records[name], managed_by="")

    plan = make_plan(make_ports(fleet, store), request_of(prune=True)).plan

    found = {change.action for change in plan.changes if change.name == name}
    assert found == ({ActionKind.ADOPT} if name in fleet.documents else set())


@pytest.mark.parametrize("category", [Category.TIMEOUT, Category.INVALID_CREDENTIALS])
def test_a_rejected_revision_is_retried_only_when_waiting_can_help(category):
    clock, store = FakeClock(), FakeStore()
    source = FakeSource.of(desired("a"))
    tester = FakeTester({"a": category})
    run(make_ports(source, store, tester, clock=clock))
    clock.advance(3600)

    plan = make_plan(make_ports(source, store, clock=clock), request_of()).plan

    terminal = category is Category.INVALID_CREDENTIALS
    assert [c.action for c in plan.changes] == ([] if terminal else ["retest"])
    assert [c.name for c in plan.waiting] == (["a"] if terminal else [])
