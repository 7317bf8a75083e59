"""The `sops:` block of a merged file: one side's, with what the other changed in it.

Nobody's MAC covers the recipients. So a merge never wraps a key for anybody: it
copies what a side has wrapped, and only where both sides have the same data key.
Otherwise whoever may propose a change could name a recipient of their own, and wait
for somebody with the key to merge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from reconciler.adapters.sops.age.key_groups import Recipients
from reconciler.adapters.sops.block import Metadata
from reconciler.adapters.sops.merge.sides import Draft
from reconciler.adapters.sops.merge.three_way import pick
from reconciler.adapters.sops.places import member, set_metadata
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.spans import (
    Edit,
    after_break,
    apply_edits,
    last_offset,
)
from reconciler.core.errors import SecretError


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedBlock:
    """Whose block is kept, and what becomes of it."""

    kept: Draft
    rule: Rule
    edits: tuple[Edit, ...]
    """In the kept side's text: stanzas that come and go."""
    notes: tuple[str, ...]
    """What a person should know: recipients that were not taken over."""

    def text(self, new: Mapping[str, str]) -> str:
        """Return the block with new values for some of its fields."""
        if self.kept.root is None or self.kept.block is None:
            raise AssertionError("only a sealed side is kept")
        if self.rule != metadata_of(self.kept).rule:
            new = {**new, self.rule.kind.value: self.rule.pattern}
        start, end = self.kept.block
        text = self.kept.text
        edits = (*self.edits, *set_metadata(self.kept.root, new, text))
        whole = apply_edits(text, edits)
        return whole[start : len(whole) - (len(text) - end)]


def merge_blocks(
    base: Draft, ours: Draft, theirs: Draft, *, keep_theirs: bool, same_key: bool
) -> MergedBlock:
    """Merge who may open the file, and the rule.

    Args:
        base: The common ancestor; may have no block.
        ours: One side.
        theirs: The other side.
        keep_theirs: Theirs has the data key that stays.
        same_key: Both sides have it.

    Raises:
        SecretError: Both sides changed the rule or the key groups, differently.
    """
    if same_key and _shape(base) == _shape(ours):
        keep_theirs = True
    kept, other = (theirs, ours) if keep_theirs else (ours, theirs)
    rule = _rule(base, kept, other)
    edits, notes = _recipients(base, kept, other, same_key=same_key)
    return MergedBlock(kept=kept, rule=rule, edits=tuple(edits), notes=tuple(notes))


def metadata_of(draft: Draft) -> Metadata:
    """Return the metadata of a side that is known to be sealed."""
    if draft.metadata is None:
        raise AssertionError("the side has no 'sops' block")
    return draft.metadata


def _shape(draft: Draft) -> object:
    """Return what people choose about a block: rule, coverage and recipients."""
    found = draft.metadata
    return found and (found.rule, found.mac_only_encrypted, _groups(found))


def _groups(metadata: Metadata) -> object:
    known = Recipients.in_file(metadata.wrapped)
    return tuple(frozenset(group) for group in known.groups), known.threshold


def _rule(base: Draft, kept: Draft, other: Draft) -> Rule:
    old = base.metadata.rule if base.metadata else None
    mine, its = metadata_of(kept).rule, metadata_of(other).rule
    found = pick(old, mine, its)
    if found is None or found[0].kind is not mine.kind:
        raise SecretError(
            "the two sides seal by different rules; give both the same"
            f" ({mine.kind.value}: {mine.pattern}), then merge again"
        )
    rule: Rule = found[0]
    return rule


def _recipients(
    base: Draft, kept: Draft, other: Draft, *, same_key: bool
) -> tuple[list[Edit], list[str]]:
    mine, its = metadata_of(kept), metadata_of(other)
    old = base.metadata
    if _groups(its) in (_groups(mine), old and _groups(old)):
        return [], []
    if len(mine.wrapped.groups) > 1 or len(its.wrapped.groups) > 1:
        raise SecretError(
            "both sides changed the key groups; run 'reconcile updatekeys' on one"
            " side so that both are alike, then merge again"
        )
    before = old.recipients if old else ()
    gone = {one for one in before if one not in its.recipients}
    new = [one for one in its.recipients if one not in (*before, *mine.recipients)]
    edits = list(_removals(kept, gone))
    if same_key:
        return [*edits, *_additions(kept, other, new)], []
    return edits, [_NOT_ADDED.format(who=who) for who in new]


_NOT_ADDED: Final = (
    "{who} was added on the side whose data key did not stay, and cannot open the"
    " merged file: after review, run 'reconcile updatekeys'"
)


def _removals(kept: Draft, gone: set[str]) -> Iterator[Edit]:
    for recipient, (start, end, _) in _stanzas(kept).items() if gone else ():
        if recipient in gone:
            yield Edit(start=start, end=end, text="")


def _additions(kept: Draft, other: Draft, new: list[str]) -> Iterator[Edit]:
    if not new:
        return
    mine, its = _stanzas(kept), _stanzas(other)
    columns = {column for _, _, column in (*mine.values(), *its.values())}
    if len(columns) != 1:
        raise _by_hand()
    at = max(end for _, end, _ in mine.values())
    for recipient in new:
        start, end, _ = its[recipient]
        yield Edit(start=at, end=at, text=other.text[start:end])


def _stanzas(draft: Draft) -> dict[str, tuple[int, int, int]]:
    """Return where the lines of each stanza begin and end, and its dash's column."""
    block = member(draft.root, "sops") if draft.root else None
    keys = member(block[1], "age") if block else None
    if keys is None or keys[1].flow_style:
        raise _by_hand()
    found = {}
    for item in keys[1].value:
        who = member(item, "recipient")
        dash = draft.text.rfind("-", 0, item.start_mark.index)
        start = draft.text.rfind("\n", 0, dash) + 1
        end = after_break(draft.text, last_offset(draft.text, item))
        found[_text(who)] = (start, end, dash - start)
    return found


def _text(pair: tuple[Any, Any] | None) -> str:
    scalar = pair[1] if pair else None
    return scalar.value if isinstance(scalar, yaml.ScalarNode) else ""


def _by_hand() -> SecretError:
    return SecretError(
        "both sides changed who may open the file; run 'reconcile updatekeys' on one"
        " side so that both are alike, then merge again"
    )
