"""What happened to each change, and the exit code of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.plan import ActionKind, Change, Plan
from reconciler.core.record import Result
from reconciler.core.verdict import Verdict


class ExitCode(IntEnum):
    """The command line's answers; `worst` decides when several hold."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    INVALID = 3
    REFUSED = 4
    TEST_FAILED = 5
    UNHEALTHY = 6
    USAGE = 64
    LOCKED = 75
    INTERRUPTED = 130
    TERMINATED = 143


PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.LOCKED,
    ExitCode.ERROR,
    ExitCode.INVALID,
    ExitCode.REFUSED,
    ExitCode.TEST_FAILED,
    ExitCode.UNHEALTHY,
    ExitCode.CHANGES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened to one change.

    `running` tells whether a connection of this name is live afterwards: after a
    rejected update the last good revision is. `recorded_as` is the record's name where
    it is another one: a rename that was refused.
    """

    name: str
    action: ActionKind
    result: Result
    reason: str
    before: str = ""
    after: str = ""
    running: bool = False
    recorded_as: str = ""
    verdict: Verdict | None = None
    diagnosis: Diagnosis | None = None


def skipped(name: str, action: ActionKind) -> Outcome:
    """Return the outcome of what a stopped run did not begin."""
    return Outcome(
        name=name,
        action=action,
        result=Result.SKIPPED,
        reason="not tested: the run was stopped",
    )


def held_back(change: Change, why: str) -> Outcome:
    """Return the outcome of a change that must not be made now."""
    return Outcome(
        name=change.name,
        action=change.action,
        result=Result.SKIPPED,
        reason=why,
        before=change.before,
        after=change.after,
    )


def failed(change: Change, why: str) -> Outcome:
    """Return the outcome of a change that we could not carry out."""
    return Outcome(
        name=change.name,
        action=change.action,
        result=Result.FAILED,
        reason=why,
        before=change.before,
        after=change.after,
    )


def is_untested(verdict: Verdict) -> bool:
    """Tell whether this machine could not test: no news of the connection."""
    return bool(verdict.diagnosis and verdict.diagnosis.is_ours)


def untested(change: Change, verdict: Verdict) -> Outcome:
    """Return the outcome of a change that this machine could not test."""
    diagnosis = verdict.diagnosis
    why = diagnosis.summary if diagnosis else ""
    return replace(failed(change, why), verdict=verdict, diagnosis=diagnosis)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that wins; `DONE` for none."""
    held = set(codes)
    return next((code for code in PRECEDENCE if code in held), ExitCode.DONE)


def exit_code_of_tests(outcomes: Iterable[Outcome]) -> ExitCode:
    """Return 5 for a failed test, 1 for a result that could not be recorded."""
    found = []
    for outcome in outcomes:
        if outcome.result is Result.REJECTED:
            found.append(ExitCode.TEST_FAILED)
        elif outcome.result is Result.FAILED or (
            outcome.result is Result.SKIPPED and outcome.verdict
        ):
            found.append(ExitCode.ERROR)
    return worst(found)


def exit_code_of(plan: Plan, outcomes: Iterable[Outcome]) -> ExitCode:
    """Return how an apply ended: no failure is 0, not even an old one.

    A rejected revision that merely waits still counts: the files ask for a
    connection that does not run.
    """
    found = [ExitCode.INVALID] if plan.invalid else []
    if plan.refusals:
        found.append(ExitCode.REFUSED)
    if plan.waiting:
        found.append(ExitCode.TEST_FAILED)
    for outcome in outcomes:
        if outcome.result is Result.REJECTED:
            found.append(ExitCode.TEST_FAILED)
        elif outcome.result is Result.FAILED:
            found.append(ExitCode.ERROR)
    return worst(found)
