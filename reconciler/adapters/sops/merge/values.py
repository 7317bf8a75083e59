"""What stands in the merged text for each value, and for the binding.

A value is written as one of the sides has it. Only where its ciphertext is under a
data key that did not stay is it sealed again; what is in plain text stays so, since
a merge is no review.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.adapters.sops.envelope import IV_BYTES, encrypt
from reconciler.adapters.sops.merge.opening import Opened, bound_digest
from reconciler.adapters.sops.merge.sides import Draft, Piece
from reconciler.adapters.sops.merge.three_way import pick
from reconciler.adapters.sops.scalars import encode

Source = tuple[str, Piece]
"""The name of a side, and how it wrote the value."""

_ORDER: Final = ("ours", "theirs", "base")
_KEPT_ORDER: Final = ("theirs", "ours", "base")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speller:
    """Writes values under the data key that stays; without any key, as they are."""

    kept: Opened | None
    sides: Sequence[Opened] = ()
    _done: dict[int, str] = field(default_factory=dict, repr=False)

    def spelled(self, sources: Sequence[Source]) -> str:
        """Return how a value is to be written.

        Args:
            sources: How each side that has this value wrote it; at least one.
        """
        name, piece = min(self._in_order(sources), key=self._cost)
        if not piece.sealed or self._fits(name):
            return piece.spelled
        return self._done.setdefault(id(piece), self.sealed(piece, piece.value))

    def sealed(self, piece: Piece, value: Any) -> str:
        """Seal a value anew where a piece stands, quoted as that was."""
        if self.kept is None or self.kept.cipher is None or isinstance(value, tuple):
            return piece.spelled  # nobody could open it, so it is only quoted
        raw, kind = encode(value)
        iv = os.urandom(IV_BYTES)
        new = encrypt(self.kept.cipher, raw, kind, aad=piece.aad, iv=iv)
        if piece.sealed and piece.sealed in piece.spelled:
            return piece.spelled.replace(piece.sealed, new)
        return f'"{new}"'

    def _in_order(self, sources: Sequence[Source]) -> list[Source]:
        """Order the sides; what ours left as it was, theirs may have rewritten."""
        texts = {name: piece.spelled for name, piece in reversed(sources)}
        is_old = "base" in texts and texts.get("ours") == texts["base"]
        order = _KEPT_ORDER if is_old else _ORDER
        return sorted(sources, key=lambda source: order.index(source[0]))

    def _cost(self, source: Source) -> int:
        name, piece = source
        if not piece.sealed:
            return 2
        return 0 if self._fits(name) else 1

    def _fits(self, name: str) -> bool:
        """Tell whether a side's ciphertext is under the key that stays."""
        key = self.kept.key if self.kept else None
        keys = {opened.side.draft.name: opened.key for opened in self.sides}
        return keys.get(name) == key


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedBinding:
    """What the binding becomes."""

    text: str = field(repr=False)
    is_unproven: bool = False
    """It does not fit the file, as it did not on one of the sides."""


def merged_binding(merged: Draft, speller: Speller) -> MergedBinding:
    """Decide on the binding of a merged document.

    It is made anew only when each side was bound to what it said. Otherwise somebody
    changed, without the key, where the credentials may be sent: then it stays as it
    was and keeps not fitting, until a person has looked.
    """
    base, *sides = speller.sides
    wanted = bound_digest(merged)
    bound = [one for one in sides if one.digest is not None]
    if not bound:
        found = [one.side.binding for one in sides if one.side.binding]
        return MergedBinding(text=found[0].spelled if found else "")
    fitting = [one for one in bound if one.digest == wanted]
    if fitting:
        return MergedBinding(text=_bound_as(fitting, speller))
    if wanted and all(one.is_bound for one in sides):
        piece = sides[0].side.binding
        if piece is None:
            raise AssertionError("a bound side has a binding")
        return MergedBinding(text=speller.sealed(piece, wanted))
    picked = pick(base.digest, *(one.digest for one in sides))
    stays = [one for one in bound if picked and one.digest == picked[0]] or bound
    return MergedBinding(text=_bound_as(stays, speller), is_unproven=True)


def _bound_as(opened: Sequence[Opened], speller: Speller) -> str:
    sources = [
        (one.side.draft.name, one.side.binding) for one in opened if one.side.binding
    ]
    return speller.spelled(sources)
