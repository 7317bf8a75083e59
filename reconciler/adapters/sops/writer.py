"""Sealing: credentials become `ENC[…]`, every other character stays.

Two passes over the text. The first seals what is in plain text and puts the binding
in place; the second, over the result, writes the MAC and the `sops:` block. At the
end the new file is read back and compared, so a place where YAML would have read
the edit differently is an error and never a damaged file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

import yaml

from reconciler.adapters.documents import BOM, compose, parse
from reconciler.adapters.sops.age.key_groups import Recipients, WrappedKey, wrap_key
from reconciler.adapters.sops.age.keyring import Keyring, data_key
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.adapters.sops.change.limits import (
    refuse_list_comments,
    refuse_sealed_destination,
    stamp_of,
)
from reconciler.adapters.sops.envelope import (
    IV_BYTES,
    KEY_BYTES,
    Cipher,
    decrypt,
    encrypt,
    looks_sealed,
    new_cipher,
)
from reconciler.adapters.sops.escapes import readable_by_sops
from reconciler.adapters.sops.mac import MISMATCH, Hasher, seal_mac
from reconciler.adapters.sops.places import (
    add_binding,
    add_block,
    set_metadata,
    set_scalar,
)
from reconciler.adapters.sops.reader import (
    decrypt_values,
    open_documents,
    rebind_needed,
)
from reconciler.adapters.sops.rules import (
    OURS,
    Rule,
    RuleKind,
    covers,
    suits_connections,
)
from reconciler.adapters.sops.scalars import encode
from reconciler.adapters.sops.spans import (
    Edit,
    Leaf,
    apply_edits,
    leaves,
)
from reconciler.adapters.sops.tree import scalar_of
from reconciler.core.binding import binding_digest, bound_fields
from reconciler.core.defaults import Merge, as_written
from reconciler.core.errors import DocumentError, SecretError

BINDING_AAD: Final = "binding:"


def seal(  # noqa: PLR0913  # one public door with everything it depends on
    text: str,
    *,
    file: str,
    recipients: Recipients,
    now: datetime,
    reuse: Keyring | None = None,
    rebind: bool = False,
    rule: Rule | None = None,
    only_encrypted: bool | None = None,
    merge: Merge = as_written,
) -> str:
    """Seal the credentials of one connection file, and bind them.

    Only plain scalars below `credentials` (at any depth, as the rule
    `^(credentials|binding)$` says), the `binding` and the `sops` block are written.
    An empty text and a null stay as they are: sops seals neither. Idempotent: a file
    that needs nothing comes back as the same text.

    In a file that is sealed already, sealed values keep their ciphertext, new plain
    values are sealed with the same data key, and its recipients stay (changing them
    is `updatekeys`). A binding that is missing is added.

    Args:
        text: The file. It must pass `documents.parse`.
        file: What to call it in messages.
        recipients: For whom, in a file that is not sealed yet.
        now: Becomes `lastmodified`; aware, cut to seconds.
        reuse: Opens a file that is sealed already. When it cannot, such a file is
            returned as it is, or refused when there is something to seal.
        rebind: Accept what was changed without the key (a bound field, a removed
            credential) and bind anew. Only after review.
        rule: What to seal in a file that is not sealed yet, from `.sops.yaml`; None
            for credentials and binding alone.
        only_encrypted: Whether the MAC leaves the plain values out, so that they may
            be edited without a key; None for yes.
        merge: From what the file says to what holds for it: that is what it is bound
            to.

    Returns:
        The sealed text; `text` itself when nothing is to be done.

    Raises:
        DocumentError: The file is not in our dialect; seal nothing that is unclear.
        SecretError: No recipient or a bad one, no identity opens the file, a
            comment in a list of credentials, a binding that differs. Holds no value.
    """
    source, problems = parse(text, file=file)
    if problems:
        raise DocumentError(problems)
    data = source.data or {}
    if not data.get("credentials"):
        return text
    bom, body = text[: text.startswith(BOM)], text.removeprefix(BOM)
    job = _Job(file=file, data=data, whole=merge(data), stamp=stamp_of(now))
    if "sops" in data:
        return bom + _seal_again(job, body, reuse=reuse, rebind=rebind)
    only = only_encrypted is not False
    return bom + _seal_first(job, body, recipients, rule or OURS, only_encrypted=only)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What both ways of sealing need."""

    file: str
    data: Mapping[str, Any] = field(repr=False)
    whole: Mapping[str, Any] = field(repr=False)
    """With what its folder's defaults add."""
    stamp: str

    def refused(self, why: str) -> SecretError:
        return SecretError(f"{self.file}: {why}")


