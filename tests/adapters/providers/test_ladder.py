"""The ladder around the rungs: order, time limits, diagnoses, nothing raised."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.ladder.climbing import (
    Climb,
    Rung,
    Step,
    Trail,
    ask,
    climb,
    clock_rung,
    sample_plan,
)
from reconciler.adapters.providers.ladder.patience import waiting_for_turn
from reconciler.adapters.providers.network.meter import Meter, Timing, skew_of
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.settings import Pacer
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.verdict import ProbeName, ProbeStatus

SECRET = "a-quite-secret-value"
SETTING = Climb(
    network=Network(
        session=None,
        recorder=None,
        tls=None,
        make_tls=lambda _pem: None,
        clock=SystemClock().now,
        vantage="v",
    ),
    scrub=Scrubber([SECRET]),
    timeout_s=5.0,
    explain=lambda _error: None,
)


def climbed(*works, **options):
    names = (ProbeName.PUBLIC, ProbeName.AUTH, ProbeName.DATA)
    steps = [Step(name=n, run=w) for n, w in zip(names, works, strict=False)]
    return asyncio.run(climb(steps, replace(SETTING, **options)))


async def fine(_trail):
    return Rung(detail="fine")


def failing(error):
    async def work(_trail):
        raise error

    return work


def statuses(verdict):
    return [probe.status.value for probe in verdict.probes]


def test_what_comes_after_a_failure_is_skipped():
    error = ProviderError(diagnose(Category.MAINTENANCE))

    verdict = climbed(fine, failing(error), fine)

    assert statuses(verdict) == ["passed", "failed", "skipped"]
    assert verdict.diagnosis.category is Category.MAINTENANCE
    assert verdict.vantage == "v"


def test_a_bug_is_a_diagnosis_without_secrets():
    verdict = climbed(failing(ZeroDivisionError(f"with {SECRET}")), fine)

    assert verdict.diagnosis.category is Category.INTERNAL
    assert "ZeroDivisionError" in verdict.diagnosis.summary
    assert SECRET not in str(verdict)


def test_cancelling_is_not_caught():
    with pytest.raises(asyncio.CancelledError):
        climbed(failing(asyncio.CancelledError()))


def test_the_limit_covers_all_rungs_together():
    async def slow(_trail):
        await asyncio.sleep(0.3)
        return Rung()

    verdict = climbed(slow, slow, slow, timeout_s=0.5)

    assert statuses(verdict) == ["passed", "failed", "skipped"]
    assert verdict.diagnosis.category is Category.TIMEOUT
    assert "0.5 s" in verdict.diagnosis.summary


def test_waiting_for_a_turn_does_not_count():
    async def patient(_trail):
        with waiting_for_turn():
            await asyncio.sleep(0.3)
        return Rung()

    async def impatient(_trail):
        with waiting_for_turn():
            await asyncio.sleep(0.1)
        await asyncio.sleep(5)
        return Rung()

    verdict = climbed(patient, impatient, timeout_s=0.2)

    assert statuses(verdict) == ["passed", "failed"]
    assert verdict.diagnosis.category is Category.TIMEOUT


def test_a_pacer_stops_the_clock_too():
    ticks = iter([0.0, 59.8, 60.1, 60.1])
    pacer = Pacer(1, ticks=lambda: next(ticks))

    async def work(_trail):
        await pacer.turn()
        await pacer.turn()
        return Rung()

    assert climbed(work, timeout_s=0.05).passed


def test_a_single_call_ends_in_time_and_carries_nothing_along():
    async def slow():
        await asyncio.sleep(5)

    async def leaking():
        raise ValueError(f"https://x/y?signature=1&key={SECRET}")

    for work, category in ((slow, Category.TIMEOUT), (leaking, Category.INTERNAL)):
        with pytest.raises(ProviderError) as caught:
            asyncio.run(ask(work, replace(SETTING, timeout_s=0.05)))
        assert caught.value.diagnosis.category is category
        assert caught.value.__context__ is None
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("skew_ms", "status", "warned"),
    [
        (None, ProbeStatus.UNPROVEN, 0),
        (900.0, ProbeStatus.PASSED, 0),
        (30_000.0, ProbeStatus.PASSED, 1),
        (-30_000.0, ProbeStatus.PASSED, 1),
    ],
)
def test_clocks_apart_are_a_warning(skew_ms, status, warned):
    trail = Trail(meters=[Meter(timings=[Timing(skew_ms=skew_ms)])])

    rung = asyncio.run(clock_rung(trail))

    assert rung.status is status
    assert len(rung.warnings) == warned
    if skew_ms and skew_ms < -2_000:
        assert "ahead" in rung.warnings[0]


@pytest.mark.parametrize(
    ("now_s", "took_s", "skew_s"),
    [
        (0.3, 0.1, 0.0),  # written within this second
        (5.3, 5.2, 0.0),  # a slow server, not a slow clock
        (31.0, 1.0, -29.0),  # our clock is at least so far ahead
        (-30.0, 1.0, 30.0),
    ],
)
def test_a_slow_answer_is_no_wrong_clock(now_s, took_s, skew_s):
    at = datetime(2026, 1, 1, tzinfo=UTC)

    skew_ms = skew_of(
        format_datetime(at, usegmt=True),
        now_ms=(at.timestamp() + now_s) * 1000,
        took_ms=took_s * 1000,
    )

    assert skew_ms == pytest.approx(skew_s * 1000)


def test_a_date_out_of_a_cache_is_no_wrong_clock():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    asked = partial(skew_of, format_datetime(at, usegmt=True), took_ms=100)
    now_ms = (at.timestamp() + 3600.3) * 1000

    assert asked(now_ms=now_ms, cached_s=3600) == 0
    assert asked(now_ms=now_ms) == pytest.approx(-3_599_200)
    assert asked(now_ms=now_ms, cached_s=7200) == pytest.approx(3_599_700)


def test_each_symbol_and_each_timeframe_is_in_the_plan_once():
    connection = Connection(
        name="x",
        type="t",
        provider="p",
        symbols=("A", "B", "C"),
        timeframes=("1m", "1h", "1d"),
    )

    plan = sample_plan(connection, "1h")

    assert plan == (
        ("A", "1m"),
        ("B", "1m"),
        ("C", "1m"),
        ("A", "1h"),
        ("A", "1d"),
    )
    assert sample_plan(replace(connection, timeframes=()), "1h")[0] == ("A", "1h")
    assert sample_plan(replace(connection, symbols=()), "1h") == ()
