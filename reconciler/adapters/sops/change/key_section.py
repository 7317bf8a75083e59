"""The keys of a `sops:` block, replaced where they stand.

Only `age`, `key_groups` and `shamir_threshold` are written. Whatever else stands in
the block, also what we do not know, keeps its place and its text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import yaml

from reconciler.adapters.sops.age.key_groups import WrappedKey
from reconciler.adapters.sops.block import block_json, block_yaml
from reconciler.adapters.sops.places import member, removed_member, separator
from reconciler.adapters.sops.rules import DEFAULT
from reconciler.adapters.sops.spans import Edit, break_of, last_offset
from reconciler.adapters.sops.tree import load_nodes

_MEMBERS: Final = ("age", "key_groups", "shamir_threshold")


def set_keys(text: str, root: yaml.MappingNode, wrapped: WrappedKey) -> list[Edit]:
    """Put other keys in place of those of one document's block.

    Returns:
        Edits within the block; none when the document has no block.
    """
    found = member(root, "sops")
    if not found or not isinstance(found[1], yaml.MappingNode):
        return []
    block = found[1]
    flow = bool(block.flow_style)
    new = _flow_members(text, root, block, wrapped)
    gap = "," + separator(text, block)
    if not flow:
        column = block.start_mark.column
        new = dict(_block_members(wrapped, column, break_of(text)))
        gap = break_of(text) + " " * column
    return _replaced(text, block, new, gap)


def _replaced(
    text: str, block: yaml.MappingNode, new: dict[str, str], gap: str
) -> list[Edit]:
    old = {name.value for name, _ in block.value if name.value in _MEMBERS}
    # A kind that was not there takes the place of the first that was.
    waiting = [new[name] for name in new if name not in old]
    edits = []
    for index, (name, node) in enumerate(block.value):
        if name.value not in old:
            continue
        own = [new[name.value]] if name.value in new else []
        parts, waiting = [*waiting, *own], []
        if parts:
            start, end = name.start_mark.index, last_offset(text, node)
            edits.append(Edit(start=start, end=end, text=gap.join(parts)))
        else:
            edits.append(removed_member(text, block, index))
    if waiting:
        start = block.value[0][0].start_mark.index
        edits.append(Edit(start=start, end=start, text=gap.join([*waiting, ""])))
    return edits


def _flow_members(
    text: str, root: yaml.MappingNode, block: yaml.MappingNode, wrapped: WrappedKey
) -> dict[str, str]:
    between = separator(text, block)
    inner, outer = between.lstrip("\r\n"), separator(text, root).lstrip("\r\n")
    step = inner.removeprefix(outer) if inner != between else ""
    whole = json.loads(block_json(wrapped, DEFAULT, stamp="", mac="", indent=None))
    return {
        name: f'"{name}": '
        + json.dumps(value, indent=step or None).replace("\n", between)
        for name, value in whole.items()
        if name in _MEMBERS
    }


def _block_members(
    wrapped: WrappedKey, column: int, nl: str
) -> Iterator[tuple[str, str]]:
    """Cut the members out of a whole block, moved to the column of this one."""
    whole = block_yaml(wrapped, DEFAULT, stamp="", mac="") + "\n"
    root = load_nodes(whole, file="")[0]
    found = member(root, "sops") if root else None
    for name, node in found[1].value if found else ():
        if name.value in _MEMBERS:
            lines = whole[name.start_mark.index : last_offset(whole, node)].split("\n")
            shift = column - name.start_mark.column
            yield name.value, nl.join(_shifted(line, shift) for line in lines)


def _shifted(line: str, columns: int) -> str:
    """Indent a line more, or less; the first one is not indented at all."""
    if not line.startswith(" "):
        return line
    return " " * columns + line if columns >= 0 else line[-columns:]
