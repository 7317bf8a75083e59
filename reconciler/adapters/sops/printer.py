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
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

import yaml

from reconciler.adapters.dialect import typed
from reconciler.adapters.documents import Node
from reconciler.adapters.sops.age.keyring import Keyring
from reconciler.adapters.sops.envelope import decrypt
from reconciler.adapters.sops.opened import (
    Opened,
    open_file,
    parse_file,
    sealed_comments,
    sealed_leaves,
)
from reconciler.adapters.sops.places import remove_block
from reconciler.adapters.sops.scalars import decode, format_float, resolve
from reconciler.adapters.sops.spans import (
    Edit,
    Leaf,
    apply_edits,
    break_of,
    line_end,
    scalar_end,
)
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
    return print_opened(open_file(text, file=file, keyring=keyring))


def print_opened(opened: Opened) -> str:
    """Return a file that was opened and verified as plain text, in its own layout.

    Raises:
        SecretError: Its layout cannot be kept, or a sealed comment was changed.
    """
    parsed = opened.parsed
    edits: dict[tuple[int, int], Edit] = {}
    for root in filter(None, parsed.roots):
        for edit in _plain_edits(opened, root):
            # An alias shows its anchor's text again: one place, one edit.
            edits[edit.start, edit.end] = edit
    for _, found in sealed_comments(opened):
        new = comment_text(found.comment, parsed.body)
        edits[found.place.start, found.place.end] = Edit(
            start=found.place.start, end=found.place.end, text=new
        )
    plain = apply_edits(parsed.body, edits.values())
    if repr(parse_file(plain, file=parsed.file).documents) != repr(opened.plain):
        raise SecretError(
            f"{parsed.file}: its layout cannot be kept; decrypt it with sops"
        )
    return parsed.bom + plain


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


_SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+=@-]*")
_FRAGILE: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_LINES: Final = re.compile(r"[\x21-\x7e][\t\n\x20-\x7e]*[\x21-\x7e]\n?")


def _plain_edits(opened: Opened, root: yaml.MappingNode) -> Iterator[Edit]:
    text = opened.parsed.body
    block = remove_block(text, root)
    if block:
        yield block
    notes: set[int] = set()
    for leaf in sealed_leaves(root, opened.metadata.rule):
        value = decode(*decrypt(opened.cipher, leaf.node.value, leaf.aad))
        if isinstance(value, Comment):
            notes.add(leaf.node.start_mark.index)
            yield _comment_line(leaf, value, text, opened.parsed.file)
        else:
            yield plain_scalar(leaf, value, text)
    yield from _emptied_lists(text, root, notes)


def plain_scalar(leaf: Leaf, value: Scalar, text: str) -> Edit:
    """Write a value in plain text over a scalar."""
    start, end = leaf.node.start_mark.index, scalar_end(text, leaf.node)
    alone = not leaf.in_flow and not text[end : line_end(text, end)].strip()
    if alone and isinstance(value, str) and _is_block(value):
        return Edit(start=start, end=end, text=_block_text(value, leaf, text))
    return Edit(start=start, end=end, text=emit(value, in_flow=leaf.in_flow))


def _comment_line(leaf: Leaf, value: Comment, text: str, file: str) -> Edit:
    """Write a comment that was sealed as an item of a list as a comment again."""
    if leaf.in_flow or not leaf.in_list:
        raise SecretError(f"{file}: a sealed comment stands where none can be", code=25)
    start: int = leaf.node.start_mark.index
    dash = text.rfind("-", 0, start)
    end = scalar_end(text, leaf.node)
    return Edit(start=dash, end=end, text=comment_text(value, text))


def _emptied_lists(text: str, node: Node, notes: AbstractSet[int]) -> Iterator[Edit]:
    """Write `[]` for lists of which nothing but comments is left.

    sops makes the comment behind an empty list an item of it.
    """
    if not notes or isinstance(node, yaml.ScalarNode):
        return
    for one in node.value:
        name, child = one if isinstance(one, tuple) else (None, one)
        if not _holds_only(child, notes):
            yield from _emptied_lists(text, child, notes)
            continue
        if name is None:
            # `- - ENC[…]`: behind the outer dash, where the inner one goes.
            start = text.rfind("-", 0, child.value[0].start_mark.index)
            yield Edit(start=start, end=start, text="[] ")
            continue
        colon = _COLON.match(text, name.end_mark.index)
        if colon:
            yield Edit(start=colon.end(), end=colon.end(), text=" []")


_COLON: Final = re.compile(r"\s*:(?:[ \t]+[&!][^\s,]*)*")
"""Behind a key, with the anchor and the tag of its value."""


def _holds_only(node: Node, notes: AbstractSet[int]) -> bool:
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    return bool(items) and all(item.start_mark.index in notes for item in items)


def _is_block(text: str) -> bool:
    return "\n" in text.removesuffix("\n") and bool(_LINES.fullmatch(text))


def _block_text(value: str, leaf: Leaf, text: str) -> str:
    """Write several lines (a certificate, say) as a block that a person can read."""
    indent = break_of(text) + " " * (leaf.column + 4)
    lines = value.removesuffix("\n").split("\n")
    body = "".join(indent + line if line else break_of(text) for line in lines)
    return f"|{'' if value.endswith(chr(10)) else '-'}{body}"


def comment_text(comment: Comment, text: str) -> str:
    """Write a comment with its hash sign; `text` gives the line breaks."""
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
