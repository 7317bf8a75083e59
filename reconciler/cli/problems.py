"""What `validate` found: which of it is asked for, and every format of it.

A format loads when it is asked for; people at a terminal pay for none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from reconciler.cli.console import Console
from reconciler.cli.judging import excerpts_of
from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.core.ports import DesiredSet
from reconciler.scaffolding import place_in_repository
from reconciler.wiring import App


def chosen(
    found: DesiredSet, *, select: Sequence[str], ignore: Sequence[str]
) -> DesiredSet:
    """Return it with the warnings asked for; errors are always told.

    Args:
        found: What a reading found.
        select: Codes of warnings to tell, or their beginnings; none for all.
        ignore: Those to leave out.
    """

    def is_wanted(one: Diagnostic) -> bool:
        if one.severity is Severity.ERROR:
            return True
        selected = not select or one.code.startswith(tuple(select))
        return selected and not one.code.startswith(tuple(ignore))

    return replace(found, diagnostics=tuple(filter(is_wanted, found.diagnostics)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """What was found, and how it is to be shown."""

    console: Console
    app: App
    found: DesiredSet
    strict: bool

    def text(self, format_: str) -> str:
        """Return it in one of the formats."""
        return _VIEWS[format_](self)

    def write(self, output: Path, format_: str) -> None:
        """Write it to a file, without colours, and say so."""
        from reconciler.cli.writing import write_result

        plain = replace(self.console, no_color=True)
        text = replace(self, console=plain).text(format_)
        write_result(output, text.encode())
        self.console.say_file("Written:", output)


def _human(view: Problems) -> str:
    from reconciler.report.diagnostics import diagnostics_human

    found = view.found.diagnostics
    return diagnostics_human(
        found,
        texts=excerpts_of(found),
        allowed=view.found.allowed,
        verbose=view.console.verbose,
        color=view.console.color,
    )


def _json(view: Problems) -> str:
    from reconciler.report.diagnostics import diagnostics_json

    found = view.found
    return diagnostics_json(found.diagnostics, files=found.files, allowed=found.allowed)


def _github(view: Problems) -> str:
    from reconciler.report.annotations import github_annotations

    prefix = place_in_repository(view.app)
    return github_annotations(view.found.diagnostics, prefix=prefix)


def _sarif(view: Problems) -> str:
    from reconciler.report.sarif import sarif_json

    found, prefix = view.found, place_in_repository(view.app)
    return sarif_json(found.diagnostics, allowed=found.allowed, prefix=prefix)


def _junit(view: Problems) -> str:
    from reconciler.report.junit import junit_xml

    found = view.found
    # A name that two files declare belongs to no head; the second names the first.
    related = [span.file for one in found.diagnostics for span, _ in one.related]
    files = [*(head.file for head in found.heads.values()), *related]
    return junit_xml(found.diagnostics, files=files, strict=view.strict)


_VIEWS: Final[Mapping[str, Callable[[Problems], str]]] = {
    "human": _human,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
    "junit": _junit,
}
