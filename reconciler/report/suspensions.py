"""What was taken out of service: with who, why and until."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.codec import to_data
from reconciler.core.record import Record
from reconciler.report import machine
from reconciler.report.text import Style, count, page, safe, table


def suspensions_human(records: Sequence[Record], *, color: bool = False) -> str:
    """Return a line for each; the last line is always the count."""
    rows = [
        (safe(one.name), safe(one.suspension.in_words() if one.suspension else "-"))
        for one in records
    ]
    total = f"{count(len(records), 'connection')} out of service."
    return page([*table(rows), Style(color).bold(total)])


def suspensions_json(records: Sequence[Record]) -> str:
    """Return names and suspensions as data."""
    return machine.of_parts(
        suspended=[
            {"name": one.name, "suspension": to_data(one.suspension)}
            for one in records
            if one.suspension
        ]
    )
