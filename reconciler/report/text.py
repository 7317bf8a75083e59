"""Plain text for terminals: safe, aligned, and the same with or without colour.

Whatever comes from a file or a provider passes `safe` before it is laid out, so
that escape sequences, line breaks and bidirectional overrides arrive as visible
escapes. After that the only escape sequences are ours, which `width_of` ignores.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from reconciler.core.revision import short_revision

GAP: Final = "  "
_SGR: Final = re.compile("\x1b\\[[0-9;]*m")
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNITS: Final = (
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
)


@dataclass(frozen=True, slots=True)
class Style:
    """Colour, or none; it never carries what the words do not say."""

    color: bool = False

    def bold(self, text: str) -> str:
        """Return headings."""
        return self._paint(text, "1")

    def dim(self, text: str) -> str:
        """Return what can be skipped."""
        return self._paint(text, "2")

    def red(self, text: str) -> str:
        """Return what is broken or goes away."""
        return self._paint(text, "31")

    def green(self, text: str) -> str:
        """Return what is well or comes new."""
        return self._paint(text, "32")

    def yellow(self, text: str) -> str:
        """Return what wants a look."""
        return self._paint(text, "33")

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


def safe(text: str) -> str:
    """Return one line in which everything unprintable is a visible escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def clip(text: str, limit: int) -> str:
    """Return `text`, cut to `limit` characters with a mark when it is longer."""
    return text if len(text) <= limit else f"{text[: max(limit - 3, 0)]}..."


def width_of(text: str) -> int:
    """Return the terminal columns that a line takes; our colours take none."""
    bare = _SGR.sub("", text) if "\x1b" in text else text
    return len(bare) if bare.isascii() else sum(map(_columns, bare))


def table(rows: Iterable[Sequence[str]], *, indent: int = 0) -> list[str]:
    """Return the rows as aligned lines; columns that are empty throughout go.

    Cells are safe, and may be coloured. Every row has as many cells.
    """
    held = list(rows)
    widths = [max(map(width_of, column)) for column in zip(*held, strict=True)]
    margin = " " * indent
    return [(margin + _line(row, widths)).rstrip() for row in held]


def titled(
    titles: Sequence[str], rows: Iterable[Sequence[str]], style: Style, indent: int = 0
) -> list[str]:
    """Return a table below its titles, without the columns that no row fills."""
    held = list(rows)
    filled = [any(column) for column in zip(*held, strict=True)]
    heads = (title if full else "" for title, full in zip(titles, filled, strict=True))
    return table([tuple(map(style.bold, heads)), *held], indent=indent)


def fitted(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    style: Style,
    *,
    width: int | None,
    least: Sequence[str],
) -> list[str]:
    """Return a table that fits a terminal, as far as leaving columns out does it.

    Args:
        titles: The columns.
        rows: Their cells, as for `table`.
        style: Colour, or none.
        width: Columns of the terminal; None leaves nothing out.
        least: Titles of what may be missing, the least important first. What is missing
            is named below.
    """
    held, shown, gone = list(rows), list(titles), list[str]()
    lines = titled(shown, held, style)
    for title in least:
        if width is None or max(map(width_of, lines)) <= width:
            break
        at = shown.index(title)
        if not any(row[at] for row in held):
            continue  # not shown anyway
        shown.pop(at)
        held = [(*row[:at], *row[at + 1 :]) for row in held]
        gone.append(title)
        lines = titled(shown, held, style)
    said = f"Not shown, for the terminal's width: {', '.join(gone)}."
    return [*lines, *(["", style.dim(said)] if gone else [])]


def indented(lines: Iterable[str], spaces: int) -> list[str]:
    """Return the lines, moved to the right."""
    return [f"{' ' * spaces}{line}" if line else "" for line in lines]


def page(lines: Iterable[str]) -> str:
    """Return the lines as text that ends in one newline."""
    return "\n".join(lines).strip("\n") + "\n"


def blocks(parts: Iterable[Sequence[str]]) -> str:
    """Return groups of lines as text, parted by empty lines; empty groups go."""
    return page("\n\n".join("\n".join(part) for part in parts if part).split("\n"))


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 file` or `2 files`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def names(items: Sequence[str], *, limit: int | None = None) -> str:
    """Return a safe list with commas, at most `limit` items and how many more."""
    shown = items if limit is None else items[:limit]
    more = f" and {len(items) - len(shown)} more" if len(items) > len(shown) else ""
    return ", ".join(map(safe, shown)) + more


def revision(text: str) -> str:
    """Return what people are shown of a revision, `-` for none."""
    return safe(short_revision(text)) or "-"


def latency(ms: float | None) -> str:
    """Return `41 ms` or `1.3 s`; `-` where nothing was timed."""
    if ms is None:
        return "-"
    if ms >= 1_000:  # noqa: PLR2004  # a second
        return f"{ms / 1_000:.1f} s"
    return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"  # noqa: PLR2004


def moment(at: datetime | None) -> str:
    """Return a time in UTC to the second, `-` for none."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else "-"


def relative(at: datetime | None, now: datetime) -> str:
    """Return `3 minutes ago`, `in 14 minutes` or `now`; `never` for None."""
    if at is None:
        return "never"
    seconds = round((at - now).total_seconds())
    if not seconds:
        return "now"
    unit, size = next(pair for pair in _UNITS if abs(seconds) >= pair[1])
    span = count(abs(seconds) // size, unit)
    return f"in {span}" if seconds > 0 else f"{span} ago"


def _escaped(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code <= 0xFF:  # noqa: PLR2004  # two hex digits hold it
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(row, widths, strict=True)
    return GAP.join(
        cell + " " * (width - width_of(cell)) for cell, width in cells if width
    )