def _seal_first(
    job: _Job, body: str, recipients: Recipients, rule: Rule, *, only_encrypted: bool
) -> str:
    if not suits_connections(rule):
        raise job.refused(
            f"the rule {rule.kind.value}: {rule.pattern} of .sops.yaml does not suit a"
            f" connection: it must seal 'credentials' and 'binding', and nothing of"
            f" {bound_fields()}; write {OURS.kind.value}: {OURS.pattern} there, or no"
            " rule at all"
        )
    todo = [leaf for leaf in leaves(_root(body), rule) if _to_seal(leaf)]
    if not [leaf for leaf in todo if leaf.aad != BINDING_AAD]:
        return body
    if any(looks_sealed(leaf.node.value) for leaf in todo):
        raise job.refused(
            "a credential looks sealed, but there is no 'sops' block that could open"
            " it; restore the block from Git, or replace the credential"
        )
    refuse_sealed_destination(job.file, _root(body), rule)
    refuse_list_comments(job.file, body, rule)
    if isinstance(job.data.get("binding"), dict | list):
        raise job.refused("'binding' is not text; remove it, it is written anew")
    key = os.urandom(KEY_BYTES)
    cipher = new_cipher(key)
    wrapped = _wrapped(job, recipients, key)
    sealed = _seal_values(job, body, todo, cipher, bind=True)
    digest = _digest(job, sealed, rule, cipher, only_encrypted=only_encrypted)
    mac = seal_mac(cipher, digest, lastmodified=job.stamp, iv=_iv())
    edit = add_block(
        sealed, _root(sealed), wrapped, rule, stamp=job.stamp, mac=mac,
        only_encrypted=only_encrypted,
    )  # fmt: skip
    return _proven(job, apply_edits(sealed, [edit]), cipher, rule)


def _seal_again(job: _Job, body: str, *, reuse: Keyring | None, rebind: bool) -> str:
    metadata = read_metadata(job.data, file=job.file)
    if not (metadata.mac and metadata.lastmodified):
        raise job.refused(
            "its 'sops' block has no MAC; restore the block from Git, or decrypt the"
            " file with sops --ignore-mac and encrypt it again"
        )
    rule = _usable_rule(job, metadata)
    todo = [
        leaf
        for leaf in leaves(_root(body), rule)
        if _to_seal(leaf) and not looks_sealed(leaf.node.value)
    ]
    is_bound = looks_sealed(job.data.get("binding"))
    try:
        cipher = new_cipher(data_key(metadata, reuse or Keyring(), file=job.file))
    except SecretError:
        if todo or rebind or not is_bound:
            raise
        return body  # nothing to do that we can see, and nobody asked to look
    genuine = bool(todo) or _is_genuine(job, metadata, cipher, rebind=rebind)
    bind = _needs_binding(job, cipher, rebind=rebind)
    if genuine and not todo and not bind:
        return body
    refuse_sealed_destination(job.file, _root(body), rule)
    refuse_list_comments(job.file, body, rule)
    sealed = _seal_values(job, body, todo, cipher, bind=bind)
    only = metadata.mac_only_encrypted
    digest = _digest(job, sealed, rule, cipher, only_encrypted=only)
    mac = seal_mac(cipher, digest, lastmodified=job.stamp, iv=_iv())
    new = {"lastmodified": f'"{job.stamp}"', "mac": mac}
    if rule != metadata.rule:
        new[rule.kind.value] = rule.pattern
    edits = set_metadata(_root(sealed), new, sealed)
    return _proven(job, apply_edits(sealed, edits), cipher, rule)


