"""Comments that are sealed: found in an edited text again, and sealed again.

sops seals the comments beside the values it seals. It binds each to the mapping or
list that it takes it to stand in; in lists it even makes it an item. Ours stay plain
unless the file had sealed ones: then what a person adds beside sealed values is as
secret as what stood there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from reconciler.adapters.sops.envelope import IV_BYTES, decrypt, encrypt
from reconciler.adapters.sops.opened import (
    Opened,
    Parsed,
    comments_by_document,
    sealed_comments,
    sealed_leaves,
)
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.scalars import decode, encode
from reconciler.adapters.sops.spans import (
    Edit,
    Entry,
    TextComment,
    containers,
    entries,
)
from reconciler.adapters.sops.values import Comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A comment that was sealed before the edit."""

    document: int
    aad: str
    text: str = field(repr=False)
    sealed: str
    is_item: bool
    """Whether it stood as an item of a list."""


def notes_of(opened: Opened) -> list[Note]:
    """Return every sealed comment of a file."""
    found = [
        Note(
            document=number, aad=one.aad, text=one.comment.text,
            sealed=one.place.text.strip(), is_item=False,
        )
        for number, one in sealed_comments(opened)
    ]  # fmt: skip
    for number, root in opened.parsed.trees:
        for leaf in sealed_leaves(root, opened.metadata.rule):
            if leaf.node.value.endswith("type:comment]"):
                value = decode(*decrypt(opened.cipher, leaf.node.value, leaf.aad))
                if isinstance(value, Comment):
                    note = Note(
                        document=number, aad=leaf.aad, text=value.text,
                        sealed=leaf.node.value, is_item=True,
                    )  # fmt: skip
                    found.append(note)
    return found


def seal_comments(
    edited: Parsed, before: Opened, notes: Sequence[Note]
) -> Iterator[Edit]:
    """Seal the comments of an edited text as they were sealed before.

    Unchanged ones get their ciphertext back. New ones are sealed where the rule
    selects what stands beside them, when the file had sealed comments at all.
    """
    if not notes:
        return
    own = comments_by_document(edited)
    for number, root in edited.trees:
        left = [note for note in notes if note.document == number]
        yield from _in_document(edited.body, root, own[number], left, before)


def seal_secret_comments(opened: Opened) -> Iterator[Edit]:
    """Seal every plain comment that stands beside what the rule seals."""
    own = comments_by_document(opened.parsed)
    for number, root in opened.parsed.trees:
        body = opened.parsed.body
        yield from _in_document(body, root, own[number], [], opened)


def _in_document(
    text: str,
    root: yaml.MappingNode,
    own: Sequence[TextComment],
    left: list[Note],
    before: Opened,
) -> Iterator[Edit]:
    rule = before.metadata.rule
    around = list(entries(root, rule))
    places = {aad for _, aad in containers(root)}
    for comment in own:
        entry = _beside(text, comment, around)
        note = _same(comment, entry, left, places)
        if note:
            left.remove(note)
        if note and _is_item(text, note, comment, entry):
            new = f"- {note.sealed}"
        elif note and not note.is_item:
            new = f"#{note.sealed}"
        elif entry and (note or _is_new_secret(comment, entry, rule)):
            raw, kind = encode(Comment(comment.text))
            iv = os.urandom(IV_BYTES)
            new = f"#{encrypt(before.cipher, raw, kind, aad=entry.aad, iv=iv)}"
        else:
            continue
        yield Edit(start=comment.start, end=comment.end, text=new)


def _is_item(text: str, note: Note, comment: TextComment, entry: Entry | None) -> bool:
    """Tell whether a comment that was an item can be one: its list still has others."""
    in_place = entry and entry.in_list and entry.column == _column(text, comment)
    return bool(note.is_item and in_place and _is_alone(text, comment))


def _is_new_secret(comment: TextComment, entry: Entry, rule: Rule) -> bool:
    return entry.sealed and not rule.by_look and bool(comment.text.strip())


def _same(
    comment: TextComment, entry: Entry | None, left: Sequence[Note], places: set[str]
) -> Note | None:
    found = [note for note in left if note.text == comment.text and note.aad in places]
    exact = (note for note in found if entry and note.aad == entry.aad)
    return next(exact, next(iter(found), None))


def _beside(text: str, comment: TextComment, around: Sequence[Entry]) -> Entry | None:
    """Return the key or item that a comment stands beside, or above."""
    above = [entry for entry in around if entry.start < comment.start]
    below = next((entry for entry in around if entry.start > comment.start), None)
    if above and not _is_alone(text, comment):
        return above[-1]
    column = _column(text, comment)
    if below and below.column == column:
        return below
    fitting = (entry for entry in reversed(above) if entry.column <= column)
    return next(fitting, below)


def _column(text: str, comment: TextComment) -> int:
    return comment.start - _line_start(text, comment)


def _is_alone(text: str, comment: TextComment) -> bool:
    return not text[_line_start(text, comment) : comment.start].strip()


def _line_start(text: str, comment: TextComment) -> int:
    start = comment.start
    return max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
