"""A sealed file as plain text: `sops -d`, but with the author's layout kept.

Each sealed scalar is replaced where it stands, sealed comments are opened, and the
`sops` block goes. A replaced value is quoted whenever any YAML reader could take
the plain text for something else.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import yaml

from reconciler.adapters.dialect import typed
from reconciler.adapters.documents import BOM
from reconciler.adapters.sops.block import read_metadata
from reconciler.adapters.sops.envelope import (
    PREFIX,
    Cipher,
    decrypt,
    looks_sealed,
    new_cipher,
)
from reconciler.adapters.sops.keyring import Keyring, data_key
from reconciler.adapters.sops.places import remove_block
from reconciler.adapters.sops.reader import open_documents
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.scalars import decode, format_float, resolve
from reconciler.adapters.sops.spans import (
    Edit,
    Leaf,
    TextComment,
    apply_edits,
    break_of,
    comments,
    containers,
    leaves,
    line_end,
    scalar_end,
)
from reconciler.adapters.sops.tree import Plain, load_nodes, plain_documents
from reconciler.adapters.sops.values import Comment, Scalar, Timestamp
from reconciler.core.errors import SecretError


def decrypt_document(text: str, *, file: str, keyring: Keyring) -> str:
    """Return a whole sealed file in plain text; verifies every value and the MAC.

    Values and types equal those of `sops -d`, with one exception for the better: a
    whole float is written `1.0`, not `1`, so that sealing it again keeps its type.
    Anchors in plain parts stay anchors. The result holds credentials in plain text:
    keep it in memory, or in a file of mode 0600.

    Args:
        text: The file, also of several documents, also written by real sops.
        file: What to call it in messages.
        keyring: The identities to try.

    Raises:
        SecretError: As `unseal`, with the exit codes of sops. Holds no value.
    """
    bom, body = text[: text.startswith(BOM)], text.removeprefix(BOM)
    roots = load_nodes(body, file=file)
    documents = plain_documents(roots, file=file)
    metadata = read_metadata(documents[0], file=file)
    cipher = new_cipher(data_key(metadata, keyring, file=file))
    opened = open_documents(documents, metadata, cipher, file=file)
    found = list(comments(body)) if f"#{PREFIX}" in body else []
    edits: dict[tuple[int, int], Edit] = {}
    above = 0
    for root in filter(None, roots):
        end = len(body) if root is roots[-1] else root.end_mark.index
        own = [one for one in found if above <= one.start < end]
        opener = _Printer(body, root, metadata.rule, cipher, file)
        for edit in (*opener.values(), *opener.comments(own)):
            # An alias shows its anchor's text again: one place, one edit.
            edits[edit.start, edit.end] = edit
        above = end
    plain = apply_edits(body, edits.values())
    if repr(_read_back(plain, file)) != repr(opened):
        raise SecretError(f"{file}: its layout cannot be kept; decrypt it with sops")
    return bom + plain


def emit(value: Scalar, *, in_flow: bool) -> str:
    """Write a value as one line of YAML that every reader types the same."""
    if isinstance(value, str):
        return value if not in_flow and _is_safe(value) else _quoted(value)
    if isinstance(value, bytes):
        return f'!!binary "{b64encode(value).decode("ascii")}"'
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Timestamp | Comment):
        return value.text
    return json.dumps(value)


def _read_back(text: str, file: str) -> list[Plain]:
    return plain_documents(load_nodes(text, file=file), file=file)


_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+=@-]*")
_FRAGILE: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LINES: Final = re.compile(r"[\x21-\x7e][\t\n\x20-\x7e]*[\x21-\x7e]\n?")


@dataclass(frozen=True, slots=True)
class _Printer:
    """One document of the file, and what it takes to open its values."""

    text: str = field(repr=False)
    root: yaml.MappingNode = field(repr=False)
    rule: Rule
    cipher: Cipher = field(repr=False)
    file: str

    def values(self) -> Iterator[Edit]:
        block = remove_block(self.text, self.root)
        if block:
            yield block
        for leaf in leaves(self.root, self.rule):
            if (leaf.sealed or self.rule.by_look) and looks_sealed(leaf.node.value):
                value = decode(*decrypt(self.cipher, leaf.node.value, leaf.aad))
                yield self.plain(leaf, value)

    def plain(self, leaf: Leaf, value: Scalar) -> Edit:
        text, start = self.text, leaf.node.start_mark.index
        end = scalar_end(text, leaf.node)
        if isinstance(value, Comment):
            if leaf.in_flow or not leaf.in_list:
                raise SecretError(
                    f"{self.file}: a sealed comment stands where none can be", code=25
                )
            dash = text.rfind("-", 0, start)
            return Edit(start=dash, end=end, text=_comment_text(value, text))
        alone = not leaf.in_flow and not text[end : line_end(text, end)].strip()
        if alone and isinstance(value, str) and _is_block(value):
            return Edit(start=start, end=end, text=_block_text(value, leaf, text))
        return Edit(start=start, end=end, text=emit(value, in_flow=leaf.in_flow))

    def comments(self, own: Sequence[TextComment]) -> Iterator[Edit]:
        places = list(dict.fromkeys(aad for _, aad in containers(self.root)))
        for comment in own:
            if comment.text.startswith(PREFIX):
                opened = _open_comment(comment, places, self.cipher)
                if opened is None:
                    why = f"{self.file}: a sealed comment was changed or moved"
                    raise SecretError(why, code=25)
                new = _comment_text(opened, self.text)
                yield Edit(start=comment.start, end=comment.end, text=new)


def _is_block(text: str) -> bool:
    return "\n" in text.removesuffix("\n") and bool(_LINES.fullmatch(text))


def _block_text(value: str, leaf: Leaf, text: str) -> str:
    """Write several lines (a certificate, say) as a block that a person can read."""
    indent = break_of(text) + " " * (leaf.column + 4)
    lines = value.removesuffix("\n").split("\n")
    body = "".join(indent + line if line else break_of(text) for line in lines)
    return f"|{'' if value.endswith(chr(10)) else '-'}{body}"


def _open_comment(
    comment: TextComment, places: list[str], cipher: Cipher
) -> Comment | None:
    """Find the mapping that a comment belongs to: only its path opens it."""
    for aad in places:
        try:
            opened = decode(*decrypt(cipher, comment.text.strip(), aad))
        except SecretError:
            continue
        return opened if isinstance(opened, Comment) else None
    return None


def _comment_text(comment: Comment, text: str) -> str:
    return "#" + comment.text.replace("\n", f"{break_of(text)}#")


def _float_text(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    text = format_float(value)
    return text if "." in text else f"{text}.0"


def _is_safe(text: str) -> bool:
    """Tell whether plain text stays this text for every YAML reader."""
    if not _SAFE.fullmatch(text) or typed(text) != (True, text):
        return False
    return resolve(text, plain=True) == text


def _quoted(text: str) -> str:
    """Quote with escapes that are valid in YAML and in JSON."""
    escaped = json.dumps(text, ensure_ascii=False)
    return _FRAGILE.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped)
