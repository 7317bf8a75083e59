"""Inside a freeze, what runs is left alone and everything else goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.diagnosis import Category
from reconciler.core.freezing import Freeze
from reconciler.core.guard import Allowances
from reconciler.core.outcome import ExitCode, Result, exit_code_of
from reconciler.core.plan import PlanOptions
from reconciler.core.record import Status
from reconciler.core.selecting import label_term
from reconciler.core.windows import Once
from reconciler.pipeline import PlanRequest, apply_plan, make_plan
from tests.fakes import START, FakeSource, FakeStore, FakeTester, desired, make_ports

WINDOW = Once(name="month end", starts=START, ends=START + timedelta(days=1))
EVERYTHING = (Freeze(window=WINDOW),)
SPOT = (Freeze(window=WINDOW, labels=(label_term("desk=spot"),)),)


def planned(ports, freezes=EVERYTHING, **allowed):
    return make_plan(
        ports,
        PlanRequest(
            options=PlanOptions(workspace="w"),
            allowances=Allowances(**allowed),
            freezes=freezes,
        ),
    )


def run(ports, freezes=EVERYTHING, **allowed):
    return apply_plan(ports, planned(ports, freezes, **allowed), lock_id="lock")


@pytest.fixture
def store():
    """A store in which `a` and `b` run."""
    made = FakeStore()
    before = [desired("a", labels={"desk": "spot"}), desired("b")]
    run(make_ports(FakeSource.of(*before), made), ())
    return made


def changed(store, tester=None):
    after = [
        desired("a", version="2", labels={"desk": "spot"}),
        desired("b", version="2"),
    ]
    return make_ports(FakeSource.of(*after), store, tester)


def test_changes_are_shown_and_held_back_with_the_refusal(store):
    tester = FakeTester()
    ports = changed(store, tester)

    plan = planned(ports).plan
    outcomes = run(ports)

    assert len(plan.changes) == 2
    assert plan.digest == planned(ports, ()).plan.digest
    assert [one.result for one in outcomes] == [Result.SKIPPED, Result.SKIPPED]
    assert "held back by 'month end'" in outcomes[0].reason
    assert exit_code_of(plan, outcomes) is ExitCode.REFUSED
    assert tester.asked == []


def test_what_the_freeze_does_not_cover_goes_live(store):
    outcomes = run(changed(store), SPOT)

    assert {one.name: one.result for one in outcomes} == {
        "a": Result.SKIPPED,
        "b": Result.APPLIED,
    }


def test_the_windows_name_lets_them_pass(store):
    outcomes = run(changed(store), during_freeze=frozenset({"month end"}))

    assert [one.result for one in outcomes] == [Result.APPLIED, Result.APPLIED]


def test_after_its_end_they_go_live(store):
    ports = changed(store)
    run(ports)
    ports.clock.advance(86_400)

    assert [one.result for one in run(ports)] == [Result.APPLIED, Result.APPLIED]


def test_a_re_test_of_what_runs_goes_on(store):
    same = [desired("a", labels={"desk": "spot"}), desired("b")]
    store.records["a"] = observed(store)
    tester = FakeTester()

    (outcome,) = run(make_ports(FakeSource.of(*same), store, tester))

    assert (outcome.name, outcome.result) == ("a", Result.APPLIED)
    assert tester.asked == ["a"]


def observed(store):
    return replace(store.get("a"), status=Status.ERROR, next_attempt_at=None)


def test_a_rejected_revision_is_not_tried_again_inside_it(store):
    failing = FakeTester(failing={"a": Category.RATE_LIMITED})
    run(changed(store, failing), ())
    ports = changed(store)
    ports.clock.advance(7200)

    (outcome,) = run(ports)

    assert (outcome.name, outcome.result) == ("a", Result.SKIPPED)


def test_a_lost_file_is_held_back_too(store):
    ports = make_ports(FakeSource.of(desired("b")), store)

    (outcome,) = run(ports, SPOT)

    assert outcome.result is Result.SKIPPED
    assert store.get("a").orphaned is False
