"""Whole runs with fakes, one story per test."""

from dataclasses import replace

import pytest

from reconciler.core.diagnosis import Category
from reconciler.core.errors import (
    DocumentError,
    InputError,
    RefusedError,
    StateError,
)
from reconciler.core.guard import Allowances, Guard, check_digest, check_expected
from reconciler.core.outcome import ExitCode, exit_code_of
from reconciler.core.plan import PlanOptions, Scope
from reconciler.core.record import Result, Status
from reconciler.pipeline import (
    PlanRequest,
    apply_plan,
    collect_rows,
    make_plan,
)
from reconciler.retesting import test_records
from tests.fakes import FakeSource, FakeStore, FakeTester, desired, make_ports

test_records.__test__ = False  # a use case, whatever its name says


def plan_of(ports, **options):
    return make_plan(ports, PlanRequest(options=PlanOptions(workspace="w", **options)))


def run(ports, **options):
    return apply_plan(ports, plan_of(ports, **options), lock_id="lock")


def fleet(count):
    return [desired(f"c{index:02}") for index in range(count)]


def test_forty_nine_good_files_and_one_broken_make_forty_nine_active():
    source = FakeSource.of(*fleet(50), invalid=["c07"])
    store = FakeStore()

    run(make_ports(source, store))

    assert len(store.records) == 49
    assert all(r.status is Status.ACTIVE for r in store.records.values())


def test_an_invalid_file_neither_changes_nor_removes_its_record():
    store = FakeStore()
    run(make_ports(FakeSource.of(*fleet(3)), store))

    plan = plan_of(make_ports(FakeSource.of(*fleet(2), invalid=["c02"]), store)).plan

    assert plan.changes == ()
    assert plan.invalid == ("c02",)


def test_only_declared_connections_that_need_nothing_count_as_kept():
    store = FakeStore()
    run(make_ports(FakeSource.of(*fleet(5)), store))
    run(make_ports(FakeSource.of(*fleet(4)), store))
    store.records["c00"] = replace(store.records["c00"], managed_by="x")
    changed = desired("c01", version="2")
    source = FakeSource.of(changed, *fleet(4)[2:], invalid=["c03"])

    plan = plan_of(make_ports(source, store)).plan

    assert [change.name for change in plan.changes] == ["c01"]
    assert (plan.kept, plan.invalid, plan.unmanaged) == (1, ("c03",), ("c00",))


def test_a_bad_key_is_rejected_while_the_old_revision_runs():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    tester = FakeTester({"a": Category.INVALID_CREDENTIALS})

    source = FakeSource.of(desired("a", version="2"))
    outcomes = run(make_ports(source, store, tester))

    assert outcomes[0].result is Result.REJECTED
    assert outcomes[0].running
    assert store.records["a"].active.revision == desired("a").revision


def test_a_target_leaves_everything_else_alone():
    store = FakeStore()
    source = FakeSource.of(desired("okx-1"), desired("okx-2"), desired("kraken"))
    scope = Scope(targets=("okx-*",), excludes=("*-2",))

    planned = plan_of(make_ports(source, store), scope=scope)

    assert [change.name for change in planned.plan.changes] == ["okx-1"]
    assert (planned.plan.considered, planned.plan.total) == (1, 3)


def test_a_plan_of_another_serial_is_stale():
    store = FakeStore()
    ports = make_ports(FakeSource.of(desired("a")), store)
    saved = plan_of(ports).plan
    run(make_ports(FakeSource.of(desired("b")), store))

    refusals = check_expected(plan_of(ports).plan, saved)

    assert [refusal.guard for refusal in refusals] == [Guard.STALE_PLAN]


def test_a_plan_whose_files_moved_on_is_stale():
    store = FakeStore()
    saved = plan_of(make_ports(FakeSource.of(desired("a")), store)).plan
    now = plan_of(make_ports(FakeSource.of(desired("a", version="2")), store)).plan

    assert check_expected(now, saved)
    assert check_digest(now, saved.digest)
    assert not check_digest(now, now.digest)


def test_a_retest_does_not_make_a_saved_plan_stale():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    ports = make_ports(FakeSource.of(desired("a", version="2")), store)
    saved = plan_of(ports).plan

    test_records(ports, store.records.values())

    assert check_expected(plan_of(ports).plan, saved) == ()


