"""Where sealed things go in a text, for block YAML and for JSON alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from reconciler.adapters.documents import Node
from reconciler.adapters.sops.age.key_groups import WrappedKey
from reconciler.adapters.sops.block import block_json, block_yaml
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.spans import (
    Edit,
    after_break,
    break_of,
    header_comment,
    last_offset,
    line_end,
    scalar_end,
)


def member(root: yaml.MappingNode, name: str) -> tuple[Any, Any] | None:
    """Return the key node and the value node of a member of a mapping."""
    return next((pair for pair in root.value if pair[0].value == name), None)


def set_scalar(text: str, node: Any, value: str, *, in_flow: bool) -> Edit:
    """Put a sealed value in place of a scalar, keeping a comment behind a `|`."""
    start: int = node.start_mark.index
    end = scalar_end(text, node)
    quoted = f'"{value}"' if in_flow else value
    # An empty value has no place of its own: it is the end of `key:`.
    lead = " " if start == end and not text[start - 1 : start].isspace() else ""
    return Edit(
        start=start, end=end, text=f"{lead}{quoted}{header_comment(text, node)}"
    )


def set_sealed(text: str, node: Any, value: str, *, in_flow: bool) -> Edit:
    """Put a sealed value in place of another, between the quotes of the old one."""
    start = text.find(node.value, node.start_mark.index, scalar_end(text, node))
    if start < 0:
        return set_scalar(text, node, value, in_flow=in_flow)
    return Edit(start=start, end=start + len(node.value), text=value)


def add_binding(text: str, root: yaml.MappingNode, value: str) -> Edit:
    """Write the binding: over the old one, or as a line behind the credentials."""
    flow = bool(root.flow_style)
    old = member(root, "binding")
    if old:
        return set_scalar(text, old[1], value, in_flow=flow)
    credentials = member(root, "credentials")
    if credentials is None:
        raise AssertionError("only a document with credentials is bound")
    end = last_offset(text, credentials[1])
    if flow:
        line = f',{separator(text, root)}"binding": "{value}"'
        return Edit(start=end, end=end, text=line)
    column = root.start_mark.column
    end = line_end(text, end)
    while (match := _INDENTED_COMMENT.match(text, end)) and len(match[1]) > column:
        end = match.end()
    line = f"{break_of(text)}{' ' * column}binding: {value}"
    return Edit(start=end, end=end, text=line)


def add_block(  # noqa: PLR0913  # the parts of the block
    text: str,
    root: yaml.MappingNode,
    wrapped: WrappedKey,
    rule: Rule,
    *,
    stamp: str,
    mac: str,
    only_encrypted: bool = True,
) -> Edit:
    """Write the `sops:` block at the end of the document."""
    if root.flow_style:
        between = separator(text, root)
        indent = between.lstrip("\r\n")
        width = len(indent) if "\n" in between and indent else None
        block = block_json(
            wrapped, rule, stamp=stamp, mac=mac, indent=width,
            only_encrypted=only_encrypted, sealed=text,
        )  # fmt: skip
        end = last_offset(text, root.value[-1][1])
        block = block.replace("\n", between)
        return Edit(start=end, end=end, text=f',{between}"sops": {block}')
    end, lead = _end_of_document(text, root)
    indent = " " * root.start_mark.column
    whole = block_yaml(
        wrapped, rule, stamp=stamp, mac=mac, only_encrypted=only_encrypted,
        sealed=text,
    )  # fmt: skip
    nl = break_of(text)
    block = "".join(f"{indent}{line}{nl}" for line in whole.split("\n"))
    return Edit(start=end, end=end, text=f"{lead}{block}")


def set_metadata(
    root: yaml.MappingNode, new: Mapping[str, str], text: str
) -> list[Edit]:
    """Replace scalars of a document's `sops:` block, and nothing else of it.

    Returns:
        Edits within the block; none when the document has no block.
    """
    found = member(root, "sops")
    if not found or not isinstance(found[1], yaml.MappingNode):
        return []
    block, edits = found[1], []
    for name, value in new.items():
        old = member(block, name)
        if old:
            quoted = bool(block.flow_style) and not value.startswith('"')
            edits.append(set_scalar(text, old[1], value, in_flow=quoted))
    return edits


def remove_block(text: str, root: yaml.MappingNode) -> Edit | None:
    """Take the `sops:` block out again, exactly where `add_block` put it."""
    for index, (name, _) in enumerate(root.value):
        if name.value == "sops":
            return removed_member(text, root, index)
    return None


def removed_member(text: str, root: yaml.MappingNode, index: int) -> Edit:
    """Take a member out of a mapping: its lines, or its text and one comma."""
    if root.flow_style:
        return remove_flow_member(text, root, index)
    name, node = root.value[index]
    start = name.start_mark.index - name.start_mark.column
    end = after_break(text, last_offset(text, node))
    return Edit(start=start, end=end, text="")


def remove_flow_member(text: str, node: Node, index: int) -> Edit:
    """Take an entry out of a flow mapping or list, with the comma beside it."""
    entries = [one if isinstance(one, tuple) else (one, one) for one in node.value]
    end = last_offset(text, entries[index][1])
    if index > 0:
        return Edit(start=last_offset(text, entries[index - 1][1]), end=end, text="")
    start = entries[0][0].start_mark.index
    if len(entries) > 1:
        end = entries[1][0].start_mark.index
    return Edit(start=start, end=end, text="")


def separator(text: str, root: yaml.MappingNode) -> str:
    """Return what stands between members: a line break and an indent, or a blank."""
    first: int = root.value[0][0].start_mark.index
    line = max(text.rfind("\n", 0, first), text.rfind("\r", 0, first)) + 1
    indent = text[line:first]
    is_own_line = line > root.start_mark.index and not indent.strip()
    return f"{break_of(text)}{indent}" if is_own_line else " "


_END_MARKER: Final = re.compile(r"^\.\.\.(?=\s|\Z)", re.MULTILINE)
_INDENTED_COMMENT: Final = re.compile(r"(?:\r\n|\n|\r)([ ]+)#[^\r\n]*")


def _end_of_document(text: str, root: yaml.MappingNode) -> tuple[int, str]:
    """Return where the document ends, and the line break that is missing there."""
    marker = _END_MARKER.search(text, last_offset(text, root))
    if marker:
        return marker.start(), ""
    is_open = not text.endswith(("\n", "\r"))
    return len(text), break_of(text) if is_open else ""
