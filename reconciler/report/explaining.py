"""What a diagnostic code means: why, how to mend it, and an example each way."""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from reconciler.core.diagnostic import RULES
from reconciler.core.explanations import EXPLANATIONS, PLACEHOLDERS
from reconciler.report.text import Style, blocks, indented, page, table

_WIDTH: Final = 80


def explanation_human(code: str, *, color: bool = False) -> str:
    """Return everything about one code of `RULES`."""
    style, rule, why = Style(color), RULES[code], EXPLANATIONS[code]
    both = why.wrong + why.right
    return blocks(
        [
            [style.bold(f"{code}  {rule.title}")],
            wrap(why.cause, _WIDTH),
            wrap(f"To mend it: {rule.fix}.", _WIDTH),
            [style.red("Wrong:"), *indented(why.wrong.splitlines(), 4)],
            [style.green("Right:"), *indented(why.right.splitlines(), 4)],
            wrap(PLACEHOLDERS, _WIDTH) if "…" in both else [],
        ]
    )


def explanation_data(code: str) -> dict[str, str]:
    """Return the same as plain data."""
    rule, why = RULES[code], EXPLANATIONS[code]
    return {
        "code": code,
        "title": rule.title,
        "cause": why.cause,
        "fix": rule.fix,
        "wrong": why.wrong,
        "right": why.right,
    }


def codes_human() -> str:
    """Return every code with what it means, a line each."""
    rows = [(code, rule.title) for code, rule in RULES.items()]
    more = "'reconcile explain CODE' tells why, and shows an example."
    return page([*table(rows), "", more])
