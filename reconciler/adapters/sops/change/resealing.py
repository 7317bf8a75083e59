"""Sealing what a person edited in plain text, with as little change as possible."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from reconciler.adapters.documents import parse
from reconciler.adapters.sops.age.keyring import Keyring
from reconciler.adapters.sops.block import newer_version, read_metadata
from reconciler.adapters.sops.change.block_place import blocks_of, put_back
from reconciler.adapters.sops.change.edited import (
    Frame,
    Kept,
    needs_sealing,
    note_edits,
    read_edited,
    value_edits,
)
from reconciler.adapters.sops.change.limits import stamp_of
from reconciler.adapters.sops.change.notes import notes_of
from reconciler.adapters.sops.envelope import IV_BYTES, decrypt
from reconciler.adapters.sops.escapes import readable_by_sops
from reconciler.adapters.sops.mac import Hasher, seal_mac
from reconciler.adapters.sops.opened import (
    Opened,
    Parsed,
    open_file,
    parse_file,
    sealed_leaves,
    verified,
)
from reconciler.adapters.sops.places import removed_member, set_metadata
from reconciler.adapters.sops.printer import print_opened
from reconciler.adapters.sops.reader import (
    BindingState,
    decrypt_values,
    rebind_needed,
    unseal_with,
)
from reconciler.adapters.sops.rules import suits_connections
from reconciler.adapters.sops.scalars import decode
from reconciler.adapters.sops.spans import apply_edits, leaves, scalar_end
from reconciler.adapters.sops.tree import Plain
from reconciler.adapters.sops.values import Comment
from reconciler.core.binding import binding_digest
from reconciler.core.defaults import Merge, as_written
from reconciler.core.errors import SecretError
from reconciler.core.source import Path


def reseal(
    before: str,
    plain: str,
    *,
    file: str,
    keyring: Keyring,
    now: datetime,
    merge: Merge = as_written,
) -> str:
    """Seal an edited file again; what was not edited keeps its ciphertext.

    Args:
        before: The sealed file, any sops YAML or JSON.
        plain: What `decrypt_document(before)` returned, after somebody edited it.
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified` when something changed; aware, cut to seconds.
        merge: As for `seal`.

    Returns:
        The sealed text; `before` itself when nothing was changed.

    Raises:
        DocumentError: The edited text of a connection is not in our dialect.
        SecretError: No identity opens the file, it is damaged, or the edited text
            cannot be sealed; with line and column where there are any.
    """
    opened = open_file(before, file=file, keyring=keyring)
    shown = print_opened(opened)
    if plain == shown:
        return before
    return close_file(frame_of(opened, shown, merge), plain, now=now)


def frame_of(opened: Opened, shown: str, merge: Merge = as_written) -> Frame:
    """Prepare to close a file again.

    Args:
        opened: The sealed file.
        shown: The same in plain text, before anybody edited it.
        merge: As for `seal`.

    Raises:
        SecretError: Its credentials were sealed for another destination: the edit
            must not bless that silently.
    """
    is_connection = _is_connection(opened, shown)
    if is_connection:
        refuse_other_destination(opened, merge)
    return Frame(
        opened=opened,
        merge=merge,
        is_connection=is_connection,
        blocks=blocks_of(opened.parsed, parse_file(shown, file=opened.parsed.file)),
        kept=_kept(opened),
        notes=notes_of(opened),
        paths=frozenset(
            (number, leaf.path)
            for number, root in opened.parsed.trees
            for leaf in leaves(root, opened.metadata.rule)
        ),
    )


def close_file(frame: Frame, plain: str, *, now: datetime) -> str:
    """Seal an edited text into its frame.

    Raises:
        DocumentError: As `reseal`.
        SecretError: As `reseal`.
    """
    edited = read_edited(frame, plain)
    if frame.is_connection and not needs_sealing(frame, edited):
        return edited.bom + _without_binding(edited)
    edits = [*value_edits(frame, edited), *note_edits(frame, edited)]
    for block in frame.blocks:
        edits += put_back(edited, block, frame.opened.metadata)
    whole = readable_by_sops(apply_edits(edited.body, edits), file=edited.file)
    body = _with_mac(frame.opened, whole, stamp_of(now))
    _prove(frame, edited, body)
    return edited.bom + body


def _is_connection(opened: Opened, shown: str) -> bool:
    """Tell whether a file is one of our documents, by what it was before the edit."""
    plain = opened.plain
    if len(plain) != 1 or not isinstance(plain[0].get("credentials"), dict):
        return False
    _, problems = parse(shown, file=opened.parsed.file)
    return suits_connections(opened.metadata.rule) and not problems


def refuse_other_destination(opened: Opened, merge: Merge = as_written) -> None:
    """Refuse a file whose credentials were sealed for another destination.

    Raises:
        SecretError: What the binding covers changed since.
    """
    parsed = opened.parsed
    found = unseal_with(
        parsed.documents[0],
        opened.metadata,
        opened.cipher,
        file=parsed.file,
        merge=merge,
    )
    if found.binding_state is BindingState.MISMATCH:
        raise rebind_needed(parsed.file)


def _kept(opened: Opened) -> dict[tuple[int, Path], Kept]:
    found = {}
    body = opened.parsed.body
    for number, root in opened.parsed.trees:
        for leaf in sealed_leaves(root, opened.metadata.rule):
            value = decode(*decrypt(opened.cipher, leaf.node.value, leaf.aad))
            if not isinstance(value, Comment):
                written = body[leaf.node.start_mark.index : scalar_end(body, leaf.node)]
                found[number, leaf.path] = Kept(
                    value=value, sealed=leaf.node.value, as_written=written,
                    in_flow=leaf.in_flow,
                )  # fmt: skip
    return found


def _without_binding(edited: Parsed) -> str:
    """Leave a connection without credentials as the public one that it now is."""
    root = dict(edited.trees)[0]
    names = [name.value for name, _ in root.value]
    if "binding" not in names:
        return edited.body
    gone = removed_member(edited.body, root, names.index("binding"))
    return apply_edits(edited.body, [gone])


def _with_mac(opened: Opened, body: str, stamp: str) -> str:
    """Seal the MAC anew; when it covers just what it did, it stays."""
    parsed = parse_file(body, file=opened.parsed.file)
    metadata = opened.metadata
    hasher = Hasher(only_encrypted=metadata.mac_only_encrypted)
    decrypt_values(
        parsed.documents, metadata.rule, opened.cipher, hasher=hasher, file=parsed.file
    )
    digest = hasher.hexdigest()
    if digest == opened.digest:
        return body
    iv = os.urandom(IV_BYTES)
    mac = seal_mac(opened.cipher, digest, lastmodified=stamp, iv=iv)
    version = newer_version(metadata, metadata.wrapped, sealed=body)
    new = {"lastmodified": f'"{stamp}"', "mac": mac, **version}
    edits = [edit for _, root in parsed.trees for edit in set_metadata(root, new, body)]
    return apply_edits(body, edits)


def _prove(frame: Frame, edited: Parsed, body: str) -> None:
    """Read the sealed text back; it must say what the person wrote."""
    expected = edited.documents
    if frame.is_connection and expected[0].get("credentials"):
        bound = binding_digest(frame.merge(expected[0]))
        expected = [{**expected[0], "binding": bound}]
    file = edited.file
    parsed = parse_file(body, file=file)
    metadata = read_metadata(parsed.documents[0], file=file)
    after = verified(parsed, metadata, frame.opened.cipher).plain
    if _comparable(after) != _comparable(expected):
        raise SecretError(
            f"{file}: it cannot be sealed without changing other values; end the file"
            " with a line break, and write sealed values as plain 'key: value' lines"
        )


def _comparable(documents: Sequence[Plain]) -> str:
    return repr([sorted(one.items(), key=itemgetter(0)) for one in documents])
