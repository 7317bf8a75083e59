"""From a bare step to a change: what the fields say about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reconciler.core.diff import (
    FieldChange,
    diff_documents,
    needs_test,
    tested_fields,
)
from reconciler.core.notes import notes_of
from reconciler.core.plan import Change, Step, is_removal
from reconciler.core.ports import Desired, DesiredHead
from reconciler.core.record import Head, Record, Status
from reconciler.core.suspension import Suspension


def bare_change(step: Step, head: DesiredHead | None, before: Head | None) -> Change:
    """Return the change of a step as far as the two heads tell it."""
    known = head or before
    return Change(
        name=step.name,
        action=step.action,
        reason=step.reason,
        test=step.test,
        orphan=step.orphan,
        suspended=step.suspended,
        previous=step.previous,
        provider=known.provider if known else "",
        owner=known.owner if known else "",
        file=head.file if head else "",
        before=before.active_revision or before.revision if before else "",
        after=head.revision if head else "",
    )


def reaching_change(
    change: Change, record: Record | None, *, declared: tuple[str, ...] = ()
) -> Change:
    """Return the change with who is hit by it, when it takes away what runs.

    Those whom the record names, and those whom the new file declares.
    """
    if record is None or record.active is None or record.status is Status.INACTIVE:
        return change
    if not (is_removal(change) or change.test or change.previous):
        return change
    if change.before == change.after and not change.previous:
        return change  # a re-test replaces nothing
    users = tuple(dict.fromkeys((*record.used_by, *declared)))
    return replace(change, used_by=users, last_used_at=record.last_used_at)


def compared_change(
    change: Change,
    *,
    may_skip_test: bool,
    old: Desired | None,
    new: Desired,
    record: Record | None,
    same_secrets: Callable[[Desired, Desired], bool],
) -> Change:
    """Return the change with its fields, which may show that no test is needed.

    `same_secrets` is asked only when nothing but ciphertext changed.
    """
    fields = diff_documents(old.data if old else {}, new.data)
    change = replace(
        change,
        fields=fields,
        notes=(*_suspension(change, new), *_notes(fields, old, new, record)),
        type=new.connection.type,
        needs_key=change.test and bool(new.connection.credential_names),
    )
    if not may_skip_test or old is None:
        return change
    if not needs_test(fields):
        return _untested(change, _said(change, "only fields changed that need no test"))
    if _only_ciphertext(fields) and same_secrets(old, new):
        return replace(_untested(change, change.reason), resealed=True)
    return change


def suspended_change(change: Change, suspension: Suspension | None) -> Change:
    """Return a change that keeps something out of service, with who, why and until."""
    if suspension is None:
        return change
    waits = f"; {change.reason}" if change.reason else ""
    return replace(change, reason=f"{suspension.in_words()}{waits}")


def _suspension(change: Change, new: Desired) -> tuple[str, ...]:
    asked = new.connection.suspension
    return (asked.in_words(),) if change.suspended and asked else ()


def _notes(
    fields: tuple[FieldChange, ...],
    old: Desired | None,
    new: Desired,
    record: Record | None,
) -> tuple[str, ...]:
    return notes_of(fields, new, record) if old else ()


def _only_ciphertext(fields: tuple[FieldChange, ...]) -> bool:
    return all(f.sealed and f.kind == "changed" for f in tested_fields(fields))


def _said(change: Change, why: str) -> str:
    """Return the reason; of a rename whose file says nothing else, only that."""
    if not change.previous:
        return why
    told = f"renamed from {change.previous}"
    others = [f for f in change.fields if f.path not in {"name", "previous_names"}]
    return f"{told}; {why}" if others else told


def _untested(change: Change, reason: str) -> Change:
    return replace(change, test=False, needs_key=False, reason=reason)
