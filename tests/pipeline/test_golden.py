"""Up but wrong: data that no longer agrees with the sample it went live with."""

from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.core.diagnosis import Category
from reconciler.core.golden import carried_on, held_to_sample
from reconciler.core.market import Mark
from reconciler.core.record import Result, Status
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from reconciler.retesting import test_records as run_tests
from tests.fakes import START, FakeSource, FakeStore, FakeTester, desired, make_ports
from tests.pipeline.test_apply import run

DAY_MS = 86_400_000
AT = int(START.timestamp() * 1000)
FIRST = Mark(
    symbol="EURUSD",
    timeframe="1h",
    rows=20,
    last_candle_at_ms=AT,
    last_price=Decimal("1.08"),
    offset_ms=0,
    spelling="EURUSD",
)


def verdict(*marks: Mark) -> Verdict:
    data = Probe(name=ProbeName.DATA, status=ProbeStatus.PASSED)
    return Verdict(probes=(data,), at=START, marks=marks)


def judged(mark: Mark):
    store = FakeStore()
    run(make_ports(FakeSource.of(desired("a")), store))
    record = replace(store.records["a"], golden=(FIRST,))
    return held_to_sample(record, verdict(mark)).diagnosis


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"last_price": Decimal(108)}, "another unit?"),
        ({"last_price": Decimal("0.0108")}, "another unit?"),
        ({"offset_ms": 60_000}, "begin 60 s later"),
        ({"offset_ms": 3_600_000 - 1_000}, "s later"),
        ({"spelling": "EURUSD.raw"}, "now means 'EURUSD.raw'"),
    ],
)
def test_changed_data_is_a_failure_of_its_own(change, said):
    diagnosis = judged(replace(FIRST, **change))

    assert diagnosis.category is Category.CHANGED_DATA
    assert not diagnosis.is_terminal
    assert said in diagnosis.summary
    assert "--accept-sample" in diagnosis.fix


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"last_price": Decimal("2.5")},
        {"last_price": Decimal(108), "last_candle_at_ms": AT + 60 * DAY_MS},
        {"offset_ms": 30 * 60_000},
        {"offset_ms": None},
        {"spelling": ""},
        {"symbol": "GBPUSD", "last_price": Decimal(9999)},
    ],
)
def test_what_markets_and_clocks_do_is_no_failure(change):
    assert judged(replace(FIRST, **change)) is None


def test_the_price_goes_along_and_the_rest_stays_as_first_accepted():
    moved = replace(FIRST, last_price=Decimal("1.5"), offset_ms=1_800_000)
    other = replace(FIRST, symbol="GBPUSD")

    kept = carried_on((FIRST,), (moved, other))

    assert [one.symbol for one in kept] == ["EURUSD", "GBPUSD"]
    assert (kept[0].last_price, kept[0].offset_ms) == (Decimal("1.5"), 0)


def test_a_changed_feed_stays_wrong_until_somebody_accepts_it():
    store = FakeStore()
    ports = make_ports(FakeSource.of(desired("a")), store)
    run(ports)
    good, changed = verdict(FIRST), verdict(replace(FIRST, last_price=Decimal(108)))

    def test_with(found, **options):
        tester = FakeTester(verdicts={"a": found})
        ports = make_ports(FakeSource.of(desired("a")), store, tester)
        return run_tests(ports, store.records.values(), **options)[0]

    assert test_with(good).result is Result.APPLIED
    assert test_with(changed).diagnosis.category is Category.CHANGED_DATA
    assert test_with(changed).diagnosis.category is Category.CHANGED_DATA
    assert store.records["a"].status is Status.ACTIVE
    assert test_with(changed, accept_sample=True).result is Result.APPLIED
    assert test_with(changed).result is Result.APPLIED


def test_a_new_revision_brings_its_own_sample():
    store = FakeStore()
    changed = replace(FIRST, last_price=Decimal(108))
    for version, mark in (("1", FIRST), ("2", changed)):
        tester = FakeTester(verdicts={"a": verdict(mark)})
        source = FakeSource.of(desired("a", version=version))
        assert run(make_ports(source, store, tester))[0].result is Result.APPLIED

    assert store.records["a"].golden == (changed,)
