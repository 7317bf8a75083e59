"""Problems in files as GitHub's workflow commands: notes beside the lines of a change.

GitHub shows ten errors and ten warnings of a step and drops the rest without a word.
So the errors come first, no more than it shows are written, and the last line, which
is plain text, counts them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.core.diagnostic import RULES, Diagnostic, Severity
from reconciler.report.diagnostics import diagnostics_summary, in_order
from reconciler.report.text import page, safe

MOST: Final = 10
"""Annotations of one kind that GitHub shows of one step."""


def github_annotations(diagnostics: Iterable[Diagnostic], *, prefix: str = "") -> str:
    """Return workflow commands, the errors first, and a line that counts everything.

    `prefix` leads from the top of the repository to where the files are named from:
    empty, or ending in a slash.
    """
    found = in_order(diagnostics)
    shown = [one for kind in Severity for one in _of_kind(found, kind)[:MOST]]
    lines = [_command(one, prefix) for one in shown]
    more = len(found) - len(shown)
    rest = f" {more} more: 'reconcile validate' shows them all." if more else ""
    return page([*lines, diagnostics_summary(found) + rest])


def _of_kind(found: Sequence[Diagnostic], kind: Severity) -> list[Diagnostic]:
    return [one for one in found if one.severity is kind]


def _command(one: Diagnostic, prefix: str) -> str:
    rule = RULES.get(one.code)
    properties = {
        "file": one.span.file if one.span.file[:1] == "/" else prefix + one.span.file,
        "line": str(one.span.line),
        "col": str(one.span.column),
        "title": f"{one.code} {rule.title}" if rule else one.code,
    }
    listed = ",".join(f"{key}={_property(text)}" for key, text in properties.items())
    parts = [one.message, *(f"{span}: {said}" for span, said in one.related)]
    parts += [f"hint: {one.hint}"] if one.hint else []
    said = "%0A".join(map(_data, parts))
    return f"::{one.severity.value} {listed}::{said}"


def _data(text: str) -> str:
    # Line ends are visible escapes already, and any other control character too.
    return safe(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
