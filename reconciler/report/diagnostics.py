"""Problems in files: place, code, sentence, hint, and the line itself.

An excerpt could print a credential that stands in plain text, which is just what a
file with problems may hold. So it is shown for fields that hold none, never for
problems of sealing, and without the value of a key that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reconciler.core.allowances import Allowed
from reconciler.core.diagnostic import Diagnostic, Severity, Span
from reconciler.report import machine
from reconciler.report.text import Style, clip, count, indented, page, safe, width_of

OPEN_ROOTS: Final = frozenset(
    {
        *("version", "name", "type", "provider", "owner", "active", "protected"),
        *("labels", "permissions", "health", "settings", "expires"),
    }
)
"""Not `config`: a URL or a header there may hold a secret in the wrong place."""
ROOT: Final = re.compile(r"([A-Za-z_][\w-]*)\s*:")
_KEY: Final = re.compile(r"[\"']?[\w.-]+[\"']?\s*:(?=\s|$)")
_UNKNOWN_KEY: Final = frozenset({"R201", "R405"})
_SEALING: Final = "R3"
USERINFO: Final = re.compile(r"//\S*@")
_LONGEST: Final = 100


def diagnostics_human(
    diagnostics: Iterable[Diagnostic],
    *,
    texts: Mapping[str, str] | None = None,
    allowed: Sequence[Allowed] = (),
    verbose: bool = False,
    color: bool = False,
) -> str:
    """Return every problem, sorted by place; the last line is always the counts.

    Args:
        diagnostics: The problems.
        texts: The files' texts; a file that is missing gets no excerpt.
        allowed: The warnings that comments allow: counted, and told when `verbose`.
        verbose: Tell them.
        color: Use colours.
    """
    style = Style(color)
    found = in_order(diagnostics)
    hidden = {_line_of(one) for one in found if one.code in _UNKNOWN_KEY}
    lines: list[str] = []
    for one in found:
        shown = one.code in _UNKNOWN_KEY or _line_of(one) not in hidden
        text = (texts or {}).get(one.span.file, "") if shown else ""
        lines += _entry(one, text=text, style=style)
    if verbose:
        lines += [_allowed_line(one, style) for one in allowed]
    summary = diagnostics_summary(found, allowed=len(allowed))
    return page([*lines, "", style.bold(summary)])


def diagnostics_json(
    diagnostics: Iterable[Diagnostic], *, files: int, allowed: Sequence[Allowed] = ()
) -> str:
    """Return them in the shape of Terraform's `validate -json`."""
    found = in_order(diagnostics)
    errors = _number(found, Severity.ERROR)
    return machine.of_parts(
        valid=not errors,
        error_count=errors,
        warning_count=_number(found, Severity.WARNING),
        allowed_count=len(allowed),
        file_count=files,
        diagnostics=[_as_data(one) for one in found],
        allowed=[_allowed_data(one) for one in allowed],
    )


def diagnostics_summary(diagnostics: Sequence[Diagnostic], *, allowed: int = 0) -> str:
    """Return `3 errors, 1 warning in 2 files.`, and how many comments allow."""
    more = f" Comments allow {count(allowed, 'warning')}." if allowed else ""
    if not diagnostics:
        return f"No problems.{more}"
    errors = _number(diagnostics, Severity.ERROR)
    warnings = _number(diagnostics, Severity.WARNING)
    words = [count(errors, "error")] if errors else []
    words += [count(warnings, "warning")] if warnings else []
    files = count(len({one.span.file for one in diagnostics}), "file")
    return f"{', '.join(words)} in {files}.{more}"


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return them by file, line, column, code; one that is said twice once."""
    return sorted(dict.fromkeys(diagnostics), key=lambda one: one.sort_key)


def _line_of(one: Diagnostic) -> tuple[str, int]:
    return (one.span.file, one.span.line)


def _entry(one: Diagnostic, *, text: str, style: Style) -> list[str]:
    place = style.bold(safe(str(one.span)))
    lines = [f"{place}  {_code(one, style)}  {safe(one.message)}"]
    lines += indented(_excerpt(one, text, style), 4)
    for span, said in one.related:
        lines.append(f"    {safe(str(span))}: {safe(said)}")
    if one.hint:
        lines.append(f"    hint: {safe(one.hint)}")
    return lines


def _code(one: Diagnostic, style: Style) -> str:
    if one.severity is Severity.WARNING:
        return style.yellow(f"{safe(one.code)} warning:")
    return style.red(safe(one.code))


def _excerpt(one: Diagnostic, text: str, style: Style) -> list[str]:
    lines = text.split("\n")
    index = one.span.line - 1
    if not 0 <= index < len(lines) or not _is_open(one, lines[: index + 1]):
        return []
    line, column = _shortened(one, lines[index])
    if not line.strip():
        return []
    gutter = f"{one.span.line} | "
    before = " " * (width_of(gutter) + width_of(safe(line[:column])))
    return [f"{style.dim(gutter)}{safe(line)}", f"{before}{style.red('^')}"]


def _is_open(one: Diagnostic, above: Sequence[str]) -> bool:
    """Tell whether what is shown of the last line surely holds no credential."""
    if one.code in _UNKNOWN_KEY:
        return True  # its value is cut off
    if one.code.startswith(_SEALING):
        return False
    for line in reversed(above):
        if line[:1].strip() and not line.startswith("#"):
            root = ROOT.match(line)
            return bool(root and root[1] in OPEN_ROOTS)
    return False


def _shortened(one: Diagnostic, line: str) -> tuple[str, int]:
    """Return what may be shown of a line, and where in it the problem is."""
    line, column = line.rstrip("\r"), max(one.span.column - 1, 0)
    if one.code in _UNKNOWN_KEY:
        key = _KEY.match(line, column)
        return (f"{key[0]} ..." if key and len(key[0]) < _LONGEST else ""), 0
    if USERINFO.search(line):
        return "", 0
    start = max(column - _LONGEST // 2, 0)
    return line[start : start + _LONGEST], min(column, len(line)) - start


def _number(diagnostics: Iterable[Diagnostic], severity: Severity) -> int:
    return sum(one.severity is severity for one in diagnostics)


def _as_data(one: Diagnostic) -> dict[str, Any]:
    return {
        "code": one.code,
        "severity": one.severity.value,
        "summary": one.message,
        "hint": one.hint,
        "range": _range(one.span),
        "related": [
            {"summary": said, "range": _range(span)} for span, said in one.related
        ],
    }


def _allowed_line(one: Allowed, style: Style) -> str:
    place, code = safe(str(one.diagnostic.span)), safe(one.diagnostic.code)
    until = f"allowed until {one.until.isoformat()}"
    why = safe(clip(one.reason, _LONGEST))
    return f"{place}  {style.dim(f'{code} {until}:')}  {why}"


def _allowed_data(one: Allowed) -> dict[str, Any]:
    said = {"until": one.until.isoformat(), "reason": one.reason}
    return {**_as_data(one.diagnostic), **said}


def _range(span: Span) -> dict[str, Any]:
    return {
        "filename": span.file,
        "start": {"line": span.line, "column": span.column},
    }
