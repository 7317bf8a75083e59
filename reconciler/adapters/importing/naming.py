"""Names for what comes over: legal, and each of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reconciler.core.parity import Draft, Standing

_LONGEST: Final = 63


def named(drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts, each with a name that a file can have and no other one has.

    The name is made from the title, else from the provider. The first of two alike
    keeps it; the other one gets its id, or a number, at the end. So the same dump
    gives the same names again.
    """
    taken: set[str] = set()
    return [_named(draft, taken) for draft in drafts]


def _named(draft: Draft, taken: set[str]) -> Draft:
    if not draft.title and not draft.provider:
        return draft
    wanted = legal(draft.title) or legal(draft.provider) or "connection"
    name = _free(wanted, legal(draft.id), taken)
    taken.add(name)
    draft = replace(draft, name=name)
    if name != wanted:
        text = f"the name stands twice; this one is called '{name}'"
        return draft.noting(Standing.DEFECT, "name", text)
    if draft.title and name != draft.title:
        text = f"is called '{name}' here; the old name stands in the labels"
        return draft.noting(Standing.DIFFERS, "name", text)
    return draft


def legal(text: str) -> str:
    """Return the nearest legal name, empty when nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9._-]+", "-", plain.lower())
    return re.sub(r"-{2,}", "-", name).strip("-._")[:_LONGEST].rstrip("-._")


def _free(wanted: str, id_: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    endings = [id_] if id_ else []
    for ending in [*endings, *map(str, range(2, len(taken) + 3))]:
        name = f"{wanted[: _LONGEST - len(ending) - 1]}-{ending}"
        if name not in taken:
            return name
    raise AssertionError("there are more endings than names taken")