def test_a_store_that_moves_between_plan_and_apply_is_refused():
    store = FakeStore()
    ports = make_ports(FakeSource.of(desired("a")), store)
    planned = plan_of(ports)
    run(make_ports(FakeSource.of(desired("b")), store))

    with pytest.raises(RefusedError, match="plan again"):
        apply_plan(ports, planned, lock_id="lock")


def test_a_refused_plan_does_nothing():
    store = FakeStore()
    run(make_ports(FakeSource.of(*fleet(12)), store))
    ports = make_ports(FakeSource.of(*fleet(2)), store)

    with pytest.raises(RefusedError):
        run(ports)

    assert all(r.status is Status.ACTIVE for r in store.records.values())


def test_values_sealed_again_need_no_test_when_a_key_shows_it():
    store = FakeStore()
    before = desired("a", credentials={"api_key": "ENC1:value"})
    run(make_ports(FakeSource.of(before), store))
    again = FakeSource.of(desired("a", credentials={"api_key": "ENC2:value"}))

    with_key = plan_of(make_ports(again, store)).plan.changes[0]
    without = plan_of(make_ports(again, store, key=False)).plan.changes[0]

    assert (with_key.resealed, with_key.test) == (True, False)
    assert (without.resealed, without.test) == (False, True)
    assert [field.path for field in without.fields] == ["credentials.api_key"]


def test_a_new_secret_is_tested():
    store = FakeStore()
    before = desired("a", credentials={"api_key": "ENC1:value"})
    run(make_ports(FakeSource.of(before), store))
    source = FakeSource.of(desired("a", credentials={"api_key": "ENC2:other"}))

    change = plan_of(make_ports(source, store)).plan.changes[0]

    assert (change.resealed, change.test, change.needs_key) == (False, True, True)


def test_new_labels_are_applied_without_asking_the_provider():
    store, tester = FakeStore(), FakeTester()
    run(make_ports(FakeSource.of(desired("a")), store))
    source = FakeSource.of(desired("a", labels={"desk": "spot"}))

    run(make_ports(source, store, tester))

    assert tester.asked == []
    assert store.records["a"].labels == {"desk": "spot"}


def test_an_interrupted_run_says_what_it_did_not_begin():
    store = FakeStore()
    source = FakeSource.of(*fleet(3))

    outcomes = run(make_ports(source, store, FakeTester(stop_after=1)))

    assert [o.result.value for o in outcomes] == ["applied", "skipped", "skipped"]
    assert len(store.records) == 1


def test_a_record_that_moved_meanwhile_is_settled_again():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))

    class Meddling(FakeTester):
        def run(self, jobs, *, decide, keep=None):
            test_records(make_ports(FakeSource(), store), [store.records["a"]])
            return super().run(jobs, decide=decide, keep=keep)

    source = FakeSource.of(desired("a", version="2"))
    outcomes = run(make_ports(source, store, Meddling()))

    assert outcomes[0].result is Result.APPLIED
    assert store.records["a"].active.revision == desired("a", version="2").revision


def test_a_test_result_of_a_record_that_moved_is_dropped():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    old = store.records["a"]
    test_records(make_ports(FakeSource(), store), [old])

    outcomes = test_records(make_ports(FakeSource(), store), [old])

    assert outcomes[0].result is Result.SKIPPED


def test_one_record_that_moved_does_not_cost_the_others_their_results():
    store = FakeStore()
    run(make_ports(FakeSource.of(*fleet(3)), store))
    old = list(store.records.values())
    test_records(make_ports(FakeSource(), store), old[1:2])

    outcomes = test_records(make_ports(FakeSource(), store), old)

    assert [o.result.value for o in outcomes] == ["applied", "skipped", "applied"]


def test_rows_show_every_record_and_every_deletion():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a"), desired("b")), store))
    ports = make_ports(FakeSource.of(desired("a")), store)
    planned = plan_of(ports, prune=True)
    outcomes = apply_plan(ports, planned, lock_id="lock")

    rows = collect_rows(ports, planned.desired, outcomes, workspace="w")

    assert [(row.name, row.outcome) for row in rows] == [
        ("a", None),
        ("b", Result.APPLIED),
    ]


class MovingSource(FakeSource):
    """A source whose file `b` changes after it was planned."""

    planned = False

    def load(self, name):
        if name == "b" and self.planned:
            raise InputError("'b.yaml' changed while it was being used; run it again")
        return super().load(name)


