"""The sentences that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.diagnostic import Severity
from reconciler.core.health import UNHEALTHY, Health, Intent, Sync
from reconciler.core.outcome import ExitCode
from reconciler.core.plan import ActionKind, Change, Plan, counts
from reconciler.core.record import Result
from reconciler.core.refusal import held_by, stops_all
from reconciler.core.run import Row, RunReport
from reconciler.report.text import count, moment, relative, revision, safe

SIGNS: Final[Mapping[ActionKind, str]] = {
    ActionKind.CREATE: "+",
    ActionKind.UPDATE: "~",
    ActionKind.DELETE: "-",
    ActionKind.ACTIVATE: ">",
    ActionKind.DEACTIVATE: "x",
    ActionKind.RETEST: "?",
    ActionKind.ADOPT: "=",
    ActionKind.KEEP: ".",
}
COMING: Final[Mapping[ActionKind, str]] = {
    ActionKind.CREATE: "to create",
    ActionKind.UPDATE: "to update",
    ActionKind.DELETE: "to delete",
    ActionKind.ACTIVATE: "to activate",
    ActionKind.DEACTIVATE: "to deactivate",
    ActionKind.RETEST: "to test again",
    ActionKind.ADOPT: "to adopt",
    ActionKind.KEEP: "to keep",
}
HEALTH_ORDER: Final = (
    Health.HEALTHY,
    Health.DEGRADED,
    Health.STALE,
    Health.ERROR,
    Health.UNKNOWN,
    Health.INACTIVE,
)


def partner(provider: str, kind: str) -> str:
    """Return `provider/type`, `-` for none (a record that is gone)."""
    return "/".join(safe(part) for part in (provider, kind) if part) or "-"


def banner(plan: Plan) -> str:
    """Return what part of everything a partial plan looked at."""
    scope = plan.scope
    chosen = [f"target '{safe(pattern)}'" for pattern in scope.targets]
    chosen += [f"exclude '{safe(pattern)}'" for pattern in scope.excludes]
    chosen += [f"label '{safe(term)}'" for term in scope.labels]
    return (
        f"Partial plan: {plan.considered} of {plan.total} considered"
        f" ({', '.join(chosen)})."
    )


def compared(plan: Plan) -> str:
    """Return what a plan without a store compares with; empty for any other."""
    if not plan.base:
        return ""
    return f"Compared with commit {revision(plan.base)}, not with what is recorded."


def marks(change: Change) -> str:
    """Return what a change asks of others: `tests, needs key`; mostly empty."""
    said = (
        (change.test, "tests"),
        (change.needs_key, "needs key"),
        (change.resealed, "resealed, same values"),
    )
    return ", ".join(word for holds, word in said if holds)


def reach(change: Change) -> str:
    """Return who depends on what a change takes away or replaces; mostly empty."""
    said = []
    if change.used_by:
        said.append(f"used by {', '.join(map(safe, change.used_by))}")
    if change.last_used_at:
        said.append(f"last used at {moment(change.last_used_at)}")
    return "; ".join(said)


def plan_counts(plan: Plan) -> str:
    """Return `2 to create, 1 to update; 46 unchanged`, what stands out included."""
    doing = [f"{n} {COMING[action]}" for action, n in counts(plan.changes).items()]
    rest = [f"{plan.kept} unchanged"]
    rest += _apart(plan)
    return f"{', '.join(doing)}; {', '.join(rest)}"


def plan_summary(plan: Plan) -> str:
    """Return a plan's one line."""
    if plan.is_empty:
        return _nothing(plan)
    return f"Plan: {plan_counts(plan)}. Digest {safe(plan.digest)}."


def run_counts(report: RunReport) -> str:
    """Return `49 applied, 1 rejected; 49 healthy, 1 error`, a bad end first."""
    rows = report.connections
    held = held_by(report.refusals)
    done = [r.outcome for r in rows if r.outcome and r.name not in held]
    results = [f"{done.count(word)} {word}" for word in Result if word in done]
    results += [f"{len(held)} held back"] if held else []
    ended = _ending(report)
    said = [", ".join([*ended, *results]) or "nothing to do"]
    said += [health_counts(rows)] if rows or not ended else []
    return "; ".join([*said, *_broken_files(report)])


