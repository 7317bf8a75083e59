"""Connections taken out of service, and put back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from reconciler.cli.applying import exit_code_after
from reconciler.cli.choosing import matching
from reconciler.cli.console import Console
from reconciler.cli.keys import require_key
from reconciler.cli.looking import sealed_names
from reconciler.cli.testing import test_and_record
from reconciler.core.errors import InputError
from reconciler.core.outcome import ExitCode, Outcome, exit_code_of_tests
from reconciler.core.record import Record, Status, is_suspended
from reconciler.core.selecting import LabelTerm
from reconciler.core.suspension import Suspension
from reconciler.pipeline import all_records
from reconciler.report.text import names as listed
from reconciler.suspending import resume, suspend, why_not_resumed
from reconciler.wiring import App

_SHOWN = 10


def suspend_all(
    app: App,
    names: Sequence[str],
    labels: Sequence[LabelTerm],
    *,
    reason: str,
    until: datetime | float | None,
) -> tuple[Record, ...]:
    """Suspend what is meant, and return the records as they are now.

    Raises:
        InputError: Nothing is meant, there is no reason, or the end is in the past.
    """
    if not reason.strip() or not reason.isprintable():
        raise InputError("--reason must be one line of text that says why")
    now = app.clock.now()
    end = now + timedelta(seconds=until) if isinstance(until, float) else until
    suspension = Suspension(who=app.who, reason=reason.strip(), at=now, until=end)
    if not suspension.holds(now):
        raise InputError("--until is in the past: say when the suspension ends")
    chosen = matching(all_records(app.store), names, labels)
    return tuple(suspend(app.store, record.name, suspension) for record in chosen)


def resume_all(
    console: Console,
    app: App,
    names: Sequence[str],
    labels: Sequence[LabelTerm],
    *,
    test: bool,
) -> tuple[tuple[Outcome, ...], ExitCode]:
    """Resume what is meant and suspended, and test it; outcomes as of `test`.

    Raises:
        InputError: Something that was named is not suspended, or nothing is.
        SecretError: It cannot be tested here; nothing was resumed.
    """
    now = app.clock.now()
    meant = matching(all_records(app.store), names, labels)
    chosen = [record for record in meant if is_suspended(record, now=now)]
    for record in meant:
        if record.name in names and record not in chosen:
            raise InputError(why_not_resumed(record, now=now))
    if not chosen:
        raise InputError(
            "no operator suspended any of it; 'reconcile status' shows what is"
        )
    testable = [one for one in chosen if one.active and _was_running(one, now)]
    if test and app.keyring.is_empty:
        require_key(app, [one.name for one in testable if sealed_names(app, one)])
    after = {
        one.name: resume(app.store, one.name, who=app.who, now=now) for one in chosen
    }
    console.say(f"Resumed: {listed([*after], limit=_SHOWN)}.")
    again = [app.store.get(one.name) for one in testable] if test else []
    outcomes = test_and_record(console, app, [one for one in again if one])
    return outcomes, exit_code_after(console, exit_code_of_tests(outcomes))


def _was_running(record: Record, now: datetime) -> bool:
    """Tell whether it runs once it is resumed: its file may keep it out of service."""
    declared = record.declared_suspension
    held = declared is not None and declared.holds(now)
    return record.status is not Status.INACTIVE and not held
