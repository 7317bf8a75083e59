"""Putting a `sops:` block back where it stood, into a text that was edited since.

The block goes behind the same key as before. Among the blank lines and comments
that follow the key it keeps its place as far as they are still the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

import yaml

from reconciler.adapters.sops.block import Metadata
from reconciler.adapters.sops.opened import Parsed
from reconciler.adapters.sops.places import add_block
from reconciler.adapters.sops.spans import (
    Edit,
    after_break,
    break_of,
    last_leaf,
    last_offset,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The block of one document, cut out."""

    document: int
    text: str = field(repr=False)
    """Whole lines; in flow style the member with the comma beside it."""
    keys: tuple[str, ...]
    """The keys above it, the nearest first."""
    above: tuple[str, ...]
    """The lines between the nearest key's value and the block."""
    below: tuple[str, ...]
    """The lines from the block to the next key, or to the document's end."""
    in_flow: bool


def blocks_of(before: Parsed, shown: Parsed) -> list[Block]:
    """Cut out the blocks of a sealed file.

    Args:
        before: The sealed file.
        shown: The same in plain text: the lines around the block are taken there.
    """
    plain = dict(shown.trees)
    return [
        _cut(before.body, root, number, shown.body, plain.get(number))
        for number, root in before.trees
        if any(name.value == "sops" for name, _ in root.value)
    ]


def put_back(edited: Parsed, block: Block, metadata: Metadata) -> list[Edit]:
    """Write a block into its document of an edited text.

    Returns:
        One edit; none when the document is gone.
    """
    root = dict(edited.trees).get(block.document)
    if root is None or not root.value:
        return []
    text = edited.body
    if bool(root.flow_style) != block.in_flow:
        return [_anew(text, root, metadata)]
    names = [name.value for name, _ in root.value]
    at = next((names.index(key) for key in block.keys if key in names), -1)
    return [(_flow_edit if block.in_flow else _line_edit)(text, root, block, at)]


def entry_end(text: str, node: Any) -> int:
    """Return where the line behind a value begins; block text keeps its blanks."""
    leaf = last_leaf(node)
    if isinstance(leaf, yaml.ScalarNode) and leaf.style in ("|", ">"):
        end: int = leaf.end_mark.index
        return end
    return after_break(text, last_offset(text, node))


def document_end(text: str, root: yaml.MappingNode) -> int:
    """Return where a document ends: at a marker, or with the text."""
    marker = _MARKER.search(text, entry_end(text, root) if root.value else 0)
    return marker.start() if marker else len(text)


_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_MARKER: Final = re.compile(r"^(?:\.\.\.|---)(?=\s|\Z)", re.MULTILINE)


def _cut(
    body: str, root: yaml.MappingNode, number: int, shown: str, plain: Any
) -> Block:
    index = next(at for at, pair in enumerate(root.value) if pair[0].value == "sops")
    name, node = root.value[index]
    keys = tuple(pair[0].value for pair in reversed(root.value[:index]))
    if root.flow_style:
        start, end = _flow_span(body, root, index)
        return Block(
            document=number, text=body[start:end], keys=keys, above=(), below=(),
            in_flow=True,
        )  # fmt: skip
    start = name.start_mark.index - name.start_mark.column
    text = body[start : after_break(body, last_offset(body, node))]
    lines = _between(shown, plain, index - 1) if plain else []
    # Counted from below: an item above may have become a comment, and so a line.
    gap = max(0, len(lines) - len(_between(body, root, index)))
    return Block(
        document=number, text=text, keys=keys, above=tuple(lines[:gap]),
        below=tuple(lines[gap:]), in_flow=False,
    )  # fmt: skip


def _flow_span(text: str, root: yaml.MappingNode, index: int) -> tuple[int, int]:
    end = last_offset(text, root.value[index][1])
    if index:
        return last_offset(text, root.value[index - 1][1]), end
    start = root.value[0][0].start_mark.index
    return start, root.value[1][0].start_mark.index if len(root.value) > 1 else end


def _between(text: str, root: yaml.MappingNode, index: int) -> list[str]:
    """Return the lines between a value and the next key; -1 is the document's head."""
    start = _gap_start(text, root, index)
    return _lines(text[start : _next_start(text, root, index)])


def _gap_start(text: str, root: yaml.MappingNode, index: int) -> int:
    if index >= 0:
        return entry_end(text, root.value[index][1])
    markers = list(_MARKER.finditer(text, 0, root.start_mark.index))
    return after_break(text, markers[-1].start()) if markers else 0


def _next_start(text: str, root: yaml.MappingNode, index: int) -> int:
    if index + 1 < len(root.value):
        mark = root.value[index + 1][0].start_mark
        start: int = mark.index - mark.column
        return start
    return document_end(text, root)


def _line_edit(text: str, root: yaml.MappingNode, block: Block, at: int) -> Edit:
    nl = break_of(text)
    new = "".join(f"{line}{nl}" for line in map(_bare, _lines(block.text)))
    lines = _between(text, root, at)
    start = _gap_start(text, root, at) + sum(map(len, lines[: _count(lines, block)]))
    if start == len(text) and not block.text.endswith(("\n", "\r")):
        new = new.removesuffix(nl)
    is_open = start > 0 and text[start - 1] not in "\r\n"
    return Edit(start=start, end=start, text=f"{nl if is_open else ''}{new}")


def _count(lines: list[str], block: Block) -> int:
    """Return how many of the lines behind the key stay above the block."""
    if not block.below:
        return len(lines)
    same = sum(1 for _ in takewhile(_equal, zip(lines, block.above, strict=False)))
    if same < len(block.above) and tuple(lines[-len(block.below) :]) == block.below:
        return len(lines) - len(block.below)
    return same


def _equal(pair: tuple[str, str]) -> bool:
    return _bare(pair[0]) == _bare(pair[1])


def _lines(text: str) -> list[str]:
    """Split as YAML does, not as Python: each line with its break."""
    return _LINE.findall(text)


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _flow_edit(text: str, root: yaml.MappingNode, block: Block, at: int) -> Edit:
    bare = block.text.strip().strip(",").strip()
    if at < 0:
        start = root.value[0][0].start_mark.index
        tail = block.text[len(block.text.rstrip()) :] or " "
        return Edit(start=start, end=start, text=f"{bare},{tail}")
    start = last_offset(text, root.value[at][1])
    led = block.text.lstrip().startswith(",")
    return Edit(start=start, end=start, text=block.text if led else f", {bare}")


def _anew(text: str, root: yaml.MappingNode, metadata: Metadata) -> Edit:
    """Write the block in the other style, for a text that changed its own."""
    return add_block(
        text, root, metadata.wrapped, metadata.rule, stamp=metadata.lastmodified,
        mac=metadata.mac, only_encrypted=metadata.mac_only_encrypted,
    )  # fmt: skip
