"""What came over from another tool: row by row how alike, then the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.core.parity import Brought, Parity, Recorded, Standing
from reconciler.report import machine
from reconciler.report.text import Style, count, page, safe

_SIGNS = {
    Brought.WRITTEN: "+",
    Brought.PLANNED: "+",
    Brought.THERE: "=",
    Brought.DELETED: "-",
    Brought.LEFT: "!",
}


def parity_human(rows: Sequence[Parity], *, color: bool = False) -> str:
    """Return a line per row, its remarks below it, and the counts."""
    if not rows:
        return "No connections.\n"
    style, lines = Style(color), []
    for row in rows:
        lines += _entry(row, style)
    lines += [
        "",
        style.bold(f"{count(len(rows), 'row')}: {_said(rows)}."),
        *_next(rows),
    ]
    return page(lines)


def parity_json(rows: Sequence[Parity]) -> str:
    """Return the rows and the counts by standing and by result."""
    return machine.of_parts(
        counts={
            "standing": {str(key): number for key, number in _standings(rows).items()},
            "result": {str(key): number for key, number in _results(rows).items()},
        },
        rows=machine.each(rows),
    )


def _entry(row: Parity, style: Style) -> list[str]:
    sign = _SIGNS[row.result]
    paint = style.red if row.result is Brought.LEFT else style.green
    what = safe(row.file or row.title or row.place)
    recorded = f", {row.recorded}" if row.recorded else ""
    head = f"{paint(sign)} {what}  {row.standing}: {row.result}{recorded}"
    lines = [head, style.dim(f"    from {safe(row.place)}{_known_as(row)}")]
    for remark in row.remarks:
        word = {Standing.DEFECT: "panel defect: ", Standing.CANNOT: "cannot: "}
        said = word.get(remark.standing, "")
        lines.append(f"    {safe(remark.field)}: {said}{safe(remark.text)}")
    return lines


def _known_as(row: Parity) -> str:
    id_ = f", id {safe(row.id)}" if row.id else ""
    return f"{id_}, {safe(row.title)}" if row.title else id_


def _standings(rows: Sequence[Parity]) -> dict[Standing, int]:
    tally = Counter(row.standing for row in rows)
    return {standing: tally[standing] for standing in Standing}


def _results(rows: Sequence[Parity]) -> dict[Brought, int]:
    tally = Counter(row.result for row in rows)
    return {result: tally[result] for result in Brought}


def _said(rows: Sequence[Parity]) -> str:
    tallies = (*_standings(rows).items(), *_results(rows).items())
    parts = [f"{number} {word}" for word, number in tallies if number]
    return ", ".join(parts)


def _next(rows: Sequence[Parity]) -> list[str]:
    live = sum(row.recorded is Recorded.LIVE for row in rows)
    said = []
    if live:
        said.append(
            f"{count(live, 'connection')} went live on the panel's word: 'reconcile "
            "test' asks the providers."
        )
    if any(row.result is Brought.WRITTEN for row in rows):
        said.append(
            "Look at the files, then run 'reconcile validate' and 'reconcile plan'."
        )
    return said
