"""Climb the rungs of a test: in order, each timed alone, until one breaks.

An adapter says what its rungs are; this module says what happens around them:
the whole test's time limit, the diagnosis of whatever is raised, the rungs left
out, and what the clock and the candles must look like to be believed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from reconciler.adapters.providers.answers.transport import (
    proxy_timeout_diagnosis,
    timeout_diagnosis,
    transport_diagnosis,
)
from reconciler.adapters.providers.ladder.patience import Patience, is_limited
from reconciler.adapters.providers.ladder.reach import (
    broken_rung,
    first_to_end,
    left_out,
    reach_probes,
)
from reconciler.adapters.providers.network.meter import Meter, Timing, metering
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.network.tracing import trace_lines
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Mark
from reconciler.core.permissions import KeyFacts
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

T = TypeVar("T")

MAX_SKEW_MS = 2_000.0
"""The Date header is good to about a second; exchanges allow 5 to 30."""
MAX_CACHED_S = 60
"""Content networks keep public answers for seconds, which harms nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What one step found; failing is raising `ProviderError`.

    `degraded` says why what passed is not whole.
    """

    status: ProbeStatus = ProbeStatus.PASSED
    detail: str = ""
    marks: tuple[Mark, ...] = ()
    warnings: tuple[str, ...] = ()
    key: KeyFacts | None = None
    degraded: str = ""


@dataclass(slots=True)
class Trail:
    """What is known of the rungs below: their requests, the provider's clock."""

    meters: list[Meter] = field(default_factory=list)

    @property
    def skew_ms(self) -> float | None:
        """Return the newest known skew of the clocks."""
        return next(
            (m.skew_ms for m in reversed(self.meters) if m.skew_ms is not None), None
        )

    @property
    def asked(self) -> tuple[Timing, ...]:
        """Return the requests so far, in the order in which they began."""
        return tuple(timing for meter in self.meters for timing in meter.timings)

    @property
    def first(self) -> Timing | None:
        """Return the first request, which made the connection."""
        return next(iter(self.asked), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A named rung and how to climb it."""

    name: ProbeName
    run: Callable[[Trail], Awaitable[Rung]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """The surroundings of one test.

    `explain` turns the adapter's own foreign exceptions into a diagnosis; None
    leaves them to the transport table and then to `INTERNAL`.
    """

    network: Network
    scrub: Scrubber
    timeout_s: float
    explain: Callable[[Exception], Diagnosis | None]


async def climb(steps: Sequence[Step], setting: Climb) -> Verdict:
    """Run the steps in order and return the verdict.

    Raises nothing but cancellation: a bug in an adapter is an `INTERNAL` diagnosis.
    """
    trail = Trail()
    rungs: list[Rung] = []
    probes: list[Probe] = []
    patience = Patience(setting.timeout_s)
    for step in steps:
        if probes and probes[-1].status is ProbeStatus.FAILED:
            break
        probe, rung = await _run(step, trail, setting, patience)
        probes.append(probe)
        rungs.append(rung)
    skipped = (
        Probe(name=step.name, status=ProbeStatus.SKIPPED)
        for step in steps[len(probes) :]
    )
    return Verdict(
        probes=_with_reach((*probes, *skipped), trail),
        at=setting.network.clock(),
        vantage=setting.network.vantage,
        marks=tuple(mark for rung in rungs for mark in rung.marks),
        warnings=tuple(text for rung in rungs for text in rung.warnings),
        key=next((rung.key for rung in rungs if rung.key), None),
        egress_ip=_seen_ip(probes),
        degraded="; ".join(rung.degraded for rung in rungs if rung.degraded),
        certificate=first_to_end(trail.asked),
    )


def _seen_ip(probes: Sequence[Probe]) -> str:
    """Return our own address as a refusal told it; providers do not tell otherwise."""
    told = (p.diagnosis.evidence.get("seen_ip", "") for p in probes if p.diagnosis)
    return next(filter(None, told), "")


def _with_reach(probes: tuple[Probe, ...], trail: Trail) -> tuple[Probe, ...]:
    """Put the rungs of the first request below those of the adapter.

    Where that request broke on them, they carry its diagnosis, and the rung that
    made it was never reached.
    """
    timing = trail.first
    failed = next((p for p in probes if p.status is ProbeStatus.FAILED), None)
    is_first = failed is not None and len(trail.asked) <= 1
    diagnosis = failed.diagnosis if failed and is_first else None
    broken = broken_rung(timing, diagnosis)
    below = reach_probes(timing or Timing(), broken) if timing or broken else ()
    if broken is None or failed is None:
        return (*below, *probes)
    above = tuple(
        Probe(name=p.name, status=ProbeStatus.SKIPPED) if p is failed else p
        for p in probes
    )
    return (*below, replace(failed, name=broken), *left_out(broken), *above)


async def _run(
    step: Step, trail: Trail, setting: Climb, patience: Patience
) -> tuple[Probe, Rung]:
    meter = Meter()
    trail.meters.append(meter)
    rung = Rung(status=ProbeStatus.FAILED)
    diagnosis: Diagnosis | None = None
    with metering(meter):
        try:
            async with patience.spending():
                rung = _believed(step.name, await step.run(trail), meter)
        except Exception as error:  # noqa: BLE001 - the one door of every adapter
            if isinstance(error, TimeoutError) and patience.is_over:
                diagnosis = _late(meter, setting.timeout_s)
            else:
                found = explain_any(error, setting.scrub, setting.explain)
                diagnosis = _of_a_cache(found, meter)
    if (show := setting.network.trace) is not None:
        for timing in meter.timings:
            for line in trace_lines(step.name, timing, setting.scrub):
                show(line)
    return _probe(step.name, rung, meter, diagnosis), rung


def _late(meter: Meter, timeout_s: float) -> Diagnosis:
    """Return the diagnosis of a test that ran out of time: who was waited for."""
    at_proxy = meter.last is not None and meter.last.at_proxy
    say = proxy_timeout_diagnosis if at_proxy else timeout_diagnosis
    return say(timeout_s)


def _believed(name: ProbeName, rung: Rung, meter: Meter) -> Rung:
    """Return a rung as far as its answers are the provider's own, of this moment.

    What lies in a cache between was answered to somebody else: it proves no key.
    """
    age_s = meter.cached_s
    if name is ProbeName.AUTH and age_s and rung.status is ProbeStatus.PASSED:
        said = f"a cache answered ({age_s} s old), which proves no key"
        return replace(rung, status=ProbeStatus.UNPROVEN, detail=said)
    if age_s <= MAX_CACHED_S:
        return rung
    warning = (
        f"{name}: a cache between answered in the provider's place, {age_s} s old: "
        "what it hands out is no present data"
    )
    return replace(rung, warnings=(*rung.warnings, warning))


def _of_a_cache(diagnosis: Diagnosis, meter: Meter) -> Diagnosis:
    """Return why data is old, which need not be the provider's doing."""
    age_s = meter.cached_s
    if diagnosis.category is not Category.STALE_DATA or age_s <= MAX_CACHED_S:
        return diagnosis
    return replace(
        diagnosis,
        summary=f"{diagnosis.summary}; a cache between answered, {age_s} s old",
        fix="have the proxy or content network between keep no candles; test again",
        evidence={**diagnosis.evidence, "age": str(age_s)},
    )


def _probe(
    name: ProbeName, rung: Rung, meter: Meter, diagnosis: Diagnosis | None
) -> Probe:
    return Probe(
        name=name,
        status=rung.status,
        latency_ms=meter.latency_ms,
        detail=diagnosis.summary if diagnosis else rung.detail,
        diagnosis=diagnosis,
    )


def explain_any(
    error: Exception,
    scrub: Scrubber,
    explain: Callable[[Exception], Diagnosis | None],
) -> Diagnosis:
    """Return the diagnosis of anything that was raised; never raises itself."""
    if isinstance(error, ProviderError):
        return scrub.clean_diagnosis(error.diagnosis)
    return explain(error) or transport_diagnosis(error, scrub) or internal(error, scrub)


def internal(error: BaseException, scrub: Scrubber) -> Diagnosis:
    """Return the diagnosis of a bug: the exception's class and its scrubbed text."""
    evidence = {"exception": type(error).__qualname__, "message": str(error)}
    return diagnose(
        Category.INTERNAL,
        detail=type(error).__qualname__,
        evidence=scrub.clean_all(evidence),
    )


async def ask(work: Callable[[], Awaitable[T]], setting: Climb) -> T:
    """Return what `work` returns, within the time limit.

    Raises `ProviderError` with a diagnosis for whatever goes wrong, and nothing of
    the foreign exception with it: its text may hold a signed URL.
    """
    try:
        if is_limited():  # a rung of a test: its own limit is running
            return await work()
        async with Patience(setting.timeout_s).spending():
            return await work()
    except Exception as error:  # noqa: BLE001 - the same door, for single calls
        diagnosis = explain_any(error, setting.scrub, setting.explain)
    raise ProviderError(diagnosis)


async def clock_rung(trail: Trail, *, known_skew_ms: float | None = None) -> Rung:
    """Judge the clocks from the Date headers seen so far; makes no request."""
    skew = trail.skew_ms if trail.skew_ms is not None else known_skew_ms
    if skew is None:
        return Rung(
            status=ProbeStatus.UNPROVEN, detail="the provider sends no Date header"
        )
    detail = f"the provider's clock minus ours: {skew / 1000:+.1f} s"
    if abs(skew) <= MAX_SKEW_MS:
        return Rung(detail=detail)
    warning = (
        f"this machine's clock is {abs(skew) / 1000:.1f} s "
        f"{'behind' if skew > 0 else 'ahead of'} the provider's: synchronise it (NTP); "
        "the time zone does not matter"
    )
    return Rung(detail=detail, warnings=(warning,))


def sample_plan(connection: Connection, default: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs to test: each symbol and each timeframe at least once.

    Not every combination: five symbols in five timeframes are nine requests, not
    twenty-five.
    """
    timeframes = connection.timeframes or (default,)
    symbols = connection.symbols
    pairs = [(symbol, timeframes[0]) for symbol in symbols]
    pairs += [(symbols[0], timeframe) for timeframe in timeframes[1:] if symbols]
    return tuple(dict.fromkeys(pairs))
