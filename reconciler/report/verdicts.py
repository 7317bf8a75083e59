"""What `reconcile test` found: ladders, of many tests only those that say something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.outcome import Outcome
from reconciler.core.verdict import ProbeStatus, Verdict
from reconciler.report import machine
from reconciler.report.ladder import diagnosis_lines, ladder_lines, warning_lines
from reconciler.report.text import Style, blocks, indented, latency, safe

FEW: Final = 10
"""So many ladders are looked at; of more, those that say something."""


def verdicts_human(
    outcomes: Sequence[Outcome],
    *,
    color: bool = False,
    now: datetime | None = None,
    verbose: bool = False,
) -> str:
    """Return every ladder; the last line is always the counts.

    Of more than `FEW`, what passed and leaves nothing to say is a line each, before the
    others, unless `verbose` asks for all.
    """
    style = Style(color)
    is_short = len(outcomes) > FEW and not verbose
    plain = [one for one in outcomes if is_short and _is_plain(one)]
    others = [one for one in outcomes if not (is_short and _is_plain(one))]
    return blocks(
        [
            [_headline(outcome, style) for outcome in plain],
            [style.dim("-v shows the steps of these, too.")] if plain else [],
            *(_entry(outcome, style=style, now=now) for outcome in others),
            [style.bold(verdicts_summary(outcomes))],
        ]
    )


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


def _is_plain(outcome: Outcome) -> bool:
    """Tell whether a test passed as a whole, with every step proven or needless."""
    verdict = outcome.verdict
    if verdict is None or not verdict.passed or outcome.diagnosis:
        return False
    unproven = any(one.status is ProbeStatus.UNPROVEN for one in verdict.probes)
    return not (verdict.degraded or verdict.warnings or unproven)


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
