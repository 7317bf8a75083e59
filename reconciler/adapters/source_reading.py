"""One reading of the files under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.adapters import source_cache
from reconciler.adapters.source_cache import Row
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.ports import DesiredHead


@dataclass(slots=True, kw_only=True)
class Reading:
    """One reading: what every file's row says, whether fresh or remembered."""

    heads: list[DesiredHead] = field(default_factory=list)
    rejected: dict[str, Sequence[str]] = field(default_factory=dict)
    """The names that an invalid file claims, by file."""
    former: set[str] = field(default_factory=set)
    """The names that invalid files had."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    """What has a row and is no connection file: rules and defaults."""
    marked: dict[str, str] = field(default_factory=dict)
    """The text of every file that may hold a comment for us."""

    def add(self, file: str, row: Row) -> None:
        """Take in one row; a damaged one raises and changes nothing."""
        _, fields, names, packed, former, _ = row
        found = packed and [source_cache.diagnostic_of(file, item) for item in packed]
        if fields is None:
            self.rejected[file] = tuple(names)
            self.former.update(former)
        else:
            self.heads.append(source_cache.head_of(file, fields))
        if found:
            self.diagnostics += found
        self.rows[file] = row
