"""A plan for people in a terminal, and as JSON; its page is in `plan_page`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reconciler.core.codec import to_data
from reconciler.core.diff import FieldChange
from reconciler.core.guard import Refusal
from reconciler.core.plan import ActionKind, Change, Plan
from reconciler.report.machine import pretty
from reconciler.report.plan_page import plan_markdown
from reconciler.report.text import (
    Style,
    blocks,
    indented,
    names,
    revision,
    safe,
    table,
)
from reconciler.report.values import field_line
from reconciler.report.words import (
    SIGNS,
    banner,
    compared,
    marks,
    partner,
    plan_summary,
    reach,
)

__all__ = ["plan_human", "plan_json", "plan_markdown", "refusal_lines"]

NAMES_SHOWN: Final = 10
_ON_THE_LINE: Final = frozenset({"name", "type", "provider", "version", "binding"})


def plan_human(
    plan: Plan, *, color: bool = False, verbose: bool = False, brief: bool = False
) -> str:
    """Return the plan; its last line is always the summary.

    `brief` leaves out the fields of new connections, `verbose` nothing at all.
    """
    style = Style(color)
    limit = None if verbose else NAMES_SHOWN
    parts = [
        [style.dim(compared(plan))] if plan.base else [],
        [style.bold(banner(plan))] if plan.scope.is_partial else [],
        _changes(plan.changes, style=style, verbose=verbose, brief=brief),
        _apart("Waiting, nothing is done for them now:", plan.waiting, style=style),
        _apart("Suspended, left alone:", plan.suspended, style=style),
        [style.yellow(f"! {safe(text)}") for text in plan.warnings],
        _listed("Not managed here, left alone", plan.unmanaged, limit=limit),
        _listed("Invalid, left as they are", plan.invalid, limit=None),
        refusal_lines(plan.refusals, color=color),
        [style.bold(plan_summary(plan))],
    ]
    return blocks(parts)


def plan_json(plan: Plan) -> str:
    """Return the plan as the JSON document that is saved and read back."""
    data = to_data(plan)
    for change in [*data["changes"], *data["waiting"], *data["suspended"]]:
        change["fields"] = [_unsealed_only(field) for field in change["fields"]]
    return pretty(data)


def refusal_lines(refusals: Sequence[Refusal], *, color: bool = False) -> list[str]:
    """Return what the guards refused, each with the flag that overrides it."""
    style = Style(color)
    lines = [style.bold("Refused:")] if refusals else []
    for refusal in refusals:
        lines.append(style.red(f"  ! {refusal.guard}: {safe(refusal.message)}"))
        if len(refusal.names) > 1:
            lines.append(f"    names: {names(refusal.names, limit=NAMES_SHOWN)}")
        if refusal.flag:
            lines.append(f"    to allow it: {safe(refusal.flag)}")
    return lines


def _changes(
    changes: Sequence[Change], *, style: Style, verbose: bool, brief: bool
) -> list[str]:
    lines: list[str] = []
    for change, line in zip(changes, table(map(_row, changes), indent=2), strict=True):
        lines.append(_painted(change.action, line, style))
        said = [*change.notes, *filter(None, [reach(change)])]
        lines += indented((style.yellow(f"! {safe(n)}") for n in said), 6)
        if verbose:
            lines += indented(_places(change, style), 8)
        fields = change.fields if verbose else _told(change, brief=brief)
        lines += indented(
            (field_line(f, style=style, verbose=verbose) for f in fields), 6
        )
    return lines


def _told(change: Change, *, brief: bool) -> Sequence[FieldChange]:
    """Leave out of a new connection what its line says already, or goes unsaid."""
    if not _is_new(change):
        return change.fields
    return [f for f in change.fields if not brief and f.path not in _ON_THE_LINE]


def _is_new(change: Change) -> bool:
    """Tell whether nothing ran before: a new file, or one that never passed."""
    has_name = any(f.path == "name" and f.kind == "added" for f in change.fields)
    return change.action is ActionKind.CREATE or has_name


def _row(change: Change) -> tuple[str, ...]:
    asked = marks(change)
    return (
        f"{SIGNS[change.action]} {safe(change.name)}",
        change.action.value,
        partner(change.provider, change.type),
        f"[{asked}]" if asked else "",
        safe(change.reason),
    )


def _painted(action: ActionKind, line: str, style: Style) -> str:
    match action:
        case ActionKind.CREATE | ActionKind.ACTIVATE | ActionKind.ADOPT:
            return style.green(line)
        case ActionKind.DELETE | ActionKind.DEACTIVATE:
            return style.red(line)
        case ActionKind.UPDATE | ActionKind.RETEST | ActionKind.KEEP:
            return style.yellow(line)


def _places(change: Change, style: Style) -> list[str]:
    said = f"revision {revision(change.before)} -> {revision(change.after)}"
    said += f", owner {safe(change.owner)}" if change.owner else ""
    said += f", {safe(change.file)}" if change.file else ""
    return [style.dim(said)]


def _apart(title: str, held: Sequence[Change], *, style: Style) -> list[str]:
    if not held:
        return []
    rows = [
        (f". {safe(c.name)}", partner(c.provider, c.type), safe(c.reason)) for c in held
    ]
    return [style.bold(title), *table(rows, indent=2)]


def _listed(title: str, items: Sequence[str], *, limit: int | None) -> list[str]:
    return [f"{title}: {names(items, limit=limit)}"] if items else []


def _unsealed_only(field: dict[str, Any]) -> dict[str, Any]:
    """Keep no value of a sealed field, whoever made the plan."""
    return {**field, "before": None, "after": None} if field["sealed"] else field
