"""Connections under a new name: `previous_names` in the file, the record under another.

A rename is a change of the record, not a new connection beside an old one: record,
history, health and `created_at` go on under the new name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.core.decisions import decide
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.plan import PlanOptions, Step
from reconciler.core.ports import DesiredHead, DesiredSet
from reconciler.core.record import Head


def renames_of(desired: DesiredSet, recorded: Mapping[str, Head]) -> Mapping[str, str]:
    """Return the recorded name by the new one, for what is renamed.

    The first previous name that is recorded counts, and only while nothing is
    recorded under the new one: once it was renamed, the key may stay in the file.
    """
    return {
        head.name: former
        for head in desired.heads.values()
        if head.previous_names and head.name not in recorded
        for former in _first(head, desired, recorded)
    }


def decide_rename(
    desired: DesiredHead, recorded: Head, *, options: PlanOptions, now_s: float
) -> Step | None:
    """Return the step for a connection whose record has an earlier name."""
    ours = recorded._replace(managed_by=options.workspace)
    step = decide(desired, ours, options=options, now_s=now_s)
    if step is None:
        return None
    reason = f"renamed from {recorded.name}; {step.reason}"
    return replace(step, name=desired.name, reason=reason, previous=recorded.name)


def successors(desired: DesiredSet) -> Mapping[str, DesiredHead]:
    """Return the heads by name, and by the earlier names that no file declares."""
    former = {
        name: head for head in desired.heads.values() for name in head.previous_names
    }
    return {**former, **desired.heads}


def wrong_claims(
    heads: Iterable[DesiredHead], declared: Iterable[str], broken: Iterable[str]
) -> Iterator[tuple[DesiredHead, str, str]]:
    """Yield file, previous name and why it cannot be had, in the order of the files.

    Args:
        heads: The valid documents.
        declared: Every name that a file declares, a broken one included.
        broken: The previous names that broken files claim.
    """
    claims = [(one, name) for one in heads for name in one.previous_names]
    if not claims:
        return
    names, others_had = frozenset(declared), frozenset(broken)
    claimed: dict[str, list[DesiredHead]] = {}
    for head, name in claims:
        claimed.setdefault(name, []).append(head)
    for head, name in claims:
        others = [one.file for one in claimed[name] if one is not head]
        if name in names:
            yield head, name, "a file still declares it"
        elif others:
            yield head, name, f"another file claims it too: {others[0]}"
        elif name in others_had:
            yield head, name, "an invalid file claims it too"


def wrong_claim(name: str, why: str, place: Span) -> Diagnostic:
    """Return R208: a previous name that the file cannot have."""
    return Diagnostic(
        code="R208",
        message=f"previous_names: '{name}' cannot be taken over, {why}",
        span=place,
        hint=f"remove the other file, or '{name}' here",
    )


def _first(
    head: DesiredHead, desired: DesiredSet, recorded: Mapping[str, Head]
) -> Iterator[str]:
    gone = (
        name
        for name in head.previous_names
        if name in recorded
        and name not in desired.heads
        and name not in desired.invalid_names
    )
    yield from (name for name in (next(gone, ""),) if name)
