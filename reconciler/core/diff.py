"""What differs between two documents, field by field.

Lists are atomic: a reviewer reads the whole list of symbols, not its positions.
Sealed fields show that they changed and nothing of what they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any

SEALED_ROOTS = ("credentials", "binding")
BOOKKEEPING_ROOT = "sops"
UNTESTED_ROOTS = (
    *("version", "name", "previous_names", "labels", "protected"),
    *("on_remove", "used_by", "health", "expires", "suspend"),
)
"""Fields that change nothing of how we speak to the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field: `path` is dotted; both values are None where they are sealed.

    `kind` is `added`, `removed` or `changed`.
    """

    path: str
    kind: str
    sealed: bool = False
    before: Any = None
    after: Any = None


def diff_documents(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[FieldChange, ...]:
    """Return the changed fields, sorted by path; SOPS bookkeeping is left out."""
    old = dict(_leaves(before))
    new = dict(_leaves(after))
    return tuple(
        _field_change(path, old, new)
        for path in sorted(old.keys() | new.keys())
        if path not in old or path not in new or not _same(old[path], new[path])
    )


def tested_fields(fields: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
    """Return the changes to how, where or for what we ask the provider."""
    return tuple(f for f in fields if f.path.split(".")[0] not in UNTESTED_ROOTS)


def needs_test(fields: tuple[FieldChange, ...]) -> bool:
    """Tell whether a changed document must prove itself again."""
    return bool(tested_fields(fields))


def _leaves(
    data: Mapping[str, Any], prefix: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in data.items():
        path = (*prefix, key)
        if path == (BOOKKEEPING_ROOT,):
            continue
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, path)
        else:
            yield path, value


def _same(a: Any, b: Any) -> bool:
    """Compare as JSON does: `1` and `True` differ, `1` and `1.0` do not."""
    return isinstance(a, bool) is isinstance(b, bool) and bool(a == b)


def _field_change(
    path: tuple[str, ...],
    old: Mapping[tuple[str, ...], Any],
    new: Mapping[tuple[str, ...], Any],
) -> FieldChange:
    sealed = path[0] in SEALED_ROOTS
    kind = "changed" if path in old and path in new else "removed"
    return FieldChange(
        path=intern(".".join(path)),  # the same few paths in thousands of files
        kind="added" if path not in old else kind,
        sealed=sealed,
        before=None if sealed else old.get(path),
        after=None if sealed else new.get(path),
    )
