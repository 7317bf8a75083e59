"""What a row has to say for itself, in sentences; nothing when all is well."""

from __future__ import annotations

from datetime import datetime

from reconciler.core.run import Row
from reconciler.report.ladder import named
from reconciler.report.standing import unable_words
from reconciler.report.words import is_unwell, prospect, survivor


def troubles(row: Row, now: datetime) -> list[str]:
    """Return what is wrong with one connection, its fix, and what ends soon."""
    said = [capital(row.suspension.in_words())] if row.suspension else []
    if row.unable:
        absent = unable_words(row.unable, now=now)
        said += [capital(absent), f"Fix: {row.unable.diagnosis.fix}"]
    if row.diagnosis and is_unwell(row):
        found = row.diagnosis
        waits = prospect(found, next_at=row.next_attempt_at, now=now)
        said += [named(found), f"Fix: {found.fix}", f"{capital(waits)}."]
    if kept := survivor(row):
        said.append(f"{capital(kept)}.")
    return [*said, *row.warnings]


def capital(text: str) -> str:
    """Return a sentence with its first letter large."""
    return f"{text[:1].upper()}{text[1:]}"
