"""Two branches' edits of one sealed file, merged value by value under one MAC.

Git merges lines, and every commit of a sealed file changes the same lines: the MAC
and its date. Here values are merged by their path, after opening them; everything
else is merged as Git does it. A merge proves nothing that was not proven before:
a side whose MAC fails is refused, a value in plain text stays in plain text, and a
binding is made anew only from two sides that were each bound as they should be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from reconciler.adapters.documents import BOM
from reconciler.adapters.git_merge import MARKER_SIZE, merge_text
from reconciler.adapters.sops.age.keyring import Keyring
from reconciler.adapters.sops.block import Metadata
from reconciler.adapters.sops.envelope import IV_BYTES, looks_sealed
from reconciler.adapters.sops.mac import Hasher, seal_mac
from reconciler.adapters.sops.merge.block import MergedBlock, merge_blocks, metadata_of
from reconciler.adapters.sops.merge.lines import (
    BLOCK,
    BOUND,
    Key,
    Skeleton,
    merge_skeleton,
)
from reconciler.adapters.sops.merge.opening import (
    Opened,
    bound_digest,
    open_base,
    open_side,
    open_with,
    shares_secret,
)
from reconciler.adapters.sops.merge.sides import Draft, Side, as_side, draft, opaque
from reconciler.adapters.sops.merge.three_way import Decision, decide, misses
from reconciler.adapters.sops.merge.values import Speller, merged_binding
from reconciler.adapters.sops.reader import decrypt_values
from reconciler.adapters.sops.spans import leaves
from reconciler.adapters.sops.tree import scalar_of
from reconciler.core.binding import bound_fields
from reconciler.core.defaults import Merge, as_written
from reconciler.core.errors import SecretError
from reconciler.core.shape import dotted, key_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge came to."""

    text: str = field(repr=False)
    """The merged file, with conflict markers where people must decide."""
    is_clean: bool
    """Nothing is left to do."""
    conflicts: tuple[str, ...] = ()
    """The paths on which the sides disagree, when it is a matter of values."""
    refused: str = ""
    """Why the values were not merged: then the text is Git's own merge of lines."""
    notes: tuple[str, ...] = ()
    """What should be looked at. No word here holds a value."""


