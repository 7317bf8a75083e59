"""The rung that holds a key against the permissions its file declares.

Reading them is up to each adapter; what the answer means is the same for all. What
a provider does not tell stays unproven and is said: it never counts as in order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from reconciler.adapters.providers.ladder.climbing import Rung, Step, Trail
from reconciler.core.connection import Connection, Permissions
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.permissions import (
    RIGHTS,
    Judgement,
    KeyFacts,
    judge_key,
)
from reconciler.core.verdict import ProbeName, ProbeStatus

ReadKey = Callable[[], Awaitable[KeyFacts | None]]
"""Asks the provider about the key; None when it would not say."""


def permission_rungs(
    connection: Connection, read: ReadKey | None = None
) -> Iterable[Step]:
    """Return the rung, or none when there is nothing to ask and nothing to hold it to.

    Args:
        connection: Its `permissions` are the budget.
        read: How to ask; None where the provider has no such call.
    """
    declared = connection.permissions
    if not (read or declared.forbidden or is_declared(declared)):
        return ()

    async def run(_trail: Trail) -> Rung:
        why = ""
        try:
            facts = await read() if read else None
        except ProviderError as error:
            # Not being told is no failure of the connection: it reads data all right.
            facts, why = None, error.diagnosis.summary
        return untold(declared, why) if facts is None else judged(declared, facts)

    return (Step(name=ProbeName.PERMISSION, run=run),)


def is_declared(declared: Permissions) -> bool:
    """Tell whether the file says anything about the key's rights."""
    return bool(declared.require or declared.forbid or declared.ip_restricted)


def untold(declared: Permissions, why: str = "") -> Rung:
    """Return the rung of a provider that says nothing of the key, here and now."""
    detail = "the provider does not tell what the key may do"
    detail += f" ({why})" if why else ""
    budgeted = declared.forbidden or is_declared(declared)
    return Rung(
        status=ProbeStatus.UNPROVEN,
        detail=detail,
        warnings=(_unproven(declared, detail),) if budgeted else (),
    )


def _unproven(declared: Permissions, detail: str) -> str:
    if is_declared(declared):
        return f"permissions are declared, but {detail}: look at the key there"
    rights = _and(declared.forbidden)
    return f"not proven that the key may not {rights}: {detail}; look at it there"


def judged(declared: Permissions, facts: KeyFacts) -> Rung:
    """Return the rung of a key whose rights are known.

    Raises:
        ProviderError: The key may do more than the file allows, less than it needs,
            or works from anywhere although it must not.
    """
    found = judge_key(declared, facts)
    if found.excess:
        raise _excess(declared, found, facts)
    if found.missing:
        raise _refused(
            Category.PERMISSION_DENIED,
            f"the key lacks {_and(found.missing)}, which permissions.require names",
            f"tick {_and(found.missing)} for this key at the provider",
        )
    if found.open_to_all:
        raise _refused(
            Category.EXCESS_PERMISSION,
            "the key works from any address, but permissions.ip_restricted is true",
            "add an IP list to this key at the provider",
        )
    return Rung(
        status=ProbeStatus.UNPROVEN if found.unknown else ProbeStatus.PASSED,
        detail=_described(facts),
        warnings=tuple(_warnings(found)),
        key=facts,
    )


def _excess(declared: Permissions, found: Judgement, facts: KeyFacts) -> ProviderError:
    boxes = [box for right in found.excess for box in facts.boxes.get(right, ())]
    named = f" ({', '.join(boxes)})" if boxes else ""
    why, way_out = "which permissions.forbid names", ""
    if declared.forbid is None:
        why = "which no data connection needs"
        way_out = ", or write permissions: {forbid: []} if the file wants such a key"
    return _refused(
        Category.EXCESS_PERMISSION,
        f"the key may {_and(found.excess)}, {why}",
        f"untick {_and(found.excess)}{named} for this key at the provider{way_out}",
        evidence={"granted_by": ", ".join(boxes)} if boxes else None,
    )


def _refused(
    category: Category, detail: str, fix: str, evidence: dict[str, str] | None = None
) -> ProviderError:
    return ProviderError(
        diagnose(category, detail=detail, fix=fix, evidence=evidence or {})
    )


def _warnings(found: Judgement) -> Iterable[str]:
    if found.unknown:
        yield f"the provider does not tell about {_and(found.unknown)}: not proven"
    if found.dangerous:
        yield (
            f"the key may {_and(found.dangerous)}, which no data connection needs:"
            " untick it at the provider, and add it to permissions.forbid in the file"
        )


def _described(facts: KeyFacts) -> str:
    may = [right for right in RIGHTS if facts.may(right)]
    unknown = [right for right in RIGHTS if facts.may(right) is None]
    said = f"may {_and(tuple(may))}" if may else "may do nothing that we ask about"
    said += f"; unknown: {', '.join(unknown)}" if unknown else ""
    if facts.ip_restricted is not None:
        where = "listed addresses" if facts.ip_restricted else "any address"
        said += f"; from {where}"
    return said


def _and(words: tuple[str, ...]) -> str:
    return " and ".join(words)
