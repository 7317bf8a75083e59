"""Replacing credentials without a key: nothing old is opened, all is sealed anew.

sops users cannot replace a secret without the private key. But whoever knows every
new value needs no old one: a fresh data key for the same recipients will do.
"""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet

from reconciler.adapters.sops.age.key_groups import Recipients, wrap_key
from reconciler.adapters.sops.block import Metadata, newer_version, read_metadata
from reconciler.adapters.sops.change.block_place import blocks_of
from reconciler.adapters.sops.change.edited import Frame
from reconciler.adapters.sops.change.key_section import set_keys
from reconciler.adapters.sops.change.plain_edits import Steps
from reconciler.adapters.sops.envelope import KEY_BYTES, PREFIX, Cipher, new_cipher
from reconciler.adapters.sops.opened import Opened, Parsed, parse_file, sealed_leaves
from reconciler.adapters.sops.places import remove_block, set_metadata, set_scalar
from reconciler.adapters.sops.rules import suits_connections
from reconciler.adapters.sops.spans import apply_edits
from reconciler.core.defaults import Merge, as_written


def frame_without_key(
    text: str,
    paths: AbstractSet[Steps],
    *,
    file: str,
    to: Recipients | None,
    merge: Merge = as_written,
) -> tuple[Frame, str] | None:
    """Prepare a file of which every sealed value is replaced, for a new data key.

    Nothing of it is opened, so nothing of it is verified either: what the new
    credentials are bound to is what the file says now.

    Args:
        text: The sealed file.
        paths: Where values will be replaced.
        file: What to call it in messages.
        to: For whom; None keeps those of the file.
        merge: As for `seal`.

    Returns:
        The frame, and the text with empty places; None when something would stay
        sealed that nobody here can open.
    """
    parsed = parse_file(text, file=file)
    metadata = read_metadata(parsed.documents[0], file=file)
    root = parsed.roots[0]
    if root is None or not _is_replaceable(parsed, metadata, to):
        return None
    sealed = {tuple(map(str, leaf.path)) for leaf in sealed_leaves(root, metadata.rule)}
    if not sealed - {("binding",)} <= paths:
        return None
    key = os.urandom(KEY_BYTES)
    wrapped = wrap_key(to or Recipients.in_file(metadata.wrapped), key)
    version = newer_version(metadata, wrapped, sealed="")
    body = apply_edits(
        parsed.body,
        [
            *set_keys(parsed.body, root, wrapped),
            *set_metadata(root, version, parsed.body),
        ],
    )
    emptied = parse_file(parsed.bom + body, file=file)
    return _empty_frame(emptied, new_cipher(key), merge)


def _is_replaceable(
    parsed: Parsed, metadata: Metadata, recipients: Recipients | None
) -> bool:
    """Tell whether a new key would lock nobody out and lose nothing but values."""
    for_all = recipients is not None or not metadata.foreign
    notes = f"#{PREFIX}" in parsed.body
    return suits_connections(metadata.rule) and for_all and not notes


def _empty_frame(parsed: Parsed, cipher: Cipher, merge: Merge) -> tuple[Frame, str]:
    metadata = read_metadata(parsed.documents[0], file=parsed.file)
    edits = []
    for _, root in parsed.trees:
        block = remove_block(parsed.body, root)
        edits += [block] if block else []
        edits += [
            set_scalar(parsed.body, leaf.node, '""', in_flow=False)
            for leaf in sealed_leaves(root, metadata.rule)
        ]
    shown = parsed.bom + apply_edits(parsed.body, edits)
    opened = Opened(
        parsed=parsed, metadata=metadata, cipher=cipher, plain=[], digest=""
    )
    frame = Frame(
        opened=opened, is_connection=True, kept={}, notes=(), paths=frozenset(),
        merge=merge,
        blocks=blocks_of(parsed, parse_file(shown, file=parsed.file)),
    )  # fmt: skip
    return frame, shown
