"""What we say of a document that pydantic refused: its kinds of error, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.core import shape
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.source import Path, Source
from reconciler.core.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Wants:
    """What completes "must be …" for a field, and for what the field holds."""

    text: str
    items: str = ""
    words: tuple[str, ...] = ()
    """The allowed words, for "did you mean"."""


# Any: a pydantic location mixes text and numbers, the keys are text only.
Wishes = Mapping[Any, Wants]
"""What each field must be, by its path from the root; "*" is any item or key."""


def explain(
    source: Source, *, kind: str, loc: Path, wishes: Wishes, at: Path = ()
) -> Diagnostic:
    """Return the diagnostic for one error that pydantic found.

    Args:
        source: The document.
        kind: Pydantic's type of error.
        loc: Where it found it, from where the model begins.
        wishes: What each field of the model must be.
        at: Where the model begins in the document.
    """
    if kind == "extra_forbidden":
        return _unknown(source, loc, wishes, at)
    place = (*at, *loc)
    if loc[-1:] == ("[key]",):
        return _bad_key(source, place[:-1])
    wants, is_item = _wanted(wishes, loc)
    if kind == "missing":
        return shape.missing_key(source, place, expected=wants.text)
    expected = wants.items if is_item else wants.text
    value = shape.value_at(source, place)
    code = "R204" if kind in _VALUE_ERRORS else "R203"
    hint = _HINTS.get(kind) or shape.retype_hint(value, expected=expected)
    if isinstance(value, str) and wants.words:
        hint = did_you_mean(value, wants.words) or hint
    return shape.wrong(source, place, code=code, expected=expected, hint=hint)


def _wanted(wishes: Wishes, loc: Path) -> tuple[Wants, bool]:
    """Return the nearest field's phrase, and whether `loc` is an item in it."""
    known = general(wishes, loc)
    return wishes[known], len(known) < len(loc)


def general(wishes: Wishes, loc: Path) -> Path:
    """Return the longest known beginning of a place, items and keys as "*"."""
    known: Path = ()
    for step in loc:
        named, any_item = (*known, step), (*known, "*")
        if named not in wishes and any_item not in wishes:
            break
        known = named if named in wishes else any_item
    return known


_VALUE_ERRORS: Final = frozenset(
    {
        "date",
        "greater_than_equal",
        "less_than_equal",
        "label",
        "literal_error",
        "moment",
        "no_time_zones",
        "string_pattern_mismatch",
        "string_too_long",
        "string_too_short",
        "time",
        "time_zone",
        "too_short",
        "window",
    }
)
_HINTS: Final = {
    "no_time_zones": "this machine has no time zone database: 'pip install tzdata'",
}
"""How to mend what is not the file's fault."""


def _bad_key(source: Source, path: Path) -> Diagnostic:
    return Diagnostic(
        code="R204",
        message=f"a key in {shape.dotted(path[:-1])} must be one line of text",
        span=source.span(path, key=True),
    )


def _unknown(source: Source, loc: Path, wishes: Wishes, at: Path) -> Diagnostic:
    name, parent = str(loc[-1]), general(wishes, loc[:-1])
    place = (*at, *loc)
    known = [step[-1] for step in wishes if step and step[:-1] == parent]
    hint = _PANEL_WORDS.get(name, "") if not place[:-1] else ""
    homes = [shape.dotted((*at, *step)) for step in wishes if step[-1:] == (name,)]
    if homes and not hint:
        hint = f"it belongs to {homes[0].rpartition('.')[0] or 'the top level'}"
    return shape.unknown_key(source, place, known=known, hint=hint)


_KEPT = "remove it: the store and the report keep it"
_PANEL_WORDS: Final = {
    "is_active": "did you mean 'active'?",
    "enabled": "did you mean 'active'?",
    "is_admin_owned": "write 'owner: admin' or 'owner: user:NAME'",
    "exchange": "did you mean 'provider'?",
    "status": _KEPT,
    "last_connected_at": _KEPT,
    "last_tested_at": _KEPT,
    "last_used_at": _KEPT,
    "last_error": _KEPT,
}
"""What the panel's export calls things, where spelling alone does not tell."""
