"""What was done to sealed files: a line for each, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.report import machine
from reconciler.report.text import Style, count, page, safe


class FileResult(StrEnum):
    """What happened to one file; the words of the result."""

    SEALED = "sealed"
    EDITED = "edited"
    SET = "set"
    REMOVED = "removed"
    ROTATED = "rotated"
    UPDATED = "updated"
    FORMATTED = "formatted"
    DIFFERS = "differs"
    """It would be updated, or formatted."""
    UNCHANGED = "unchanged"
    PUBLIC = "public"
    """It holds nothing that could be sealed."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not begun: the command was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutcome:
    """What happened to one file; `detail` says why it failed, a line for each cause."""

    file: str
    result: FileResult
    detail: str = ""
    added: tuple[str, ...] = ()
    """Recipients that can open the file from now on."""
    removed: tuple[str, ...] = ()
    """Recipients for whom it is no longer sealed."""
    people: Mapping[str, str] = field(default_factory=dict)
    """The names of recipients, as far as they are known."""
    note: str = ""
    """What else changes in who may open it, as a part of a sentence."""


STILL_KNOWN = (
    "Whoever was removed may have kept the old values, and a copy of the file: change"
    " the credentials at the provider and 'reconcile set' the new ones. Until then"
    " 'reconcile rotate' at least seals what comes next under a new data key."
)


def files_human(outcomes: Sequence[FileOutcome], *, color: bool = False) -> str:
    """Return a line per file, what changed below it, and the counts for several.

    Why a file failed is a part of the conversation, and told there.
    """
    style, lines = Style(color), []
    for one in outcomes:
        lines += _entry(one, style)
    if len(outcomes) > 1:
        counts = Counter(one.result for one in outcomes)
        said = ", ".join(_counted(word, number) for word, number in counts.items())
        lines += ["", style.bold(f"{count(len(outcomes), 'file')}: {said}.")]
    lines += ["", *_advice(outcomes)]
    return page(lines) if outcomes else "No files.\n"


def _counted(word: FileResult, number: int) -> str:
    several = word is FileResult.DIFFERS and number > 1
    return f"{number} {'differ' if several else word.value}"


def files_json(outcomes: Sequence[FileOutcome]) -> str:
    """Return results, problems and changed recipients, each by file."""
    return machine.of_parts(
        files={one.file: one.result.value for one in outcomes},
        problems={one.file: one.detail for one in outcomes if one.detail},
        recipients={one.file: _change(one) for one in outcomes if _is_changed(one)},
        advice=_advice(outcomes),
    )


def _entry(one: FileOutcome, style: Style) -> list[str]:
    word = f"{one.result.value:9}"
    failed = one.result in {FileResult.FAILED, FileResult.SKIPPED}
    lines = [f"{style.red(word) if failed else word}  {safe(one.file)}"]
    lines += [f"  {style.green('+')} {_named(one, key)}" for key in one.added]
    lines += [f"  {style.red('-')} {_named(one, key)}" for key in one.removed]
    lines += [f"  {style.yellow('~')} {safe(one.note)}"] if one.note else []
    return lines


def _named(one: FileOutcome, key: str) -> str:
    name = one.people.get(key)
    return f"{safe(key)} ({safe(name)})" if name else safe(key)


def _is_changed(one: FileOutcome) -> bool:
    return bool(one.added or one.removed or one.note)


def _change(one: FileOutcome) -> dict[str, Any]:
    return {
        "added": list(one.added),
        "removed": list(one.removed),
        "people": dict(one.people),
        "note": one.note,
    }


def _advice(outcomes: Sequence[FileOutcome]) -> list[str]:
    return [STILL_KNOWN] if any(one.removed for one in outcomes) else []