def _usable_rule(job: _Job, metadata: Metadata) -> Rule:
    """Return the rule to seal by: the file's own, widened to cover the binding."""
    rule = metadata.rule
    if rule.kind is not RuleKind.ENCRYPTED_REGEX or not covers(rule, "credentials"):
        raise job.refused(
            f"it was sealed with the rule {rule.kind.value}: {rule.pattern}, which"
            " does not seal just the credentials; decrypt it, remove its 'sops'"
            " block and encrypt it again"
        )
    if covers(rule, "binding"):
        return rule
    if rule.pattern != "^credentials$":
        raise job.refused(
            f"its rule {rule.kind.value}: {rule.pattern} does not cover 'binding';"
            f" change it to {OURS.pattern} with sops, then encrypt again"
        )
    return OURS


def _is_genuine(job: _Job, metadata: Metadata, cipher: Cipher, *, rebind: bool) -> bool:
    """Verify a file in which nothing is new; after review a mismatch may pass."""
    try:
        open_documents([job.data], metadata, cipher, file=job.file)
    except SecretError as error:
        if not (rebind and error.code == MISMATCH):
            raise
        return False
    return True


def _needs_binding(job: _Job, cipher: Cipher, *, rebind: bool) -> bool:
    """Tell whether a binding must be written; refuse one that differs, unasked."""
    old = job.data.get("binding")
    if old is not None and not isinstance(old, str):
        raise job.refused("'binding' is not text; remove it, it is written anew")
    if not looks_sealed(old):
        return True
    raw, _ = decrypt(cipher, str(old), BINDING_AAD)
    same = raw.decode("ascii", "replace") == binding_digest(job.whole)
    if not same and not rebind:
        raise rebind_needed(job.file)
    return not same


def _root(text: str) -> yaml.MappingNode:
    root = compose(text)[0]
    return cast("yaml.MappingNode", root)  # parse() saw to it


def _to_seal(leaf: Leaf) -> bool:
    return leaf.sealed and scalar_of(leaf.node) not in (None, "")


def _wrapped(job: _Job, recipients: Recipients, key: bytes) -> WrappedKey:
    if not recipients:
        raise job.refused(
            "there is nobody to seal for; name recipients in .sops.yaml, or make a"
            " key with 'reconcile keygen'"
        )
    return wrap_key(recipients, key)


def _iv() -> bytes:
    return os.urandom(IV_BYTES)


def _seal_values(
    job: _Job, body: str, todo: Sequence[Leaf], cipher: Cipher, *, bind: bool
) -> str:
    edits = [
        _sealed_leaf(body, leaf, cipher) for leaf in todo if leaf.aad != BINDING_AAD
    ]
    if bind:
        digest = binding_digest(job.whole).encode()
        value = encrypt(cipher, digest, "str", aad=BINDING_AAD, iv=_iv())
        edits.append(add_binding(body, _root(body), value))
    return apply_edits(body, edits)


def _sealed_leaf(body: str, leaf: Leaf, cipher: Cipher) -> Edit:
    raw, kind = encode(scalar_of(leaf.node))
    value = encrypt(cipher, raw, kind, aad=leaf.aad, iv=_iv())
    return set_scalar(body, leaf.node, value, in_flow=leaf.in_flow)


def _digest(
    job: _Job, text: str, rule: Rule, cipher: Cipher, *, only_encrypted: bool
) -> str:
    """Hash the new text as a reader will, which also proves that it opens."""
    source, _ = parse(text, file=job.file)
    hasher = Hasher(only_encrypted=only_encrypted)
    decrypt_values([source.data or {}], rule, cipher, hasher=hasher, file=job.file)
    return hasher.hexdigest()


def _proven(job: _Job, new: str, cipher: Cipher, rule: Rule) -> str:
    """Read the new text back; nothing but the binding may differ from the old."""
    new = readable_by_sops(new, file=job.file)
    source, problems = parse(new, file=job.file)
    data = source.data or {}
    ignored = Hasher(only_encrypted=True)
    before = decrypt_values(
        [job.data], rule, cipher, hasher=ignored, file=job.file, plain_ok=True
    )[0]
    after: dict[str, Any] = {}
    if not problems:
        metadata = read_metadata(data, file=job.file)
        after = open_documents([data], metadata, cipher, file=job.file)[0]
    expected = {**before, "binding": binding_digest(job.whole)}
    if repr(sorted(after.items())) != repr(sorted(expected.items())):
        raise job.refused(
            "it cannot be sealed without changing other values; end the file with a"
            " line break, and write the credentials as plain 'key: value' lines"
        )
    return new
