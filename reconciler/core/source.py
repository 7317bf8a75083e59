"""One YAML document as its author wrote it, with positions on demand.

Ten thousand files are read on every run and almost none is ever complained about,
so a source keeps its text and a way to find a place in it, not a table of places.
The way is a plain function handed in by the reader: the core knows no YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.core.diagnostic import Span

Path = tuple[str | int, ...]
"""Mapping keys and list indexes from the root; `()` is the root itself."""


class Locator(Protocol):
    """Finds places in a text; pure, and free to parse it again."""

    def __call__(self, text: str, path: Path, *, key: bool) -> tuple[int, int] | None:
        """Return (line, column) from 1 of the nearest known ancestor of `path`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The text of one document, its digest and its plain content.

    `data` holds dict, list, str, int, float, bool and None only, in the order of
    the file; it is None when no mapping could be read. The text may hold a
    credential that is not sealed yet, so neither is part of `repr`.
    """

    file: str
    text: str = field(repr=False)
    sha256: str
    """Lower-case hex SHA-256 of the file's bytes (UTF-8)."""
    data: Mapping[str, Any] | None = field(repr=False, hash=False)
    locator: Locator | None = field(default=None, repr=False, compare=False)
    written: Mapping[str, Any] | None = field(default=None, repr=False, hash=False)
    """What the file itself says, where `data` has more than that."""
    below: Source | None = field(default=None, repr=False)
    """Where the rest of `data` stands."""

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """Return where the value at `path` stands, or its nearest known ancestor.

        Args:
            path: Keys and indexes from the root.
            key: Point at the key that introduces the value instead.
        """
        if self.below and self.home(path) is self.below:
            return self.below.span(path, key=key)
        place = self.locator(self.text, path, key=key) if self.locator else None
        return Span(self.file, *place) if place else Span(self.file)

    def home(self, path: Path) -> Source:
        """Return the source that says most of what leads to a value."""
        if self.below is None:
            return self
        own = _depth(self.written, path)
        return self.below if _depth(self.below.data, path) > own else self


def _depth(data: Any, path: Path) -> int:
    """Return how many steps of a path lead somewhere."""
    for depth, step in enumerate(path):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return depth
    return len(path)
