"""The first sample that was accepted, and whether later data still agrees with it.

A feed can be up and wrong: prices in cents instead of dollars, bars shifted by some
minutes, another contract under the old name. None of this fails a test of its own,
so what runs is held against the sample with which it went live.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.market import Mark
from reconciler.core.record import Record
from reconciler.core.verdict import ProbeName, ProbeStatus, Verdict

MAX_RATIO: Final = Decimal(20)
"""No market moves so far in the time below; a changed unit does, mostly by 100."""
_COMPARABLE_MS: Final = 30 * 86_400_000
_SESSION_MS: Final = 15 * 60_000
"""Clocks change by hours and sessions by quarters of an hour: neither is a fault."""


def held_to_sample(record: Record, verdict: Verdict) -> Verdict:
    """Return the verdict of what runs, failed when its data is no longer the same."""
    if not verdict.passed:
        return verdict
    faults = [
        fault
        for mark in verdict.marks
        if (fault := _fault(mark, _same_series(mark, record.golden)))
    ]
    return _failed(verdict, "; ".join(faults)) if faults else verdict


def carried_on(golden: tuple[Mark, ...], marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return the sample to hold the next test to.

    Spelling and alignment stay as they were first accepted; the price goes along
    with the market, and a series that is new joins.
    """
    kept = {(mark.symbol, mark.timeframe): mark for mark in golden}
    for mark in marks:
        series = (mark.symbol, mark.timeframe)
        kept[series] = replace(
            kept.get(series, mark),
            last_price=mark.last_price,
            last_candle_at_ms=mark.last_candle_at_ms,
        )
    return tuple(kept[series] for series in sorted(kept))


def _fault(mark: Mark, first: Mark | None) -> str:
    if first is None:
        return ""
    where = f"{mark.symbol} {mark.timeframe}"
    if first.spelling and mark.spelling and first.spelling != mark.spelling:
        return (
            f"{where}: the provider now means '{mark.spelling}' by it,"
            f" not '{first.spelling}'"
        )
    if _is_shifted(first, mark):
        return f"{where}: bars begin {_shift(first, mark)} s later than they did"
    if _is_rescaled(first, mark):
        return (
            f"{where}: the price went from {first.last_price} to {mark.last_price};"
            " another unit?"
        )
    return ""


def _same_series(mark: Mark, others: Iterable[Mark]) -> Mark | None:
    series = (mark.symbol, mark.timeframe)
    return next((one for one in others if (one.symbol, one.timeframe) == series), None)


def _is_shifted(first: Mark, mark: Mark) -> bool:
    if first.offset_ms is None or mark.offset_ms is None:
        return False
    return (mark.offset_ms - first.offset_ms) % _SESSION_MS != 0


def _shift(first: Mark, mark: Mark) -> int:
    return ((mark.offset_ms or 0) - (first.offset_ms or 0)) % _SESSION_MS // 1000


def _is_rescaled(before: Mark, mark: Mark) -> bool:
    old, new = before.last_price, mark.last_price
    if not old or not new or before.last_candle_at_ms is None:
        return False
    passed_ms = abs((mark.last_candle_at_ms or 0) - before.last_candle_at_ms)
    ratio = max(old / new, new / old)
    return passed_ms <= _COMPARABLE_MS and ratio >= MAX_RATIO


def _failed(verdict: Verdict, detail: str) -> Verdict:
    diagnosis = diagnose(Category.CHANGED_DATA, detail=detail)
    probes = tuple(
        replace(probe, status=ProbeStatus.FAILED, detail=detail, diagnosis=diagnosis)
        if probe.name is ProbeName.DATA
        else probe
        for probe in verdict.probes
    )
    return replace(verdict, probes=probes)
