"""Single doors to the adapters, for commands that need no more than one."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.ports import Adapter
from reconciler.wiring.app import App


def adapter_for(app: App, kind: str) -> Adapter:
    """Return a type's adapter; raises `InputError`, naming the nearest type."""
    from reconciler.adapters.providers.registry import find_adapter

    return find_adapter(kind, app.adapters)


def explain_answer(
    app: App, provider: str, *, status: int, headers: Mapping[str, str], body: str
) -> Diagnosis | None:
    """Return what a provider's error answer means, None when it is no error."""
    from reconciler.adapters.providers.answers.answer import Answer
    from reconciler.adapters.providers.diagnosing import diagnose_answer

    answer = Answer(status=status, headers=headers, body=body.strip())
    now_s = app.clock.now().timestamp()
    return diagnose_answer(app.adapters, provider, answer, now_s=now_s)


def scrubbed(text: str) -> str:
    """Return a text without what looks like a secret, for logs."""
    from reconciler.adapters.providers.redaction import Scrubber

    return Scrubber().scrub(text)
