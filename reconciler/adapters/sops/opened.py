"""A sealed file, taken apart and verified: where every writing operation begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from reconciler.adapters.documents import BOM
from reconciler.adapters.sops.age.keyring import Keyring, data_key
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.adapters.sops.envelope import (
    PREFIX,
    Cipher,
    decrypt,
    looks_sealed,
    new_cipher,
)
from reconciler.adapters.sops.mac import Hasher, verify_mac
from reconciler.adapters.sops.reader import decrypt_values
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.scalars import decode
from reconciler.adapters.sops.spans import (
    Leaf,
    TextComment,
    comments,
    containers,
    leaves,
)
from reconciler.adapters.sops.tree import Plain, load_nodes, plain_documents
from reconciler.adapters.sops.values import Comment
from reconciler.core.errors import SecretError


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The text of a file and what it says, without any key."""

    file: str
    bom: str
    body: str = field(repr=False)
    """The text behind the byte order mark; marks count from here."""
    roots: list[yaml.MappingNode | None] = field(repr=False)
    """One per document; None for an empty one."""
    documents: list[Plain] = field(repr=False)

    @property
    def trees(self) -> Iterator[tuple[int, yaml.MappingNode]]:
        """The documents that hold something, with their number."""
        return ((at, root) for at, root in enumerate(self.roots) if root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file of which every value and the MAC were verified."""

    parsed: Parsed
    metadata: Metadata
    cipher: Cipher = field(repr=False)
    plain: list[Plain] = field(repr=False)
    """Typed values by document, without `sops` and without sealed comments."""
    digest: str = field(repr=False)
    """What the MAC seals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedComment:
    """A sealed comment of a text, opened."""

    place: TextComment
    aad: str
    comment: Comment = field(repr=False)


def parse_file(text: str, *, file: str) -> Parsed:
    """Take a file apart.

    Raises:
        SecretError: It is not YAML that sops could read; names line and column.
    """
    bom, body = text[: text.startswith(BOM)], text.removeprefix(BOM)
    roots = load_nodes(body, file=file)
    documents = plain_documents(roots, file=file)
    return Parsed(file=file, bom=bom, body=body, roots=roots, documents=documents)


def open_file(text: str, *, file: str, keyring: Keyring) -> Opened:
    """Take a sealed file apart, open it and verify every value and the MAC.

    Raises:
        SecretError: As `reader.unseal`, with the exit codes of sops.
    """
    parsed = parse_file(text, file=file)
    metadata = read_metadata(parsed.documents[0], file=file)
    cipher = new_cipher(data_key(metadata, keyring, file=file))
    return verified(parsed, metadata, cipher)


def verified(parsed: Parsed, metadata: Metadata, cipher: Cipher) -> Opened:
    """Open a file with its data key.

    Raises:
        SecretError: A value cannot be opened (25) or the MAC differs (51).
    """
    hasher = Hasher(only_encrypted=metadata.mac_only_encrypted)
    plain = decrypt_values(
        parsed.documents, metadata.rule, cipher, hasher=hasher, file=parsed.file
    )
    digest = hasher.hexdigest()
    verify_mac(
        cipher, metadata.mac, digest, lastmodified=metadata.lastmodified,
        file=parsed.file,
    )  # fmt: skip
    return Opened(
        parsed=parsed, metadata=metadata, cipher=cipher, plain=plain, digest=digest
    )


def sealed_leaves(root: yaml.MappingNode, rule: Rule) -> Iterator[Leaf]:
    """Yield the leaves of a document that are sealed, comments in lists included."""
    for leaf in leaves(root, rule):
        if (leaf.sealed or rule.by_look) and looks_sealed(leaf.node.value):
            yield leaf


def comments_by_document(parsed: Parsed) -> dict[int, list[TextComment]]:
    """Return the comments of a text by the number of their document."""
    found = list(comments(parsed.body)) if "#" in parsed.body else []
    result: dict[int, list[TextComment]] = {}
    above, last = 0, len(parsed.roots) - 1
    for number, root in parsed.trees:
        end = len(parsed.body) if number == last else root.end_mark.index
        result[number] = [one for one in found if above <= one.start < end]
        above = end
    return result


def sealed_comments(opened: Opened) -> Iterator[tuple[int, SealedComment]]:
    """Yield the sealed comments of a file with the number of their document.

    Raises:
        SecretError: One cannot be opened anywhere in its document (25).
    """
    parsed = opened.parsed
    if f"#{PREFIX}" not in parsed.body:
        return
    own = comments_by_document(parsed)
    for number, root in parsed.trees:
        places = list(dict.fromkeys(aad for _, aad in containers(root)))
        for one in own[number]:
            if looks_sealed(one.text):
                yield number, _opened(one, places, opened)


def _opened(place: TextComment, places: list[str], opened: Opened) -> SealedComment:
    """Find the mapping that a comment belongs to: only its path opens it."""
    for aad in places:
        try:
            found = decode(*decrypt(opened.cipher, place.text.strip(), aad))
        except SecretError:
            continue
        if isinstance(found, Comment):
            return SealedComment(place=place, aad=aad, comment=found)
    raise SecretError(
        f"{opened.parsed.file}: a sealed comment was changed or moved", code=25
    )
