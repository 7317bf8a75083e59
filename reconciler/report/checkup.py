"""What `reconcile doctor` found, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.core.checkup import Check, Standing
from reconciler.report import machine
from reconciler.report.text import Style, page, safe, table


def checkup_human(checks: Sequence[Check], *, color: bool = False) -> str:
    """Return a line per check, the fix below what wants one, and a last line."""
    style = Style(color)
    lines: list[str] = []
    rows = [(_word(one, style), safe(one.area), safe(one.text)) for one in checks]
    for check, line in zip(checks, table(rows), strict=True):
        lines.append(line)
        if check.fix:
            lines.append(f"{'':9}fix: {safe(check.fix)}")
    return page([*lines, "", _summary(checks, style)])


def checkup_json(checks: Sequence[Check]) -> str:
    """Return the checks as JSON; `ok` is false when something is broken."""
    worst = any(one.standing is Standing.BROKEN for one in checks)
    return machine.of_parts(ok=not worst, checks=machine.each(checks))


def _word(check: Check, style: Style) -> str:
    paint = {
        Standing.BROKEN: style.red,
        Standing.WARNING: style.yellow,
        Standing.FINE: style.green,
        Standing.SKIPPED: style.dim,
    }[check.standing]
    return paint(check.standing.value)


def _summary(checks: Sequence[Check], style: Style) -> str:
    tally = Counter(check.standing for check in checks)
    parts = [f"{tally[one]} {one.value}" for one in Standing if tally[one]]
    return style.bold(", ".join(parts))
