"""What a reviewer should know of a change that its fields alone do not tell.

All of it is found without a key: an old document that comes back, old credentials
that come back, and settings that moved away from under their binding.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.binding import BOUND_FIELDS, bound_fields
from reconciler.core.diff import FieldChange
from reconciler.core.ports import Desired
from reconciler.core.record import Accepted, Record


def notes_of(
    fields: tuple[FieldChange, ...], new: Desired, record: Record | None
) -> tuple[str, ...]:
    """Return the sentences, most weighty first; mostly none."""
    found = [*_unbound(fields, new)]
    if record:
        found += _replayed(new, record)
    return tuple(found)


def _unbound(fields: tuple[FieldChange, ...], new: Desired) -> Iterator[str]:
    """Tell of a destination that changed while its seal did not."""
    changed = {field.path.split(".")[0] for field in fields}
    moved = [name for name in BOUND_FIELDS if name in changed]
    if moved and new.data.get("binding") and "binding" not in changed:
        yield (
            f"{' and '.join(moved)} changed, but not the binding: the credentials were"
            f" sealed for another destination ({bound_fields()}) and will not be used;"
            f" after review run 'reconcile encrypt --rebind {new.file}'"
        )


def _replayed(new: Desired, record: Record) -> Iterator[str]:
    running = record.active
    if running is None or running.revision == new.revision:
        return
    earlier = [one for one in record.accepted if one.revision != running.revision]
    same = [one for one in earlier if one.revision == new.revision]
    if same:
        yield f"restores the document that was accepted {_when(same[-1])}"
        return
    now_sealed = [
        one.seal for one in record.accepted if one.revision == running.revision
    ]
    if not new.seal or new.seal in now_sealed:
        return
    again = [one for one in earlier if one.seal == new.seal]
    if again:
        yield (
            "puts back sealed credentials that were replaced since: those accepted"
            f" {_when(again[-1])}"
        )


def _when(accepted: Accepted) -> str:
    day = accepted.at.strftime("on %Y-%m-%d at %H:%M UTC")
    return f"{day}, commit {accepted.commit[:12]}" if accepted.commit else day
