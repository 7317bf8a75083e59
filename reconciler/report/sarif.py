"""Problems in files as SARIF 2.1.0, for code scanning.

A result is known again by its fingerprint: code, file and sentence, so that moving
lines opens no new alert. No sentence holds a secret, so no fingerprint is made of one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import quote

from reconciler.core.allowances import Allowed
from reconciler.core.diagnostic import RULES, Diagnostic, Rule, Severity, Span
from reconciler.core.version import VERSION
from reconciler.report import machine
from reconciler.report.diagnostics import in_order
from reconciler.report.text import count, safe

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json"
)
MOST: Final = 25_000
"""Results that GitHub takes in one run; a file with more is refused as a whole."""
FINGERPRINT: Final = "reconcileProblem/v1"

_Part = dict[str, Any]


def sarif_json(
    diagnostics: Iterable[Diagnostic],
    *,
    allowed: Iterable[Allowed] = (),
    prefix: str = "",
) -> str:
    """Return one SARIF run as JSON; what comments allow is in it as suppressed.

    `prefix` leads from the top of the repository to where the files are named from:
    empty, or ending in a slash.
    """
    found = in_order(diagnostics)
    worst = sorted(found, key=lambda one: one.severity is not Severity.ERROR)
    several = [*_results(worst, prefix), *_suppressed(allowed, prefix)]
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(len(several) - MOST)],
        "results": several[:MOST],
    }
    return machine.pretty({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _driver() -> _Part:
    return {
        "name": "reconcile",
        "semanticVersion": VERSION,
        "rules": [_rule(code, rule) for code, rule in RULES.items()],
    }


def _rule(code: str, rule: Rule) -> _Part:
    why = f"{rule.title}. To mend it: {rule.fix}."
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": why},
        "help": {"text": f"{why} 'reconcile explain {code}' tells more."},
    }


def _invocation(dropped: int) -> _Part:
    if dropped <= 0:
        return {"executionSuccessful": True}
    said = f"{count(dropped, 'result')} left out: code scanning takes {MOST}."
    note = {"level": "warning", "message": {"text": said}}
    return {"executionSuccessful": True, "toolExecutionNotifications": [note]}


def _results(found: Sequence[Diagnostic], prefix: str) -> list[_Part]:
    seen: Counter[tuple[str, str, str]] = Counter()
    return [_result(one, prefix, seen) for one in found]


def _suppressed(allowed: Iterable[Allowed], prefix: str) -> list[_Part]:
    held = sorted(allowed, key=lambda one: one.diagnostic.sort_key)
    results = _results([one.diagnostic for one in held], prefix)
    for result, one in zip(results, held, strict=True):
        why = f"until {one.until.isoformat()}: {safe(one.reason)}"
        result["suppressions"] = [{"kind": "inSource", "justification": why}]
    return results


def _result(one: Diagnostic, prefix: str, seen: Counter[tuple[str, str, str]]) -> _Part:
    said = f"{one.message}; {one.hint}" if one.hint else one.message
    same = (one.code, one.span.file, one.message)
    result: _Part = {
        "ruleId": one.code,
        "level": one.severity.value,
        "message": {"text": safe(said)},
        "locations": [_location(one.span, prefix)],
        "partialFingerprints": {FINGERPRINT: _fingerprint(*same, seen[same])},
    }
    seen[same] += 1
    if one.code in _NUMBERS:
        result["ruleIndex"] = _NUMBERS[one.code]
    if one.related:
        result["relatedLocations"] = [
            {"id": index, "message": {"text": safe(told)}, **_location(span, prefix)}
            for index, (span, told) in enumerate(one.related)
        ]
    return result


_NUMBERS: Final = {code: number for number, code in enumerate(RULES)}


def _location(span: Span, prefix: str) -> _Part:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(prefix, span.file)},
            "region": {"startLine": span.line, "startColumn": span.column},
        }
    }


def _uri(prefix: str, file: str) -> str:
    if file.startswith("/"):
        return f"file://{quote(file, errors='surrogateescape')}"
    return quote(prefix + file, errors="surrogateescape")


def _fingerprint(code: str, file: str, message: str, before: int) -> str:
    """Return what stays while lines move; the count tells equal problems apart."""
    text = "\0".join((code, file, message, str(before)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
