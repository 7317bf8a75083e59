"""A plan as Markdown, for pull requests and job summaries."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.diff import FieldChange
from reconciler.core.guard import Refusal
from reconciler.core.plan import Change, Plan
from reconciler.report.markdown import (
    LIMIT,
    Part,
    code,
    fenced,
    fit,
    folded,
    prose,
    row,
    table_head,
)
from reconciler.report.text import count, names, revision, safe
from reconciler.report.values import SIGNS as FIELD_SIGNS
from reconciler.report.values import changed_value, value
from reconciler.report.words import (
    SIGNS,
    banner,
    compared,
    marks,
    partner,
    plan_summary,
    reach,
)

_NAMES_SHOWN = 10


def plan_markdown(plan: Plan, *, limit: int = LIMIT) -> str:
    """Return the plan within `limit` bytes (at least 1,000); counts come first."""
    return fit(
        [
            Part(head=f"### {prose(plan_summary(plan))}", noun="title"),
            _notice(plan),
            refusals_part(plan.refusals),
            _change_table(plan.changes),
            _notes(plan),
            _apart("Waiting", plan.waiting),
            _apart("Suspended", plan.suspended),
            *_lists(plan),
            Part(items=tuple(_diffs(plan.changes)), noun="diff"),
        ],
        limit=limit,
        whole="Run `reconcile plan` to see everything.",
    )


def refusals_part(refusals: Sequence[Refusal]) -> Part:
    """Return what the guards refused, each with the flag that overrides it."""
    if not refusals:
        return Part()
    items = tuple(map(_refusal, refusals))
    return Part(head="\n**Refused**\n", items=items, noun="refusal")


def _notice(plan: Plan) -> Part:
    said = (compared(plan), banner(plan) if plan.scope.is_partial else "")
    items = tuple(f"\n> {prose(line)}" for line in said if line)
    return Part(items=items, noun="notice")


def _refusal(refusal: Refusal) -> str:
    flag = f" To allow it: {code(refusal.flag)}" if refusal.flag else ""
    return f"- {refusal.guard}: {prose(refusal.message)}.{flag}"


def _change_table(changes: Sequence[Change]) -> Part:
    if not changes:
        return Part()
    return Part(
        head=table_head(("", "Connection", "Action", "Provider", "Asks", "Reason")),
        items=tuple(map(_change_row, changes)),
        noun="change",
    )


def _change_row(change: Change) -> str:
    return row(
        (
            code(SIGNS[change.action]),
            code(change.name),
            change.action.value,
            code(partner(change.provider, change.type)),
            marks(change),
            prose(change.reason),
        )
    )


def _notes(plan: Plan) -> Part:
    """Return what a reviewer should read before agreeing; mostly empty."""
    items = tuple(
        f"- {code(change.name)}: {prose(note)}"
        for change in plan.changes
        for note in (*change.notes, *filter(None, [reach(change)]))
    )
    items += tuple(f"- {prose(text)}" for text in plan.warnings)
    head = "\n**Look twice**\n" if items else ""
    return Part(head=head, items=items, noun="note")


def _apart(title: str, held: Sequence[Change]) -> Part:
    if not held:
        return Part()
    return Part(
        head=table_head((title, "Provider", "Reason")),
        items=tuple(
            row(
                (code(c.name), code(partner(c.provider, c.type)), prose(c.reason)),
            )
            for c in held
        ),
        noun=f"{title.lower()} connection",
    )


def _lists(plan: Plan) -> list[Part]:
    held = (
        ("Not managed here, left alone", plan.unmanaged),
        ("Invalid, left as they are", plan.invalid),
    )
    return [
        Part(
            items=(f"\n{title}: {code(names(items, limit=_NAMES_SHOWN))}",), noun="list"
        )
        for title, items in held
        if items
    ]


def _diffs(changes: Sequence[Change]) -> list[str]:
    return [_diff(change) for change in changes if change.fields]


def _diff(change: Change) -> str:
    lines = [line for field in change.fields for line in _field_lines(field)]
    title = (
        f"{code(change.name)}: {count(len(change.fields), 'field')}, "
        f"revision {prose(revision(change.before))} to {prose(revision(change.after))}"
    )
    return "\n" + folded(title, fenced(lines, "diff"))


def _field_lines(field: FieldChange) -> list[str]:
    path = safe(field.path)
    if field.sealed:
        return [f"! {path}: {changed_value(field)}"]
    if field.kind != "changed":
        sign = FIELD_SIGNS.get(field.kind, "!")
        return [f"{sign} {path}: {changed_value(field, verbose=True)}"]
    return [f"- {path}: {value(field.before)}", f"+ {path}: {value(field.after)}"]
