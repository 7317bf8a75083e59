"""Problems in files as JUnit XML, which most pipelines show: a test case per file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from reconciler.core.diagnostic import Diagnostic, Severity
from reconciler.report.diagnostics import diagnostics_summary, in_order
from reconciler.report.text import page, safe

_SUITE: Final = "reconcile validate"


def junit_xml(
    diagnostics: Iterable[Diagnostic], *, files: Iterable[str], strict: bool = False
) -> str:
    """Return one test case per file; it fails by its errors, or by any when `strict`.

    `files` are all that were read. What does not fail a case is part of its output.
    """
    by_file: dict[str, list[Diagnostic]] = {name: [] for name in files}
    for one in in_order(diagnostics):
        by_file.setdefault(one.span.file, []).append(one)
    cases: list[str] = []
    failures = 0
    for name, found in sorted(by_file.items()):
        wrong = [one for one in found if strict or one.severity is Severity.ERROR]
        failures += bool(wrong)
        cases += _case(name, wrong, [one for one in found if one not in wrong])
    counts = f'tests="{len(by_file)}" failures="{failures}" errors="0" skipped="0"'
    return page(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="{_SUITE}" {counts}>',
            f'  <testsuite name="{_SUITE}" {counts}>',
            *cases,
            "  </testsuite>",
            "</testsuites>",
        ]
    )


def _case(
    name: str, wrong: Sequence[Diagnostic], other: Sequence[Diagnostic]
) -> list[str]:
    file = _text(name)
    opening = f'    <testcase classname="{_SUITE}" name="{file}" file="{file}"'
    if not (wrong or other):
        return [f"{opening}/>"]
    return [f"{opening}>", *_failure(wrong), *_output(other), "    </testcase>"]


def _failure(found: Sequence[Diagnostic]) -> list[str]:
    if not found:
        return []
    said = f'message="{_text(diagnostics_summary(found))}" type="{found[0].code}"'
    return [f"      <failure {said}>{_told(found)}</failure>"]


def _output(found: Sequence[Diagnostic]) -> list[str]:
    return [f"      <system-out>{_told(found)}</system-out>"] if found else []


def _told(found: Sequence[Diagnostic]) -> str:
    return "\n".join(_text(_line(one)) for one in found)


def _line(one: Diagnostic) -> str:
    hint = f" (hint: {one.hint})" if one.hint else ""
    return f"{one.span} {one.code} {one.severity.value}: {one.message}{hint}"


def _text(text: str) -> str:
    """Return text that XML can carry: what it forbids is a visible escape."""
    return escape(safe(text))
