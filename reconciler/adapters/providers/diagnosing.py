"""What an error answer means, for anybody who has one: nothing is sent.

An adapter that knows its providers' codes offers `explain`; the general rules of
REST services hold for all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import (
    address_fix,
    evidence_of,
    strange_answer,
    summary_of,
)
from reconciler.adapters.providers.answers.waits import is_limit, retry_after_s
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.rest import PLAIN_CODES, refusal
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ReconcilerError
from reconciler.core.ports import Adapter


class Explain(Protocol):
    """What an adapter may offer as `explain`: it knows its providers' own codes."""

    def __call__(
        self, provider: str, answer: Answer, *, scrub: Scrubber, now_s: float
    ) -> Diagnosis | None:
        """Return the diagnosis, None for an answer that is no refusal."""
        ...


def diagnose_answer(
    adapters: Mapping[str, Adapter], which: str, answer: Answer, *, now_s: float
) -> Diagnosis | None:
    """Explain an answer of a provider, or of any provider of a type.

    Args:
        adapters: The installed adapters by type.
        which: A provider's id, or a type.
        answer: What came; its body may be of any kind.
        now_s: The present moment, for waits that name a date.

    Returns:
        The diagnosis, scrubbed; None for an answer that is no refusal.
    """
    scrub = Scrubber()
    explain: Explain | None = getattr(_adapter_of(adapters, which), "explain", None)
    if explain is not None:
        return explain(which, answer, scrub=scrub, now_s=now_s)
    return explain_rest(answer, PLAIN_CODES, scrub=scrub, now_s=now_s)


def explain_rest(
    answer: Answer, codes: Mapping[str, Category], *, scrub: Scrubber, now_s: float
) -> Diagnosis | None:
    """Explain an answer by a service's codes and the general rules."""
    strange = strange_answer(answer, scrub, page=Category.WRONG_URL)
    if strange is not None:
        return strange
    category = refusal(answer, codes)
    if category is None:
        return None
    evidence = evidence_of(answer, scrub)
    return diagnose(
        category,
        detail=summary_of(answer, scrub),
        fix=address_fix(category, evidence),
        evidence=evidence,
        retry_after_s=retry_after_s(answer, now_s=now_s, limited=is_limit(category)),
    )


def _adapter_of(adapters: Mapping[str, Adapter], which: str) -> Adapter | None:
    if which in adapters:
        return adapters[which]
    for kind in adapters:
        try:
            known = any(info.id == which for info in adapters[kind].providers())
        except ReconcilerError:
            continue  # a plug-in that does not load explains nothing
        if known:
            return adapters[kind]
    return None
