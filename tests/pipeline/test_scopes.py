"""A plan of a part: by the labels that the files say, or the records."""

import pytest

from reconciler.core.plan import PlanOptions, Scope
from reconciler.pipeline import PlanRequest, apply_plan, make_plan
from tests.fakes import FakeSource, FakeStore, desired, make_ports


def planned(ports, *labels, **more):
    scope = Scope(labels=labels, **more)
    return make_plan(
        ports, PlanRequest(options=PlanOptions(workspace="w", scope=scope))
    )


def names(plan):
    return [change.name for change in plan.changes]


@pytest.fixture
def store():
    """A store in which `a`, `b` and `old` run, of which `old` has no file any more."""
    made = FakeStore()
    before = [labelled("a", "spot"), labelled("b", "swap"), labelled("old", "spot")]
    ports = make_ports(FakeSource.of(*before), made)
    apply_plan(ports, planned(ports), lock_id="lock")
    return made


def labelled(name, desk, version="1"):
    return desired(name, version=version, labels={"desk": desk})


@pytest.fixture
def ports(store):
    after = [labelled("a", "spot", "2"), labelled("b", "swap", "2"), desired("c")]
    return make_ports(FakeSource.of(*after), store)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((), ["a", "b", "c", "old"]),
        (("desk=spot",), ["a", "old"]),
        (("desk!=spot",), ["b", "c"]),
        (("desk",), ["a", "b", "old"]),
        (("!desk",), ["c"]),
        (("desk=s*", "desk!=swap"), ["a", "old"]),
        (("desk=x",), []),
    ],
)
def test_labels_choose_what_is_planned(ports, labels, expected):
    assert names(planned(ports, *labels).plan) == expected


def test_what_is_out_of_scope_is_not_counted(ports):
    plan = planned(ports, "desk=swap").plan

    assert (plan.considered, plan.total, plan.kept) == (1, 4, 0)


def test_a_file_that_got_the_label_is_chosen_by_it(store):
    ports = make_ports(FakeSource.of(labelled("b", "spot")), store)

    assert names(planned(ports, "desk=spot").plan) == ["a", "b", "old"]


def test_labels_and_globs_must_both_fit(ports):
    assert names(planned(ports, "desk=spot", targets=("o*",)).plan) == ["old"]


def test_a_name_whose_file_is_invalid_is_in_scope_by_its_record(store):
    source = FakeSource.of(labelled("b", "swap"), invalid=("a",))
    plan = planned(make_ports(source, store), "desk=spot").plan

    assert names(plan) == ["old"]
    assert plan.considered == 2
