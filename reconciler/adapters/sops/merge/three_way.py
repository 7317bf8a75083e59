"""Three versions of a document's values, merged path by path; pure.

A value that one side changed is taken from there. What both changed alike is no
conflict; what they changed differently, or one changed and the other removed, is.
A list is one value, except that two sides may each have edited it: then its lines
decide, and `misses` tells whether they lost anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

Path = tuple[str, ...]
Values = Mapping[Path, Any]
"""By path of keys: scalars, lists and empty mappings."""


class _Absent:
    __slots__ = ()


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the values of the merged document are."""

    values: Values = field(repr=False)
    """Every value that is settled, in no order that matters."""
    conflicts: tuple[Path, ...]
    """Changed on both sides, differently."""
    lists: tuple[Path, ...]
    """Lists that both sides changed, differently: merged by lines."""


def decide(base: Values, ours: Values, theirs: Values) -> Decision:
    """Merge the values of two sides that grew out of one base."""
    settled: dict[Path, Any] = {}
    conflicts: list[Path] = []
    lists: list[Path] = []
    for path in dict.fromkeys((*ours, *theirs)):
        sides = [values.get(path, ABSENT) for values in (base, ours, theirs)]
        found = pick(*sides)
        if found is None:
            edited = all(isinstance(value, list) for value in sides[1:])
            (lists if edited else conflicts).append(path)
        elif found[0] is not ABSENT:
            settled[path] = found[0]
    return Decision(values=settled, conflicts=tuple(conflicts), lists=tuple(lists))


def pick(base: Any, ours: Any, theirs: Any) -> tuple[Any] | None:
    """Return the value that three versions come to; None is a conflict."""
    if same(ours, theirs) or same(base, theirs):
        return (ours,)
    return (theirs,) if same(base, ours) else None


def same(one: Any, other: Any) -> bool:
    """Compare with types: 1, 1.0, true and "1" are four values."""
    return identity(one) == identity(other)


def identity(value: Any) -> str:
    """Return a text that two values share when they are the same; may hold a secret."""
    return f"{type(value).__name__} {value!r}"


def misses(merged: Values, decision: Decision, versions: Sequence[Values]) -> bool:
    """Tell whether a merged document differs from what was decided.

    Args:
        merged: The values that the merged text has.
        decision: What they should be.
        versions: Those of base, ours and theirs, for the lists.
    """
    left = {path: value for path, value in merged.items() if path not in decision.lists}
    if left.keys() != decision.values.keys():
        return True
    if any(not same(left[path], value) for path, value in decision.values.items()):
        return True
    return any(
        path not in merged or _loses(merged[path], *(v.get(path) for v in versions))
        for path in decision.lists
    )


def _loses(merged: Any, base: Any, ours: Any, theirs: Any) -> bool:
    """Tell whether a list lacks what a side added, or has what no side has."""
    if not isinstance(merged, list):
        return True
    there, old = _items(merged), _items(base)
    one, other = _items(ours), _items(theirs)
    added = (one | other) - old
    removed = old - (one & other)
    return not added <= there or bool(there & removed) or not there <= one | other


def _items(value: Any) -> set[str]:
    return {identity(item) for item in value} if isinstance(value, list) else set()
