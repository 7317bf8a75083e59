"""Markdown for pages that others render: inert text, and cuts at whole sections.

A pull request shows what a stranger's file says. Characters that Markdown, HTML,
mentions or links would act on become entities, and outside text stands in `<code>`,
where hosts do not look for mentions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.report.text import count, safe

LIMIT: Final = 65_536
"""What GitHub takes of a comment; the summary of a job takes more."""
_ACTIVE: Final = re.compile(
    r"[\\`*\[\]<>&|~$@#]|(?<![^\W_])_|_(?![^\W_])|(?<=:)//|(?<=www)\.", re.IGNORECASE
)
_CALLING: Final = "@#"
"""People and issues are called from entities too, but not from code."""
_TICKS: Final = re.compile(r"`+")
_ROOM: Final = 300
"""Bytes that are kept for saying what was cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A head, and items below it that may be cut from the end.

    `noun` names one of them, `nouns` several where an `s` does not do. `tail`
    closes what the head opened; it comes exactly when the head does.
    """

    head: str = ""
    items: tuple[str, ...] = ()
    tail: str = ""
    noun: str = "line"
    nouns: str = ""


def prose(text: str) -> str:
    """Return text that renders as itself and does nothing else."""
    return _ACTIVE.sub(_quiet, safe(text))


def code(text: str) -> str:
    """Return outside text as code, `-` for none; also right inside a table."""
    inert = _ACTIVE.sub(lambda found: _entities(found[0]), safe(text))
    return f"<code>{inert}</code>" if inert else "-"


def fenced(lines: Iterable[str], language: str = "") -> str:
    """Return safe lines as a code block that their backticks cannot close."""
    body = "\n".join(lines)
    longest = max(map(len, _TICKS.findall(body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def folded(title: str, body: str) -> str:
    """Return a section that starts closed; both are inert already."""
    return f"{opening(title)}\n{body}\n\n</details>\n"


def opening(title: str) -> str:
    """Return the beginning of a section that starts closed."""
    return f"<details><summary>{title}</summary>\n"


def row(cells: Sequence[str]) -> str:
    """Return one line of a table; the cells are inert already."""
    return f"| {' | '.join(cells)} |"


def table_head(titles: Sequence[str]) -> str:
    """Return a table's first two lines, after an empty one."""
    return f"\n{row(titles)}\n{row(['---'] * len(titles))}"


def fit(parts: Iterable[Part], *, limit: int = LIMIT, whole: str = "") -> str:
    """Return the parts within `limit` bytes of UTF-8, and what had to be cut.

    Whole items are cut, never half of one. `whole` says where to see everything.
    """
    lines: list[str] = []
    left, cut = limit - _ROOM, []
    for part in parts:
        room = left - _size(part.head) - _size(part.tail)
        items = _first(part.items, room)
        if room >= 0 and (items or not part.items):
            lines += filter(None, [part.head, *items, part.tail])
            left = room - sum(map(_size, items))
        if missing := _missing(part, items, fits=room >= 0):
            cut.append(count(missing, part.noun, part.nouns))
    if cut:
        lines.append(f"\n_Cut to fit: {', '.join(cut)}.{whole and ' ' + whole}_")
    return "\n".join(lines).strip("\n") + "\n"


def _first(items: Sequence[str], room: int) -> list[str]:
    """Return as many whole items as fit into `room` bytes."""
    taken: list[str] = []
    for item in items:
        room -= _size(item)
        if room < 0:
            break
        taken.append(item)
    return taken


def _missing(part: Part, items: Sequence[str], *, fits: bool) -> int:
    if part.items:
        return len(part.items) - len(items)
    return 0 if fits or not part.head else 1


def _size(text: str) -> int:
    return len(text.encode()) + 1 if text else 0


def _quiet(found: re.Match[str]) -> str:
    inert = _entities(found[0])
    return f"<code>{inert}</code>" if found[0] in _CALLING else inert


def _entities(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)