def health_counts(rows: Iterable[Row]) -> str:
    """Return `48 healthy, 1 error`; names without a record are left out."""
    found = [row.health for row in rows if not is_lost(row)]
    words = [f"{found.count(word)} {word}" for word in HEALTH_ORDER if word in found]
    return ", ".join(words) or "no connections"


def is_lost(row: Row) -> bool:
    """Tell whether a row stands for a name that has no record."""
    return not row.type and not row.provider


def is_unwell(row: Row) -> bool:
    """Tell whether somebody should look: unhealthy, refused or failed."""
    return (
        row.health in UNHEALTHY
        or row.sync is Sync.REJECTED
        or row.outcome in {Result.REJECTED, Result.FAILED}
    )


def survivor(row: Row) -> str:
    """Return what runs although the last revision was refused; mostly empty."""
    if not row.active_revision or row.intent is not Intent.ACTIVE:
        return ""
    if row.outcome is not Result.REJECTED and row.sync is not Sync.REJECTED:
        return ""
    shown = revision(row.active_revision)
    if row.active_revision == row.attempted_revision:
        return _still(row, shown)
    if row.health is Health.ERROR:
        return f"the last good revision {shown} fails too"
    return f"the last good revision {shown} keeps running"


def suspended(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Return what is out of service by name, with who, why and until."""
    return [(row.name, row.suspension.in_words()) for row in rows if row.suspension]


def prospect(
    diagnosis: Diagnosis,
    *,
    next_at: datetime | None,
    now: datetime | None,
    again_at: datetime | None = None,
) -> str:
    """Return whether waiting helps and until when.

    `next_at` is the next test; where none is planned, `again_at` is when the provider
    says that it will answer again.
    """
    if diagnosis.is_terminal:
        next_test = "the next test comes with a new revision, or '--retry'"
        return f"waiting does not help: {next_test}"
    helps = "waiting may help" if diagnosis.waiting_helps else "waiting rarely helps"
    if next_at is None and again_at is not None:
        left = f" {relative(again_at, now)}" if now and now < again_at else ""
        return f"{helps}; the provider answers again{left} ({moment(again_at)})"
    if next_at is None:
        return helps + _span_asked_for(diagnosis)
    if now is None:
        return f"{helps}; next test at {moment(next_at)}"
    if next_at <= now:
        return f"{helps}; the next test is due"
    return f"{helps}; next test {relative(next_at, now)} ({moment(next_at)})"


def _span_asked_for(diagnosis: Diagnosis) -> str:
    """Return how long the provider wants nobody to ask; empty when it does not say."""
    seconds = diagnosis.retry_after_s
    return f"; ask again in {seconds:g} s at the earliest" if seconds else ""


def _ending(report: RunReport) -> list[str]:
    """Return why a run did not do its job; empty when it did."""
    if report.exit_code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
        return ["stopped"]
    if stops_all(report.refusals):
        return ["refused, nothing was done"]
    return ["failed"] if report.error else []


def _broken_files(report: RunReport) -> list[str]:
    found = report.diagnostics
    files = {one.span.file for one in found if one.severity is Severity.ERROR}
    return [f"{count(len(files), 'file')} with errors"] if files else []


def _nothing(plan: Plan) -> str:
    matching = plan.kept
    verb = "matches" if matching == 1 else "match"
    rest = "".join(f", {said}" for said in _apart(plan))
    return f"No changes. {count(matching, 'connection')} {verb}{rest}."


def _apart(plan: Plan) -> list[str]:
    held = (
        (len(plan.waiting), "waiting"),
        (len(plan.suspended), "suspended"),
        (len(plan.invalid), "invalid"),
    )
    return [f"{number} {word}" for number, word in held if number]


def _still(row: Row, shown: str) -> str:
    failed = count(row.failures, "failed test") + " in a row"
    if row.health is Health.ERROR:
        return f"revision {shown} runs no more: {failed}"
    return f"revision {shown} keeps running: {failed}"
