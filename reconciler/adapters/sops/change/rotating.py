"""A new data key for a file: everything sealed anew, and nothing else touched.

sops reuses the nonces when it rotates; here every one is new. That does not take
from anybody what they read before: only a new value at the provider does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

import yaml

from reconciler.adapters.sops.age.key_groups import Recipients, WrappedKey, wrap_key
from reconciler.adapters.sops.age.keyring import Keyring
from reconciler.adapters.sops.block import newer_version, read_metadata
from reconciler.adapters.sops.change.key_section import set_keys
from reconciler.adapters.sops.change.limits import stamp_of
from reconciler.adapters.sops.change.reruling import follow_rule
from reconciler.adapters.sops.envelope import (
    IV_BYTES,
    KEY_BYTES,
    Cipher,
    decrypt,
    encrypt,
    new_cipher,
)
from reconciler.adapters.sops.escapes import readable_by_sops
from reconciler.adapters.sops.mac import seal_mac
from reconciler.adapters.sops.opened import (
    Opened,
    open_file,
    parse_file,
    sealed_comments,
    sealed_leaves,
    verified,
)
from reconciler.adapters.sops.places import set_metadata, set_sealed
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.scalars import encode
from reconciler.adapters.sops.spans import Edit, apply_edits
from reconciler.core.defaults import Merge, as_written
from reconciler.core.errors import SecretError


def rotate(  # noqa: PLR0913  # one public door with everything it depends on
    text: str,
    *,
    file: str,
    keyring: Keyring,
    now: datetime,
    recipients: Recipients | None = None,
    rule: Rule | None = None,
    only_encrypted: bool | None = None,
    merge: Merge = as_written,
) -> str:
    """Seal a whole file anew under a new data key; verifies it first.

    Args:
        text: The file; any sops YAML or JSON, also of several documents.
        file: What to call it in messages.
        keyring: The identities to try.
        now: Becomes `lastmodified`; aware, cut to seconds.
        recipients: For whom; None keeps those of the file.
        rule: Which values of a connection to seal from now on, where it suits one;
            None keeps the file's own rule, as does any other file.
        only_encrypted: Whether a connection's MAC leaves the plain values out from
            now on; None keeps what the file says.
        merge: As for `seal`.

    Returns:
        The same text with every sealed value, the keys, `lastmodified` and `mac` new.
        A connection that comes under another rule has its block at the end.

    Raises:
        SecretError: No identity opens the file, something in it is damaged, or
            somebody could not open it any more (a key that is not age).
    """
    opened = open_file(text, file=file, keyring=keyring)
    _refuse_foreign(opened)
    opened = follow_rule(
        opened,
        keyring=keyring,
        now=now,
        rule=rule,
        only_encrypted=only_encrypted,
        merge=merge,
    )
    key = os.urandom(KEY_BYTES)
    cipher = new_cipher(key)
    wanted = recipients or Recipients.in_file(opened.metadata.wrapped)
    wrapped = wrap_key(wanted, key)
    stamp = stamp_of(now)
    mac = seal_mac(cipher, opened.digest, lastmodified=stamp, iv=os.urandom(IV_BYTES))
    edits = [*_values(opened, cipher), *_comments(opened, cipher)]
    for _, root in opened.parsed.trees:
        edits += _block(opened, root, wrapped, stamp=stamp, mac=mac)
    file = opened.parsed.file
    body = readable_by_sops(apply_edits(opened.parsed.body, edits), file=file)
    _prove(opened, body, cipher)
    return opened.parsed.bom + body


def _refuse_foreign(opened: Opened) -> None:
    foreign = opened.metadata.foreign
    if foreign:
        raise SecretError(
            f"{opened.parsed.file}: it is also sealed for {', '.join(foreign)}, which"
            " would not open it any more; rotate it with sops, or remove those keys"
            " first"
        )


def _values(opened: Opened, cipher: Cipher) -> Iterator[Edit]:
    body, done = opened.parsed.body, set()
    for _, root in opened.parsed.trees:
        for leaf in sealed_leaves(root, opened.metadata.rule):
            if leaf.node.start_mark.index in done:
                continue  # an alias shows its anchor again
            done.add(leaf.node.start_mark.index)
            raw, kind = decrypt(opened.cipher, leaf.node.value, leaf.aad)
            value = _sealed(cipher, raw, kind, leaf.aad)
            yield set_sealed(body, leaf.node, value, in_flow=leaf.in_flow)


def _comments(opened: Opened, cipher: Cipher) -> Iterator[Edit]:
    for _, found in sealed_comments(opened):
        value = _sealed(cipher, *encode(found.comment), found.aad)
        yield Edit(start=found.place.start, end=found.place.end, text=f"#{value}")


def _sealed(cipher: Cipher, raw: bytes, kind: str, aad: str) -> str:
    return encrypt(cipher, raw, kind, aad=aad, iv=os.urandom(IV_BYTES))


def _block(
    opened: Opened, root: yaml.MappingNode, wrapped: WrappedKey, *, stamp: str, mac: str
) -> list[Edit]:
    text = opened.parsed.body
    version = newer_version(opened.metadata, wrapped, sealed=text)
    new = {"lastmodified": f'"{stamp}"', "mac": mac, **version}
    return [*set_keys(text, root, wrapped), *set_metadata(root, new, text)]


def _prove(opened: Opened, body: str, cipher: Cipher) -> None:
    """Read the new text back; every value must be what it was."""
    parsed = parse_file(body, file=opened.parsed.file)
    metadata = read_metadata(parsed.documents[0], file=parsed.file)
    if repr(verified(parsed, metadata, cipher).plain) != repr(opened.plain):
        raise SecretError(
            f"{parsed.file}: its layout cannot be kept; rotate it with sops"
        )
