"""What happened to each change, and the exit code of a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.plan import ActionKind, Plan
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
    rejected update the last good revision is.
    """

    name: str
    action: ActionKind
    result: Result
    reason: str
    before: str = ""
    after: str = ""
    running: bool = False
    verdict: Verdict | None = None
    diagnosis: Diagnosis | None = None


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that wins; `DONE` for none."""
    held = set(codes)
    return next((code for code in PRECEDENCE if code in held), ExitCode.DONE)


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
