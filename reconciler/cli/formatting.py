"""Files formatted where they lie, or only compared with their canonical layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reconciler.cli.reading import read_text
from reconciler.cli.sealing import replaced
from reconciler.report.layout import layout_diff
from reconciler.report.sealed_files import FileOutcome, FileResult
from reconciler.scaffolding import formatted_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatter:
    """Formats one file after the other, and remembers what moved."""

    dry_run: bool
    _moved: list[tuple[str, str, str]] = field(default_factory=list)

    def format_file(self, file: Path) -> FileOutcome:
        """Format one file; when `dry_run`, only tell whether it differs."""
        before = read_text(file)
        after = formatted_text(before, file=file)
        if not self.dry_run:
            return replaced(file, before, after, FileResult.FORMATTED)
        if after == before:
            return FileOutcome(file=str(file), result=FileResult.UNCHANGED)
        self._moved.append((str(file), before, after))
        return FileOutcome(file=str(file), result=FileResult.DIFFERS)

    def diff(self, *, color: bool) -> str:
        """Return what would move in all of them, without what may be secret."""
        return "".join(layout_diff(*one, color=color) for one in self._moved)
