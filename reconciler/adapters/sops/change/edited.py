"""What a person wrote in plain text: which of it is sealed, and with which text.

A value that stands where it stood and is what it was gets its old ciphertext back.
Every other that the rule selects is sealed anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from reconciler.adapters.documents import BOM, parse
from reconciler.adapters.sops.change.block_place import Block
from reconciler.adapters.sops.change.limits import (
    refuse_list_comments,
    refuse_sealed_destination,
)
from reconciler.adapters.sops.change.notes import Note, seal_comments
from reconciler.adapters.sops.envelope import IV_BYTES, encrypt, looks_sealed
from reconciler.adapters.sops.opened import Opened, Parsed, parse_file
from reconciler.adapters.sops.places import add_binding, member, set_scalar
from reconciler.adapters.sops.scalars import encode
from reconciler.adapters.sops.spans import Edit, Leaf, leaves
from reconciler.adapters.sops.tree import scalar_of
from reconciler.adapters.sops.values import Scalar
from reconciler.core.binding import binding_digest
from reconciler.core.defaults import Merge, as_written
from reconciler.core.errors import DocumentError, SecretError
from reconciler.core.source import Path

_BINDING: Path = ("binding",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A value as it was sealed before the edit."""

    value: Scalar = field(repr=False)
    sealed: str
    as_written: str
    """With its quotes, when it has any."""
    in_flow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What an edited text is put back into: the sealed file without its values."""

    opened: Opened
    is_connection: bool
    """Whether it is one of our documents, and the binding is ours to write."""
    blocks: list[Block]
    kept: Mapping[tuple[int, Path], Kept]
    notes: Sequence[Note]
    paths: frozenset[tuple[int, Path]]
    """Where values stood: rules by comments say nothing about other places."""
    merge: Merge = as_written
    """From what the file says to what holds for it, and is bound."""


def read_edited(frame: Frame, plain: str) -> Parsed:
    """Take the edited text apart, and refuse what cannot be sealed.

    Raises:
        DocumentError: A connection that left our dialect.
        SecretError: Not YAML, a `sops` key, a value that looks sealed.
    """
    file = frame.opened.parsed.file
    if frame.is_connection:
        _, problems = parse(plain, file=file)
        if problems:
            raise DocumentError(problems)
    edited = parse_file(plain, file=file)
    for _, root in edited.trees:
        found = member(root, "sops")
        if found:
            raise _refused(
                file, found[0], "'sops' is written when the file is sealed; remove it"
            )
    if edited.roots[0] is None:
        raise SecretError(f"{file}:1:1: there is nothing left to seal; restore a key")
    if frame.is_connection:
        rule = frame.opened.metadata.rule
        refuse_sealed_destination(file, edited.roots[0], rule)
        if not any(note.is_item for note in frame.notes):
            refuse_list_comments(file, plain.removeprefix(BOM), rule)
    return edited


def needs_sealing(frame: Frame, edited: Parsed) -> bool:
    """Tell whether anything but the binding is left for the rule to seal."""
    if edited.documents[0].get("credentials"):
        return True
    rule = frame.opened.metadata.rule
    return any(
        leaf.sealed and leaf.path != _BINDING and scalar_of(leaf.node) not in _EMPTY
        for _, root in edited.trees
        for leaf in leaves(root, rule)
    )


def value_edits(frame: Frame, edited: Parsed) -> Iterator[Edit]:
    """Seal every value that the rule selects, and bind a connection's."""
    bound = frame.is_connection and bool(edited.documents[0].get("credentials"))
    placed: dict[int, str] = {}
    for number, root in edited.trees:
        for leaf in leaves(root, frame.opened.metadata.rule):
            if bound and leaf.path == _BINDING:
                continue
            text = _sealed_text(frame, edited, number, leaf)
            start: int = leaf.node.start_mark.index
            if start not in placed:
                placed[start] = text and leaf.aad
                if text:
                    yield set_scalar(edited.body, leaf.node, text, in_flow=False)
            elif placed[start] != (text and leaf.aad):
                why = "an anchor shares this value with another place; write it out"
                raise _refused(edited.file, leaf.node, why)
    if bound:
        yield _binding_edit(frame, edited)


def note_edits(frame: Frame, edited: Parsed) -> Iterator[Edit]:
    """Seal comments again, where the file had sealed ones."""
    return seal_comments(edited, frame.opened, frame.notes)


_EMPTY = (None, "")


def _sealed_text(frame: Frame, edited: Parsed, number: int, leaf: Leaf) -> str:
    """Return what to write for a leaf, quotes included; empty to leave it alone."""
    kept = frame.kept.get((number, leaf.path))
    value = scalar_of(leaf.node)
    rule = frame.opened.metadata.rule
    if rule.by_look and (number, leaf.path) not in frame.paths:
        why = (
            f"whether a new value is sealed depends on comments ({rule.kind.value});"
            " add it with sops"
        )
        raise _refused(edited.file, leaf.node, why)
    if not (leaf.sealed or (rule.by_look and kept)) or value in _EMPTY:
        return ""
    if kept and _same(kept.value, value):
        return _again(kept, in_flow=leaf.in_flow)
    if looks_sealed(value):
        why = "this value looks sealed already; write it in plain text"
        raise _refused(edited.file, leaf.node, why)
    raw, kind = encode(value)
    return _quoted(_seal(frame, raw, kind, leaf.aad), in_flow=leaf.in_flow)


def _binding_edit(frame: Frame, edited: Parsed) -> Edit:
    root = edited.roots[0]
    if root is None:
        raise AssertionError("only a document with credentials is bound")
    digest = binding_digest(frame.merge(edited.documents[0]))
    kept = frame.kept.get((0, _BINDING))
    flow = bool(root.flow_style)
    old = member(root, "binding")
    if kept and kept.value == digest:
        text = kept.sealed
        if old and isinstance(old[1], yaml.ScalarNode):
            again = _again(kept, in_flow=flow)
            return set_scalar(edited.body, old[1], again, in_flow=False)
    else:
        text = _seal(frame, digest.encode(), "str", "binding:")
    if old and not isinstance(old[1], yaml.ScalarNode):
        raise _refused(
            edited.file, old[1], "'binding' is not text; remove it, it is written anew"
        )
    return add_binding(edited.body, root, text)


def _seal(frame: Frame, raw: bytes, kind: str, aad: str) -> str:
    cipher = frame.opened.cipher
    return encrypt(cipher, raw, kind, aad=aad, iv=os.urandom(IV_BYTES))


def _again(kept: Kept, *, in_flow: bool) -> str:
    """Write an old value as it stood, unless its surroundings changed."""
    if kept.in_flow == in_flow and "\n" not in kept.as_written:
        return kept.as_written
    return _quoted(kept.sealed, in_flow=in_flow)


def _quoted(sealed: str, *, in_flow: bool) -> str:
    return f'"{sealed}"' if in_flow else sealed


def _same(one: Scalar, other: Scalar) -> bool:
    """Tell whether two values are equal with their types; NaN equals itself."""
    return type(one) is type(other) and repr(one) == repr(other)


def _refused(file: str, node: yaml.Node, why: str) -> SecretError:
    mark = node.start_mark
    return SecretError(f"{file}:{mark.line + 1}:{mark.column + 1}: {why}")
