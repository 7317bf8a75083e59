"""A plan as one HTML file, for reviewers: counts first, each connection folded."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.plan import Change, Plan, counts
from reconciler.report.html.tones import TONES
from reconciler.report.html.toolkit import Shell, render
from reconciler.report.text import moment, names, revision
from reconciler.report.values import value
from reconciler.report.words import (
    COMING,
    SIGNS,
    banner,
    marks,
    partner,
    plan_summary,
    reach,
)


def plan_html(plan: Plan) -> str:
    """Return the whole plan as one file that loads nothing from anywhere."""
    return render(
        "plan.html",
        Shell(title="Plan", workspace=plan.workspace),
        plan=plan,
        summary=plan_summary(plan),
        banner=banner(plan) if plan.scope.is_partial else "",
        counts=list(_counts(plan)),
        warnings=list(_warnings(plan)),
        apart=(
            ("Waiting: nothing is done for them now", plan.waiting),
            ("Suspended", plan.suspended),
        ),
        lists=(
            ("Not managed here, left alone", plan.unmanaged),
            ("Invalid, left as they are", plan.invalid),
        ),
        about=[pair for pair in _about(plan) if pair[1]],
        facts=_facts,
        marks=marks,
        names=names,
        notes=_notes,
        partner=partner,
        signs=SIGNS,
        value=value,
    )


def _counts(plan: Plan) -> Iterator[tuple[str, int, str]]:
    """Yield a tone, a number and its words; what needs nothing comes last."""
    if plan.refusals:
        yield "bad", len(plan.refusals), "refused"
    for action, number in counts(plan.changes).items():
        yield TONES[action], number, COMING[action]
    if plan.invalid:
        yield "bad", len(plan.invalid), "invalid"
    if plan.waiting:
        yield "warn", len(plan.waiting), "waiting"
    if plan.suspended:
        yield "info", len(plan.suspended), "suspended"
    tested = [change for change in plan.changes if change.test]
    if tested:
        yield "info", len(tested), "will be tested"
    if any(change.needs_key for change in plan.changes):
        yield "info", sum(change.needs_key for change in plan.changes), "need a key"
    yield "ok", plan.kept, "unchanged"


def _warnings(plan: Plan) -> Iterator[tuple[str, str]]:
    for change in plan.changes:
        for note in _notes(change):
            yield change.name, note
    for text in plan.warnings:
        yield "", text


def _notes(change: Change) -> list[str]:
    """Return what a reviewer should read of one change before agreeing."""
    return [*change.notes, *filter(None, [reach(change)])]


def _facts(change: Change) -> list[tuple[str, str]]:
    facts = [
        ("revision", f"{revision(change.before)} → {revision(change.after)}"),
        ("was called", change.previous),
        ("owner", change.owner),
        ("file", change.file),
    ]
    return [fact for fact in facts if fact[1]]


def _about(plan: Plan) -> list[tuple[str, str]]:
    return [
        ("digest", plan.digest),
        ("commit", plan.commit or ""),
        ("made", moment(plan.created_at) if plan.created_at else ""),
        ("compared with", plan.base),
        ("serial", str(plan.serial) if plan.lineage and not plan.base else ""),
    ]
