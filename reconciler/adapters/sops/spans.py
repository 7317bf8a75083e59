"""Edits of a text by character offsets, so that all the rest stays as it was.

sops rewrites the whole file: blank lines go, quotes change, `1.10` becomes `1.1`.
We replace only the scalars that change, at the offsets the YAML parser reports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from reconciler.adapters.documents import Node, tokens
from reconciler.adapters.sops.envelope import looks_sealed
from reconciler.adapters.sops.rules import Rule
from reconciler.core.source import Path


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Put `text` in place of `[start, end)`; offsets count characters."""

    start: int
    end: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One scalar of a document, and what sealing needs to know about its place."""

    node: yaml.ScalarNode = field(repr=False)
    aad: str
    sealed: bool
    """Whether the file's rule selects it."""
    in_flow: bool
    """Within `[…]` or `{…}`: a sealed value needs quotes there."""
    in_list: bool
    column: int
    """Where the containing block begins; for block text below it."""
    path: Path
    """Keys and indexes from the root; sealed comments in a list do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key of a mapping or an item of a list, and what surrounds it."""

    start: int
    """Offset of the key, or of the item behind its dash."""
    column: int
    """Of the key, or of the dash."""
    aad: str
    """The path that a comment beside it is bound to."""
    sealed: bool
    """Whether the rule selects what stands beside it, whatever its name."""
    in_list: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextComment:
    """A YAML comment: `text` is what follows the hash sign."""

    start: int
    end: int
    text: str = field(repr=False)


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that do not overlap; at one place, in the order given."""
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def leaves(root: yaml.MappingNode, rule: Rule) -> Iterator[Leaf]:
    """Yield the scalars of a document in its order, without the `sops` block."""
    flow = bool(root.flow_style)
    for name, child in root.value:
        if name.value != "sops":
            column = root.start_mark.column
            yield from _below(
                child, f"{name.value}:", column, (name.value,), in_flow=flow, rule=rule,
                sealed=rule.below(name.value, sealed=rule.at_root),
            )  # fmt: skip


def entries(root: yaml.MappingNode, rule: Rule) -> Iterator[Entry]:
    """Yield every key and item of a document, in its order."""
    return _entries(root, rule, "", sealed=rule.at_root)


def containers(node: Node, aad: str = "") -> Iterator[tuple[Node, str]]:
    """Yield every mapping and list with the path that a comment in it is bound to."""
    if isinstance(node, yaml.ScalarNode):
        return
    yield node, aad or ":"
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from containers(item, aad)
        return
    for name, child in node.value:
        yield from containers(child, f"{aad}{name.value}:")


def scalar_end(text: str, node: yaml.ScalarNode) -> int:
    """Return where a scalar's own text ends; block text leaves its line break."""
    end: int = node.end_mark.index
    if node.style in _BLOCK:
        start: int = node.start_mark.index
        return start + len(text[start:end].rstrip(" \t\r\n"))
    return end


def last_offset(text: str, node: Node) -> int:
    """Return where a value's visible text ends: a block mapping has no end of its own.

    PyYAML lets a block collection reach up to the next token, past comments.
    """
    if isinstance(node, yaml.ScalarNode):
        return scalar_end(text, node)
    if node.flow_style:
        end: int = node.end_mark.index
        return end
    last: Any = node.value[-1]
    return last_offset(text, last[1] if isinstance(last, tuple) else last)


def last_leaf(node: Node) -> Node:
    """Return the last scalar of a value, or the empty collection at its end."""
    while not isinstance(node, yaml.ScalarNode) and node.value:
        last: Any = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def line_end(text: str, offset: int) -> int:
    """Return the offset just before the line break (or the end) after `offset`."""
    return _break(text, offset).start()


def after_break(text: str, offset: int) -> int:
    """Return the offset at which the next line begins."""
    return _break(text, offset).end()


def break_of(text: str) -> str:
    """Return the line break that the text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def header_comment(text: str, node: yaml.ScalarNode) -> str:
    """Return the comment behind a block scalar's `|`, with its leading blank."""
    if node.style not in _BLOCK:
        return ""
    start: int = node.start_mark.index
    match = _HEADER_COMMENT.match(text, start, line_end(text, start))
    return match[1] if match else ""


def comments(text: str) -> Iterator[TextComment]:
    """Find every comment, which PyYAML drops: a hash between two tokens."""
    position = 0
    for token in tokens(text):
        yield from _between(text, position, token.start_mark.index)
        position = max(position, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in _BLOCK:
            start = token.start_mark.index
            match = _HEADER_COMMENT.match(text, start, line_end(text, start))
            if match:
                yield from _between(text, match.start(1), match.end(1))
    yield from _between(text, position, len(text))


_BLOCK: Final = frozenset({"|", ">"})
_BREAK: Final = re.compile(r"\r\n|\n|\r|\Z")
_HASH: Final = re.compile(r"#([^\r\n]*)")
_HEADER_COMMENT: Final = re.compile(r"[|>][-+0-9]*([ \t]+#[^\r\n]*)")


def _break(text: str, offset: int) -> re.Match[str]:
    match = _BREAK.search(text, offset)
    if match is None:  # pragma: no cover  # the end of the text always matches
        raise AssertionError("a text without an end")
    return match


def _below(  # noqa: PLR0913  # a place in the tree has this many sides
    node: Node, aad: str, column: int, path: Path, *, in_flow: bool, sealed: bool,
    rule: Rule, in_list: bool = False,
) -> Iterator[Leaf]:  # fmt: skip
    if isinstance(node, yaml.ScalarNode):
        yield Leaf(
            node=node, aad=aad, sealed=sealed, in_flow=in_flow, in_list=in_list,
            column=column, path=path,
        )  # fmt: skip
        return
    flow = in_flow or bool(node.flow_style)
    inner = node.start_mark.column
    if isinstance(node, yaml.MappingNode):
        for name, child in node.value:
            yield from _below(
                child, f"{aad}{name.value}:", inner, (*path, name.value), in_flow=flow,
                rule=rule, sealed=rule.below(name.value, sealed=sealed),
            )  # fmt: skip
        return
    index = 0
    for item in node.value:
        yield from _below(
            item, aad, inner, (*path, index), in_flow=flow, sealed=sealed, rule=rule,
            in_list=True,
        )  # fmt: skip
        index += not _is_comment(item)


def _is_comment(node: Node) -> bool:
    """Tell whether a list's item is a comment, which is how sops seals those."""
    return isinstance(node, yaml.ScalarNode) and (
        looks_sealed(node.value) and node.value.endswith("type:comment]")
    )


def _entries(node: Node, rule: Rule, aad: str, *, sealed: bool) -> Iterator[Entry]:
    if isinstance(node, yaml.ScalarNode):
        return
    column, here = node.start_mark.column, aad or ":"
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield Entry(
                start=item.start_mark.index, column=column, aad=here, sealed=sealed,
                in_list=True,
            )  # fmt: skip
            yield from _entries(item, rule, aad, sealed=sealed)
        return
    for name, child in node.value:
        yield Entry(
            start=name.start_mark.index, column=column, aad=here, sealed=sealed,
            in_list=False,
        )  # fmt: skip
        inner = rule.below(name.value, sealed=sealed)
        yield from _entries(child, rule, f"{aad}{name.value}:", sealed=inner)


def _between(text: str, start: int, end: int) -> Iterator[TextComment]:
    for match in _HASH.finditer(text, start, end):
        yield TextComment(start=match.start(), end=match.end(), text=match[1])
