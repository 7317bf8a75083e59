"""One diagnosis by itself: what an answer means."""

from __future__ import annotations

from reconciler.core.diagnosis import Diagnosis
from reconciler.report import machine
from reconciler.report.ladder import diagnosis_lines
from reconciler.report.text import Style, page, safe


def diagnosis_human(
    provider: str, diagnosis: Diagnosis | None, *, color: bool = False
) -> str:
    """Return what a provider's answer means, or that it is no error."""
    style = Style(color)
    if diagnosis is None:
        return f"{safe(provider)}: {style.green('no error')}\n"
    return page([f"{safe(provider)}:", *diagnosis_lines(diagnosis, style=style)])


def diagnosis_json(provider: str, diagnosis: Diagnosis | None) -> str:
    """Return the same as JSON; `diagnosis` is null for an answer that is no error."""
    found = machine.each([diagnosis])[0] if diagnosis else None
    return machine.of_parts(provider=provider, diagnosis=found)