def test_a_file_that_changes_meanwhile_fails_alone():
    store = FakeStore()
    source = MovingSource({d.connection.name: d for d in (desired("a"), desired("b"))})
    ports = make_ports(source, store)
    planned = plan_of(ports)
    source.planned = True

    outcomes = apply_plan(ports, planned, lock_id="lock")

    assert [(o.name, o.result.value) for o in outcomes] == [
        ("a", "applied"),
        ("b", "failed"),
    ]
    assert "changed while" in outcomes[1].reason
    assert store.records.keys() == {"a"}


def test_a_recorded_document_that_nobody_can_read_fails_alone():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a"), desired("b")), store))

    class Strict(FakeSource):
        def parse(self, text, *, file):
            if file == "b.yaml":
                raise DocumentError(())
            return super().parse(text, file=file)

    outcomes = test_records(make_ports(Strict(), store), store.records.values())

    assert [o.result.value for o in outcomes] == ["applied", "failed"]


class FullStore(FakeStore):
    """A store on a disk that is full."""

    def commit(self, commit, *, lock_id=None):
        raise StateError("no space left on the disk")


def test_a_store_that_cannot_be_written_is_told_for_every_change():
    store = FullStore()
    source = FakeSource.of(desired("a"), desired("b", active=False))

    outcomes = run(make_ports(source, store))

    assert [(o.name, o.result.value) for o in outcomes] == [
        ("a", "failed"),
        ("b", "failed"),
    ]
    assert "no space left" in outcomes[0].reason


def test_without_a_fitting_key_no_change_is_recorded_and_the_run_fails():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    before = store.records["a"]
    tester = FakeTester({"a": Category.NO_KEY, "b": Category.NO_KEY})
    source = FakeSource.of(desired("a", version="2"), desired("b"))
    ports = make_ports(source, store, tester)

    applied = run(ports)
    tested = test_records(ports, store.records.values())

    assert [o.result.value for o in (*applied, *tested)] == ["failed"] * 3
    after = store.records["a"]
    assert store.records.keys() == {"a"}
    assert (after.active, after.attempted) == (before.active, before.attempted)
    assert (after.last_test, after.status) == (before.last_test, before.status)
    assert after.unable.diagnosis.category is Category.NO_KEY
    assert exit_code_of(plan_of(ports).plan, applied) is ExitCode.ERROR


def test_a_live_key_that_went_bad_is_not_asked_about_again():
    store = FakeStore()
    source = FakeSource.of(desired("a"))
    run(make_ports(source, store))
    bad = FakeTester({"a": Category.INVALID_CREDENTIALS})
    test_records(make_ports(source, store, bad), store.records.values())
    assert store.records["a"].status is Status.ERROR

    planned = plan_of(make_ports(source, store)).plan

    assert planned.changes == ()
    assert [change.name for change in planned.waiting] == ["a"]
    assert exit_code_of(planned, ()) is ExitCode.TEST_FAILED


def test_a_failing_test_leaves_an_inactive_connection_inactive():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    run(make_ports(FakeSource.of(desired("a", active=False)), store))
    bad = FakeTester({"a": Category.INVALID_CREDENTIALS})

    test_records(make_ports(FakeSource(), store, bad), store.records.values())

    assert store.records["a"].status is Status.INACTIVE
    again = plan_of(make_ports(FakeSource.of(desired("a", active=False)), store)).plan
    assert again.is_empty


def test_a_take_over_that_is_rejected_is_ours_and_waits():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    store.records["a"] = replace(store.records["a"], managed_by="theirs")
    source = FakeSource.of(desired("a", version="2"))
    bad = FakeTester({"a": Category.INVALID_CREDENTIALS})
    request = PlanRequest(
        options=PlanOptions(workspace="w"),
        allowances=Allowances(take_over=frozenset({"a"})),
    )
    ports = make_ports(source, store, bad)

    apply_plan(ports, make_plan(ports, request), lock_id="lock")

    again = plan_of(ports).plan
    assert (again.changes, again.refusals) == ((), ())
    assert [change.name for change in again.waiting] == ["a"]
    assert store.records["a"].active.revision == desired("a").revision


def test_a_record_of_others_is_not_shown_as_pending():
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    store.records["a"] = replace(store.records["a"], managed_by="theirs")
    ports = make_ports(FakeSource(), store)

    rows = collect_rows(ports, ports.source.read(), (), workspace="w")

    assert [row.sync.value for row in rows] == ["in-sync"]
