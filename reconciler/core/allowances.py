"""Warnings that a comment in the file allows, for a stated reason and for some time.

    # reconcile: allow R311 until 2027-01-31 because Bob's new key comes in January

The comment has a line of its own. Above the first key it holds for the whole file,
elsewhere for the next line that is neither blank nor a comment. It allows warnings
only: what makes a file invalid stays, and so does what tells of a change. One that is
malformed, past its day or without effect is a warning itself, so none is forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from reconciler.core.diagnostic import RULES, Diagnostic, Severity, Span
from reconciler.core.suggest import did_you_mean

LONGEST_DAYS: Final = 366
"""How far ahead the last day may lie."""
NEVER: Final = ("R11", "R317", "R318", "R319", "R5")
"""What no comment allows: comments themselves, what changed since a commit (whoever
reviews it must see it), and what the policy forbids (the file is not to decide that).
"""

_FORM: Final = "# reconcile: allow CODE until YYYY-MM-DD because REASON"
_COMMENT: Final = re.compile(r"[ \t]*#[ \t]*reconcile:(.*)")
_WORDS: Final = re.compile(
    r"\s*allow\s+(R\d+(?:\s*,\s*R\d+)*)\s+until\s+(\S+)\s+because\s+(\S.*?)\s*"
)
_MALFORMED, _EXPIRED, _UNUSED, _REFUSED = "R110", "R111", "R112", "R113"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One comment: which codes, until which day (inclusive), and why.

    `line` is the only one it is good for; None for the whole file.
    """

    span: Span
    codes: tuple[str, ...]
    until: date
    reason: str
    line: int | None = None

    def covers(self, one: Diagnostic) -> bool:
        """Tell whether the comment is about this problem, whatever the day."""
        here = self.line is None or self.line == one.span.line
        return here and one.code in self.codes and one.span.file == self.span.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """A warning that is not told, and what its comment says."""

    diagnostic: Diagnostic
    until: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The problems after the comments were heard; `allowed` are not told."""

    diagnostics: tuple[Diagnostic, ...]
    allowed: tuple[Allowed, ...] = ()


def weigh_all(
    found: Iterable[Diagnostic],
    texts: Mapping[str, str],
    *,
    today: date,
    unknown: frozenset[str] = frozenset(),
) -> Weighed:
    """Part problems into those to tell and those that comments allow.

    Args:
        found: The problems of all files.
        texts: The text of every file that may hold such a comment, by name.
        today: The day that comments are held against.
        unknown: Codes that this reading did not look for: a comment that allows one
            of them is not called unused.

    Returns:
        The problems to tell, sorted by place, those of comments among them.
    """
    by_file: dict[str, list[Diagnostic]] = {file: [] for file in texts}
    told: list[Diagnostic] = []
    for one in found:
        by_file.get(one.span.file, told).append(one)
    allowed: list[Allowed] = []
    for file, text in texts.items():
        kept, quiet = _weigh(text, by_file[file], file, today, unknown)
        told += kept
        allowed += quiet
    told.sort(key=lambda one: one.sort_key)
    return Weighed(diagnostics=tuple(told), allowed=tuple(allowed))


def _weigh(
    text: str,
    found: Sequence[Diagnostic],
    file: str,
    today: date,
    unknown: frozenset[str],
) -> tuple[list[Diagnostic], list[Allowed]]:
    allowances: list[Allowance] = []
    told: list[Diagnostic] = []
    for span, words, line in _comments(text, file):
        one = _parsed(span, words, line, today)
        if isinstance(one, Allowance):
            allowances.append(one)
        else:
            told.append(one)
    allowed: list[Allowed] = []
    for problem in found:
        by = next((one for one in allowances if _allows(one, problem, today)), None)
        if by is None:
            told.append(problem)
        else:
            quiet = Allowed(diagnostic=problem, until=by.until, reason=by.reason)
            allowed.append(quiet)
    for one in allowances:
        told += _complaints(one, found, today, unknown)
    return told, allowed


def _comments(text: str, file: str) -> Iterator[tuple[Span, str, int | None]]:
    """Yield the place, the words and the line of each comment that is for us."""
    lines = text.removeprefix("\ufeff").split("\n")
    first = _next_content(lines, 0)
    for index, line in enumerate(lines):
        match = _COMMENT.match(line)
        if match:
            column = len(line) - len(line.lstrip()) + 1
            below = _next_content(lines, index) + 1
            span = Span(file, index + 1, column)
            yield span, match[1], None if index < first else below


def _next_content(lines: Sequence[str], start: int) -> int:
    """Return the index of the next line with content, or of the end."""
    for index in range(start, len(lines)):
        line = lines[index].strip()
        if line and line != "---" and not line.startswith("#"):
            return index
    return len(lines)


def _parsed(
    span: Span, words: str, line: int | None, today: date
) -> Allowance | Diagnostic:
    match = _WORDS.fullmatch(words)
    if not match:
        said = "a comment for reconcile cannot be understood"
        return _warning(_MALFORMED, span, said, f"write '{_FORM}', all of it")
    codes = tuple(code.strip() for code in match[1].split(","))
    until = _day(match[2])
    if until is None:
        said = "the day until which a warning is allowed is no day"
        return _warning(_MALFORMED, span, said, "write it as 2027-01-31")
    problem = _unknown_code(codes, span) or _too_far(until, today, span)
    return problem or Allowance(
        span=span, codes=codes, until=until, reason=match[3], line=line
    )


def _unknown_code(codes: Sequence[str], span: Span) -> Diagnostic | None:
    for code in codes:
        if code not in RULES:
            hint = did_you_mean(code, RULES) or "'reconcile explain' lists the codes"
            return _warning(_MALFORMED, span, f"there is no code {code}", hint)
        if code.startswith(NEVER):
            return _warning(
                _REFUSED, span, f"{code} cannot be allowed",
                "remove it from the comment; see 'reconcile explain R113'",
            )  # fmt: skip
    return None


def _too_far(until: date, today: date, span: Span) -> Diagnostic | None:
    if until <= today + timedelta(days=LONGEST_DAYS):
        return None
    said = f"a warning cannot be allowed until {until.isoformat()}"
    hint = f"choose a day at most {LONGEST_DAYS} days ahead, and look again then"
    return _warning(_MALFORMED, span, said, hint)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def _allows(one: Allowance, problem: Diagnostic, today: date) -> bool:
    warning = problem.severity is Severity.WARNING
    return warning and today <= one.until and one.covers(problem)


def _complaints(
    one: Allowance, found: Sequence[Diagnostic], today: date, unknown: frozenset[str]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a comment that could be understood."""
    errors = [each for each in found if each.severity is Severity.ERROR]
    hard = next((each.code for each in errors if one.covers(each)), "")
    if hard:
        said = f"{hard} is an error here, and only warnings can be allowed"
        yield _warning(_REFUSED, one.span, said, "mend the error, remove the comment")
    elif today > one.until:
        said = f"the comment that allows {_listed(one.codes)} ended on {one.until}"
        hint = "mend what it was about; or look at it again and choose a new day"
        yield _warning(_EXPIRED, one.span, said, hint)
    elif not errors:  # an error may have kept us from looking for the rest
        yield from _unused(one, found, unknown)


def _unused(
    one: Allowance, found: Iterable[Diagnostic], unknown: frozenset[str]
) -> Iterator[Diagnostic]:
    used = {problem.code for problem in found if one.covers(problem)} | unknown
    idle = [code for code in one.codes if code not in used]
    if not idle:
        return
    where, hint = "this file has", "remove it from the comment"
    if one.line:
        where = "the line below has"
        hint += ", or move the comment above the first key"
    said = f"{where} no {_listed(idle)} that a comment could allow"
    yield _warning(_UNUSED, one.span, said, hint)


def _listed(codes: Sequence[str]) -> str:
    return " or ".join(codes)


def _warning(code: str, span: Span, message: str, hint: str) -> Diagnostic:
    return Diagnostic(
        code=code, message=message, span=span, hint=hint, severity=Severity.WARNING
    )