def merge_documents(  # noqa: PLR0913  # three texts, and what it takes to open them
    base: str,
    ours: str,
    theirs: str,
    *,
    file: str,
    keyring: Keyring,
    now: datetime,
    marker_size: int = MARKER_SIZE,
    merges: Mapping[str, Merge] = MappingProxyType({}),
) -> Merged:
    """Merge two versions of one file that grew out of a third.

    A value that stays keeps its ciphertext, unless only the other side has it and
    under another data key; the data key that stays is that of the side that rotated.
    When nothing sealed changed on one side, no key is needed.

    Args:
        base: The common ancestor; empty when both sides added the file.
        ours: The version that is checked out.
        theirs: The version that is merged in.
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified` when a MAC is made; aware, cut to seconds.
        marker_size: How many signs a conflict marker has.
        merges: From what the file says to what holds for it, and is bound: by `base`,
            `ours`, `theirs` and `merged`. Nothing is added where none is given.

    Returns:
        The merged text. Whatever cannot be merged safely comes back as Git's own
        merge of the lines, not clean, with the reason. No side is ever lost.

    Raises:
        InputError: Git cannot be run.
    """
    if theirs in (base, ours):
        return Merged(text=ours, is_clean=True)
    if base == ours:
        return Merged(text=theirs, is_clean=True)
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    job = _Job(
        file=file, keyring=keyring, stamp=stamp, marker_size=marker_size, merges=merges
    )
    try:
        merged = _merged(job, base, ours, theirs)
    except SecretError as error:
        lines = merge_text(base=base, ours=ours, theirs=theirs, marker_size=marker_size)
        return Merged(text=lines.text, is_clean=False, refused=str(error))
    return replace(merged, text=ours[: ours.startswith(BOM)] + merged.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What every merge needs beside the texts."""

    file: str
    keyring: Keyring
    stamp: str
    marker_size: int
    merges: Mapping[str, Merge]

    def refused(self, why: str) -> SecretError:
        return SecretError(f"{self.file}: {why}")

    def draft(self, text: str, name: str = "merged") -> Draft:
        merge = self.merges.get(name, as_written)
        return draft(name, text, file=self.file, merge=merge)

    def skeleton(self, sides: Sequence[Side], decision: Decision) -> Skeleton:
        base, ours, theirs = sides
        size = self.marker_size
        return merge_skeleton(base, ours, theirs, decision, marker_size=size)


def _merged(job: _Job, *texts: str) -> Merged:
    names = ("base", "ours", "theirs")
    drafts = [job.draft(*pair) for pair in zip(texts, names, strict=True)]
    unopened = [as_side(one, opaque) for one in drafts]
    kept = _untouched(*unopened)
    if kept and _is_free(kept.draft.metadata):
        merged = _keep_seal(job, unopened, kept)
        if merged:
            return merged
    return _seal_anew(job, drafts)


def _untouched(base: Side, ours: Side, theirs: Side) -> Side | None:
    """Return the side with all that is sealed, if only one changed any of it."""
    if theirs.sealed_parts in (base.sealed_parts, ours.sealed_parts):
        return ours
    return theirs if ours.sealed_parts == base.sealed_parts else None


def _is_free(metadata: Metadata | None) -> bool:
    """Tell whether plain values may change without a new MAC."""
    return metadata is None or metadata.mac_only_encrypted


def _decided(sides: Sequence[Side]) -> Decision:
    base, ours, theirs = (side.values for side in sides)
    return decide(base, ours, theirs)


def _keep_seal(job: _Job, sides: Sequence[Side], kept: Side) -> Merged | None:
    """Merge what is plain; all that is sealed stays as one side has it.

    None when a conflict would show what the other side sealed, perhaps under
    another data key: then it takes a key.
    """
    decision = _decided(sides)
    skeleton = job.skeleton(sides, decision)
    fixed = {
        BLOCK: _block_text(kept.draft),
        BOUND: kept.binding.spelled if kept.binding else "",
    }
    text = _filled(skeleton.text, skeleton, Speller(kept=None), fixed)
    if skeleton.has_conflicts:
        alien = _shows_others(skeleton, kept)
        return None if alien else _conflicting(decision, text)
    merged = as_side(job.draft(text), opaque)
    if merged.sealed_parts != kept.sealed_parts or _differs(merged, decision, sides):
        raise job.refused(_UNPROVEN)
    moved = bound_digest(merged.draft) != bound_digest(kept.draft)
    notes = [_MAY_NOT_FIT.format(fields=bound_fields(), file=job.file)]
    return Merged(
        text=text, is_clean=True,
        notes=(*(notes if kept.binding and moved else ()), *_plain(job, merged.draft)),
    )  # fmt: skip


def _shows_others(skeleton: Skeleton, kept: Side) -> bool:
    own = {piece.sealed for piece in kept.pieces}
    sources = skeleton.tokens.sources
    found = skeleton.tokens.found_in(skeleton.text)
    pieces = (piece for key in found for _, piece in sources.get(key, ()))
    return any(piece.sealed not in own | {""} for piece in pieces)


def _seal_anew(job: _Job, drafts: Sequence[Draft]) -> Merged:
    """Open all three, merge the values, and make one MAC over the result."""
    base, ours, theirs = drafts
    if ours.metadata is None or theirs.metadata is None:
        raise job.refused(_ONE_SEALED)
    sides = [open_side(one, job.keyring, file=job.file) for one in (ours, theirs)]
    origin = open_base(base, job.keyring, sides, file=job.file)
    same_key = sides[0].key == sides[1].key
    try:
        block = merge_blocks(
            base, ours, theirs,
            keep_theirs=not same_key and sides[0].key == origin.key, same_key=same_key,
        )  # fmt: skip
    except SecretError as error:
        raise job.refused(str(error)) from None
    kept = sides[block.kept is theirs]
    other = sides[block.kept is ours]
    if not (same_key or shares_secret(kept, (origin, other))):
        raise job.refused(_STRANGE_KEY)
    work = _Work(job=job, kept=kept, sides=(origin, *sides), block=block)
    return work.merged()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A merge under way, its three versions opened."""

    job: _Job
    kept: Opened
    sides: tuple[Opened, ...]
    block: MergedBlock

    def merged(self) -> Merged:
        sides = [opened.side for opened in self.sides]
        decision = _decided(sides)
        skeleton = self.job.skeleton(sides, decision)
        speller = Speller(kept=self.kept, sides=self.sides)
        # A conflict is sealed as if our side had been taken: then a choice between
        # two plain values, at least, needs no new MAC.
        trial = {BLOCK: _block_text(self.block.kept), BOUND: '""'}
        try:
            fixed, note = self.fixed(skeleton, speller, trial)
        except SecretError:
            if not skeleton.has_conflicts:
                raise
            fixed, note = trial, ""
        text = _filled(skeleton.text, skeleton, speller, fixed)
        notes = (*self.block.notes, *((note,) if note else ()))
        if skeleton.has_conflicts:
            return _conflicting(decision, text, notes)
        merged = self.job.draft(text)
        self.prove(merged, decision)
        notes = (*notes, *_plain(self.job, merged))
        return Merged(text=text, is_clean=True, notes=notes)

    def fixed(
        self, skeleton: Skeleton, speller: Speller, trial: dict[Key, str]
    ) -> tuple[dict[Key, str], str]:
        """Make the binding and the block; the note says what is wrong with them."""
        text = _filled(skeleton.as_ours, skeleton, speller, trial)
        binding = merged_binding(self.job.draft(text), speller)
        bound = {**trial, BOUND: binding.text}
        text = _filled(skeleton.as_ours, skeleton, speller, bound)
        mac = self.mac(self.job.draft(text))
        stamp = f'"{self.job.stamp}"'
        block = self.block.text({"lastmodified": stamp, "mac": mac})
        words = {"fields": bound_fields(), "file": self.job.file}
        note = _DOES_NOT_FIT.format(**words) if binding.is_unproven else ""
        return {**bound, BLOCK: block}, note

    def mac(self, merged: Draft) -> str:
        cipher = self.kept.cipher
        if cipher is None:
            raise AssertionError("the side that is kept was opened")
        only = metadata_of(self.block.kept).mac_only_encrypted
        hasher = Hasher(only_encrypted=only)
        decrypt_values(
            [merged.data], self.block.rule, cipher, hasher=hasher,
            file=self.job.file, plain_ok=True,
        )  # fmt: skip
        iv = os.urandom(IV_BYTES)
        return seal_mac(cipher, hasher.hexdigest(), lastmodified=self.job.stamp, iv=iv)

    def prove(self, merged: Draft, decision: Decision) -> None:
        """Read the merged file back; it must hold what was decided, and no more."""
        if self.kept.key is None or merged.metadata is None:
            raise self.job.refused(_UNPROVEN)
        opened = open_with(self.kept.key, merged, file=self.job.file)
        if _differs(opened.side, decision, [one.side for one in self.sides]):
            raise self.job.refused(_UNPROVEN)


def _filled(
    text: str, skeleton: Skeleton, speller: Speller, fixed: dict[Key, str]
) -> str:
    """Put what they stand for in place of all tokens."""
    sources = skeleton.tokens.sources
    meaning: Callable[[Key], str] = lambda key: (  # noqa: E731
        fixed[key] if key in fixed else speller.spelled(sources[key])
    )
    return skeleton.tokens.replaced(text, meaning)


def _block_text(kept: Draft) -> str:
    return kept.text[slice(*kept.block)] if kept.block else ""


def _differs(merged: Side, decision: Decision, sides: Sequence[Side]) -> bool:
    return misses(merged.values, decision, [side.values for side in sides])


def _conflicting(decision: Decision, text: str, notes: tuple[str, ...] = ()) -> Merged:
    paths = tuple(dotted(path) for path in (*decision.conflicts, *decision.lists))
    return Merged(text=text, is_clean=False, conflicts=paths, notes=notes)


def _plain(job: _Job, merged: Draft) -> tuple[str, ...]:
    """Name what should be sealed and is not: a merge does not seal it unseen."""
    if merged.metadata is None or merged.root is None:
        return ()
    names = [
        ".".join(map(key_word, leaf.aad.split(":")[:-1]))
        for leaf in leaves(merged.root, merged.metadata.rule)
        if leaf.sealed and not looks_sealed(leaf.node.value)
        if scalar_of(leaf.node) not in (None, "")
    ]
    if not names:
        return ()
    return (_IN_PLAIN_TEXT.format(names=", ".join(names), file=job.file),)


_UNPROVEN: Final = (
    "the merged lines do not come to the merged values; merge this file by hand"
)
_STRANGE_KEY: Final = (
    "the sides have different data keys, and nothing shows that the newer one was made"
    " by somebody who could open the file: no credential of it is as it was. Keep one"
    " side whole, then change there what the other side changed"
)
_ONE_SEALED: Final = (
    "only one side is sealed; run 'reconcile encrypt' on the other, then merge again"
)
_DOES_NOT_FIT: Final = (
    "one side changed {fields} without the key, so the credentials stay bound to what"
    " they were sealed for. Review the change; then run"
    " 'reconcile encrypt --rebind {file}'"
)
_MAY_NOT_FIT: Final = (
    "one side changed {fields} while the binding did not follow; the credentials"
    " cannot be used like that. Review the change; then run"
    " 'reconcile encrypt --rebind {file}'"
)
_IN_PLAIN_TEXT: Final = (
    "{names}: still in plain text, as on the side it came from. Review it; then run"
    " 'reconcile encrypt {file}'"
)
