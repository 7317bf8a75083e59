"""A run as Markdown: what needs a look first, everything else folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.run import Row, RunReport
from reconciler.report.diagnostics import in_order
from reconciler.report.ladder import evidence
from reconciler.report.markdown import (
    LIMIT,
    Part,
    code,
    fit,
    opening,
    prose,
    row,
    table_head,
)
from reconciler.report.plan_page import refusals_part
from reconciler.report.text import latency, moment
from reconciler.report.words import (
    is_unwell,
    partner,
    prospect,
    run_counts,
    survivor,
    suspended,
)

_TITLES = ("Connection", "Provider", "Outcome", "Sync", "Health", "Latency", "Reason")


def run_markdown(report: RunReport, *, limit: int = LIMIT) -> str:
    """Return the report within `limit` bytes (at least 1,000)."""
    rows = report.connections
    first = [one for one in rows if is_unwell(one) or one.outcome]
    rest = [one for one in rows if not (is_unwell(one) or one.outcome)]
    return fit(
        [
            _title(report),
            Part(items=_errors(report), noun="error"),
            refusals_part(report.refusals),
            _table(first, "connection to look at", "connections to look at"),
            _listed("Diagnoses", _diagnoses(first), "diagnosis", "diagnoses"),
            _listed("Out of service", _suspended(rows), "suspension"),
            _listed("Warnings", _warnings(rows), "warning"),
            _listed(
                "Problems in files",
                [_problem(one) for one in in_order(report.diagnostics)],
                "problem in a file",
                "problems in files",
            ),
            _folded_table(rest),
        ],
        limit=limit,
        whole="The JSON report has everything.",
    )


def _title(report: RunReport) -> Part:
    facts = [
        ("started", moment(report.started_at)),
        ("finished", moment(report.finished_at)),
        ("by", code(report.who)),
        ("commit", code(report.commit or "")),
        ("from", code(report.vantage)),
        ("run", code(report.run_id)),
        ("exit code", str(report.exit_code)),
    ]
    said = " · ".join(f"{word} {text}" for word, text in facts if text != "-")
    counts = prose(run_counts(report))
    head = f"### {prose(report.command.capitalize())}: {counts}\n\n{said}"
    return Part(head=head, noun="title")


def _errors(report: RunReport) -> tuple[str, ...]:
    return (f"\n> **Error:** {prose(report.error)}",) if report.error else ()


def _table(rows: Sequence[Row], noun: str, nouns: str = "") -> Part:
    if not rows:
        return Part()
    ranked = sorted(rows, key=lambda one: not is_unwell(one))
    return Part(
        head=table_head(_TITLES),
        items=tuple(map(_cells, ranked)),
        noun=noun,
        nouns=nouns,
    )


def _folded_table(rows: Sequence[Row]) -> Part:
    table = _table(rows, "other connection")
    if not rows:
        return table
    head = "\n" + opening(f"All others ({len(rows)})") + table.head
    return replace(table, head=head, tail="\n</details>")


def _cells(one: Row) -> str:
    did = f"{one.outcome} ({one.action})" if one.outcome and one.action else ""
    return row(
        (
            code(one.name),
            code(partner(one.provider, one.type)),
            did or (one.outcome.value if one.outcome else "-"),
            one.sync.value,
            one.health.value,
            latency(one.latency_ms),
            prose(one.reason),
        )
    )


def _diagnoses(rows: Sequence[Row]) -> list[str]:
    return [_diagnosis(one) for one in rows if one.diagnosis and is_unwell(one)]


def _diagnosis(one: Row) -> str:
    found = one.diagnosis
    if found is None:
        return ""
    said = [
        f"- {code(one.name)}: **{found.category}**, {prose(found.summary)}",
        f"  - fix: {prose(found.fix)}",
        f"  - evidence: {code(evidence(found))}",
        f"  - {prospect(found, next_at=one.next_attempt_at, now=None)}",
        f"  - {prose(survivor(one))}",
    ]
    return "\n".join(line for line in said if line not in {"  - ", "  - evidence: -"})


def _warnings(rows: Sequence[Row]) -> list[str]:
    return [
        f"- {code(one.name)}: {prose(text)}" for one in rows for text in one.warnings
    ]


def _suspended(rows: Sequence[Row]) -> list[str]:
    return [f"- {code(name)}: {prose(said)}" for name, said in suspended(rows)]


def _problem(found: Diagnostic) -> str:
    hint = f" ({prose(found.hint)})" if found.hint else ""
    place = f"{code(str(found.span))} {code(found.code)}"
    return f"- {found.severity}: {place} {prose(found.message)}{hint}"


def _listed(title: str, items: Sequence[str], noun: str, nouns: str = "") -> Part:
    if not items:
        return Part()
    return Part(head=f"\n**{title}**\n", items=tuple(items), noun=noun, nouns=nouns)
