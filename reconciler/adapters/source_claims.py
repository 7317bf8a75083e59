"""Which file has which name: two of one name have it neither, and no name is lost.

A file that cannot be used is neither desired nor gone: the names that it claims, and
those that it says it had, are kept from being taken for removed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core import checks
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.ports import DesiredHead
from reconciler.core.renames import wrong_claim, wrong_claims
from reconciler.core.source import Path

PlaceOf = Callable[[str, Path], Span]
"""Where a path of a file's data stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The documents that may be used, by name, and what the others claim."""

    heads: Mapping[str, DesiredHead]
    invalid_names: frozenset[str]
    shared: Mapping[str, Sequence[str]]
    """The files by the name that they share."""
    refused: Sequence[tuple[DesiredHead, str, str]]
    """Previous names that cannot be had: of which file, which name and why."""

    def problems(self, place_of: PlaceOf) -> Iterator[Diagnostic]:
        """Yield R206 and R208, each with its place."""
        for name, several in self.shared.items():
            places = (place_of(file, ("name",)) for file in several)
            yield from checks.same_name(name, places)
        for head, name, why in self.refused:
            at = head.previous_names.index(name)
            yield wrong_claim(name, why, place_of(head.file, ("previous_names", at)))


def weigh_claims(
    heads: Sequence[DesiredHead],
    rejected: Mapping[str, Sequence[str]],
    former: Collection[str],
) -> Claims:
    """Settle who has which name.

    Args:
        heads: The documents without an error.
        rejected: The names that an invalid file claims, by file.
        former: The names that invalid files had.
    """
    shared = _shared_names(heads, rejected)
    usable = {head.name: head for head in heads if head.name not in shared}
    claimed = {name for names in rejected.values() for name in names}
    held_back = [head for head in heads if head.name in shared] if shared else []
    lost = {name for head in held_back for name in head.previous_names}
    declared = usable.keys() | claimed | shared.keys()
    refused = [*wrong_claims(usable.values(), declared, {*former, *lost})]
    for head, _, _ in refused:
        usable.pop(head.name, None)
        claimed.add(head.name)
        lost.update(head.previous_names)
    # A file under a wrong name claims its stem too, but not from the owner.
    claimed = (claimed | lost | {*former}) - usable.keys()
    return Claims(
        heads=usable,
        invalid_names=frozenset(claimed | shared.keys()),
        shared=shared,
        refused=refused,
    )


def _shared_names(
    heads: Sequence[DesiredHead], rejected: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    claims = {head.file: head.name for head in heads}
    for file, names in rejected.items():
        # A name that differs from its stem is R205 already: a forgotten edit of
        # a copy must not hold back the original.
        if len(names) == 1:
            claims[file] = names[0]
    if len(set(claims.values())) == len(claims):
        return {}
    return checks.shared_names(claims)
