"""What `reconcile test` found: one ladder per connection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.outcome import Outcome
from reconciler.core.verdict import Verdict
from reconciler.report import machine
from reconciler.report.ladder import diagnosis_lines, ladder_lines, warning_lines
from reconciler.report.text import Style, blocks, indented, latency, safe


def verdicts_human(
    outcomes: Sequence[Outcome], *, color: bool = False, now: datetime | None = None
) -> str:
    """Return every ladder; the last line is always the counts."""
    style = Style(color)
    parts = [_entry(outcome, style=style, now=now) for outcome in outcomes]
    return blocks([*parts, [style.bold(verdicts_summary(outcomes))]])


def verdicts_json(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes with their verdicts."""
    passed, failed, untested = _tally(outcomes)
    return machine.of_parts(
        passed=passed,
        failed=failed,
        untested=untested,
        tests=machine.each(outcomes),
    )


def verdicts_summary(outcomes: Sequence[Outcome]) -> str:
    """Return the tests' one line."""
    passed, failed, untested = _tally(outcomes)
    more = f", {untested} not tested" if untested else ""
    return f"Test: {passed} passed, {failed} failed{more}."


def _tally(outcomes: Sequence[Outcome]) -> tuple[int, int, int]:
    verdicts = [outcome.verdict for outcome in outcomes if outcome.verdict]
    passed = sum(verdict.passed for verdict in verdicts)
    return passed, len(verdicts) - passed, len(outcomes) - len(verdicts)


def _entry(outcome: Outcome, *, style: Style, now: datetime | None) -> list[str]:
    verdict = outcome.verdict
    diagnosis = (verdict.diagnosis if verdict else None) or outcome.diagnosis
    lines = [_headline(outcome, style)]
    if verdict:
        lines += ladder_lines(verdict.probes, style=style, indent=2)
        lines += indented(warning_lines(verdict.warnings, style=style), 2)
    if diagnosis:
        again_at = _again_at(verdict, diagnosis)
        told = diagnosis_lines(diagnosis, now=now, again_at=again_at, style=style)
        lines += indented(told, 2)
    return lines


def _again_at(verdict: Verdict | None, diagnosis: Diagnosis) -> datetime | None:
    """Return when the provider said that it will answer again; mostly it did not."""
    if verdict is None or not diagnosis.retry_after_s:
        return None
    try:
        return verdict.at + timedelta(seconds=diagnosis.retry_after_s)
    except (OverflowError, ValueError):  # a plug-in may say anything, such as "nan"
        return None


def _headline(outcome: Outcome, style: Style) -> str:
    verdict = outcome.verdict
    if verdict is None:
        said = f"not tested ({outcome.result}): {safe(outcome.reason)}"
        return f"{style.bold(safe(outcome.name))}: {style.yellow(said)}"
    word = style.green("passed") if verdict.passed else style.red("failed")
    if verdict.passed and verdict.degraded:
        word = style.yellow(f"passed, degraded ({safe(verdict.degraded)})")
    timed = verdict.latency_ms
    took = f" in {latency(timed)}" if timed is not None else ""
    place = f", from {safe(verdict.vantage)}" if verdict.vantage else ""
    place += f" as {safe(verdict.egress_ip)}" if verdict.egress_ip else ""
    return f"{style.bold(safe(outcome.name))}: {word}{took}{place}"
