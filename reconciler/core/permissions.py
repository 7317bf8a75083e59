"""What a key may do at its provider, against what its file lets it do.

A right that the provider does not tell is unknown: never taken for absent, and
never for present.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reconciler.core.connection import NEEDED_BY_NO_DATA, Permissions

RIGHTS: Final = ("read", "trade", "withdraw")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What a provider says of a key; None where it says nothing.

    `boxes` names, per right, what grants it in the provider's own words, so that a
    person finds what to untick.
    """

    read: bool | None = None
    trade: bool | None = None
    withdraw: bool | None = None
    ip_restricted: bool | None = None
    expires_at: datetime | None = None
    boxes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def may(self, right: str) -> bool | None:
        """Tell whether the key has one of `RIGHTS`."""
        found: bool | None = getattr(self, right)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How a key stands against its file: right names, in the order of `RIGHTS`.

    `open_to_all` tells that the key works from any address although the file asks
    for a list. `unknown` holds what the file asks about and the provider leaves out.
    """

    excess: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    open_to_all: bool = False
    unknown: tuple[str, ...] = ()
    dangerous: tuple[str, ...] = ()
    """Rights that no data connection needs and a list of others leaves out."""


def judge_key(declared: Permissions, facts: KeyFacts) -> Judgement:
    """Compare what a file declares with what the provider says."""
    named = declared.require + declared.forbidden
    asked = [right for right in RIGHTS if right in named]
    unknown: list[str] = [right for right in asked if facts.may(right) is None]
    if declared.ip_restricted and facts.ip_restricted is None:
        unknown.append("ip_restricted")
    return Judgement(
        excess=tuple(r for r in RIGHTS if r in declared.forbidden and facts.may(r)),
        missing=tuple(
            r for r in RIGHTS if r in declared.require and facts.may(r) is False
        ),
        open_to_all=bool(declared.ip_restricted) and facts.ip_restricted is False,
        unknown=tuple(unknown),
        dangerous=tuple(
            right
            for right in NEEDED_BY_NO_DATA
            if declared.forbid and right not in named and facts.may(right)
        ),
    )
