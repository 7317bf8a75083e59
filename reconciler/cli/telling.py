"""Our errors in a sentence each, with the exit code that goes with them."""

from __future__ import annotations

from reconciler.cli.console import Console
from reconciler.core.errors import (
    DocumentError,
    ProviderError,
    ReconcilerError,
    RefusedError,
)
from reconciler.recording import exit_code_for
from reconciler.report.diagnostics import diagnostics_human
from reconciler.report.ladder import diagnosis_lines
from reconciler.report.plan import refusal_lines
from reconciler.report.text import Style, safe


def tell(console: Console, error: ReconcilerError) -> int:
    """Say what went wrong and how to fix it; return the exit code."""
    color = console.err_color
    match error:
        case DocumentError():
            console.say(diagnostics_human(error.diagnostics, color=color))
        case RefusedError():
            console.say("\n".join(refusal_lines(error.refusals, color=color)))
        case ProviderError():
            style = Style(color)
            first, *more, _prospect = diagnosis_lines(error.diagnosis, style=style)
            more += ["waiting may help"] if error.diagnosis.waiting_helps else []
            console.say("\n  ".join([style.red("Error: ") + first, *more]))
        case _:
            console.say(Style(color).red(f"Error: {safe(str(error))}"))
    return int(exit_code_for(error))
