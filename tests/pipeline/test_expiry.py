"""A key that ends soon is told of in plan and report, whoever says so."""

from dataclasses import replace
from datetime import timedelta

from reconciler.core.permissions import KeyFacts
from reconciler.core.record import head_of, key_ends_at
from reconciler.core.settle import observe
from reconciler.pipeline import collect_rows
from reconciler.report.plan import plan_human, plan_markdown
from tests.fakes import START, FakeSource, FakeStore, desired, make_ports, passed
from tests.pipeline.test_apply import plan_of, run


def declared(name, *, days):
    document = desired(name)
    connection = replace(document.connection, expires_at=START + timedelta(days=days))
    return replace(document, connection=connection)


def test_a_declared_end_is_told_of_by_plan_and_report():
    store = FakeStore()
    source = FakeSource.of(declared("near", days=6), declared("far", days=300))
    ports = make_ports(source, store)
    run(ports)

    planned = plan_of(ports)
    rows = collect_rows(ports, planned.desired, (), workspace="w")

    assert len(planned.plan.warnings) == 1
    assert planned.plan.warnings[0].startswith("near: the key ends on ")
    assert "near: the key ends on" in plan_human(planned.plan)
    assert "near: the key ends on" in plan_markdown(planned.plan)
    assert {row.name: bool(row.warnings) for row in rows} == {
        "near": True,
        "far": False,
    }


def test_what_the_provider_says_of_the_end_counts_as_well():
    store = FakeStore()
    ports = make_ports(FakeSource.of(declared("a", days=300)), store)
    run(ports)
    record = store.records["a"]
    verdict = replace(
        passed(), key=KeyFacts(read=True, expires_at=START + timedelta(days=2))
    )

    tested = observe(record, verdict, now=START)
    later = observe(tested, passed(), now=START)

    assert key_ends_at(tested) == START + timedelta(days=2)
    assert key_ends_at(later) == START + timedelta(days=2)
    assert head_of(tested).ends_on > 0


def test_an_inactive_or_foreign_connection_bothers_nobody():
    store = FakeStore()
    ports = make_ports(FakeSource.of(declared("a", days=2)), store)
    run(ports)
    store.records["a"] = replace(store.records["a"], managed_by="other")

    assert plan_of(make_ports(FakeSource.of(), store)).plan.warnings == ()
