"""One value of a text set, added or removed, with the author's own layout.

The text is in plain YAML or JSON. A new entry goes behind the last of its mapping,
at the same indentation; at the top it goes where `design.md` §3 shows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from reconciler.adapters.documents import BOM, Node, compose
from reconciler.adapters.sops.change.block_place import entry_end
from reconciler.adapters.sops.places import (
    remove_flow_member,
    separator,
    set_scalar,
)
from reconciler.adapters.sops.printer import emit
from reconciler.adapters.sops.spans import (
    Edit,
    apply_edits,
    break_of,
    last_offset,
    line_end,
)
from reconciler.adapters.sops.tree import scalar_of
from reconciler.adapters.sops.values import Scalar
from reconciler.core.errors import SecretError
from reconciler.core.shape import dotted

TOP_FIELDS: Final = (
    "version", "name", "type", "provider", "owner", "active", "protected", "labels",
    "credentials", "binding", "config", "permissions", "health", "settings",
)  # fmt: skip
"""The fields of a connection in the order that people are shown."""

_DEEPER: Final = re.compile(r"([ ]+)#[^\r\n]*(?:\r\n|\n|\r|\Z)")

Steps = tuple[str, ...]


def set_plain(text: str, steps: Steps, value: Scalar) -> str:
    """Set one value; mappings on the way are made.

    Returns:
        The new text; `text` itself when the value was there.

    Raises:
        SecretError: The way leads through a value, to several values, or past the
            end of a list. Holds no value.
    """
    bom, body = text[: text.startswith(BOM)], text.removeprefix(BOM)
    found = _walk(body, steps)
    edits = _set(body, found, value) if not found.left else _added(body, found, value)
    return bom + apply_edits(body, edits)


def unset_plain(text: str, steps: Steps) -> str:
    """Remove one entry with its lines; what would be left empty goes with it.

    Returns:
        The new text; `text` itself when there is no such entry.
    """
    bom, body = text[: text.startswith(BOM)], text.removeprefix(BOM)
    found = _walk(body, steps)
    if found.left:
        return text
    *parents, _ = found.nodes
    at = len(parents) - 1
    while at > 0 and len(parents[at].value) == 1:
        at -= 1
    edit = _removed(body, parents[at], found.indexes[at])
    return bom + apply_edits(body, [edit])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """How far a path leads: the nodes on it, from the root on."""

    steps: Steps
    nodes: list[Any] = field(repr=False)
    indexes: list[int]
    """For each node but the last: the number of the entry that was taken."""
    left: Steps
    """What does not exist yet."""

    @property
    def in_flow(self) -> bool:
        """Whether the last node stands within `{…}` or `[…]`."""
        return any(bool(node.flow_style) for node in self.nodes[:-1])

    def refused(self, why: str) -> SecretError:
        return SecretError(f"'{dotted(self.steps)}' {why}")


def _walk(body: str, steps: Steps) -> _Found:
    node: Any = compose(body)[0]
    nodes: list[Any] = [node]
    indexes: list[int] = []
    for depth, step in enumerate(steps):
        index = _index(node, step)
        if index is None:
            return _Found(steps=steps, nodes=nodes, indexes=indexes, left=steps[depth:])
        indexes.append(index)
        entry = node.value[index]
        node = entry[1] if isinstance(entry, tuple) else entry
        nodes.append(node)
    return _Found(steps=steps, nodes=nodes, indexes=indexes, left=())


def _index(node: Node, step: str) -> int | None:
    if isinstance(node, yaml.SequenceNode):
        is_there = step.isdecimal() and int(step) < len(node.value)
        return int(step) if is_there else None
    if isinstance(node, yaml.MappingNode):
        names = [name.value for name, _ in node.value]
        return names.index(step) if step in names else None
    return None


def _set(body: str, found: _Found, value: Scalar) -> list[Edit]:
    node = found.nodes[-1]
    if not isinstance(node, yaml.ScalarNode):
        raise found.refused("holds several values; name one of them")
    old = scalar_of(node)
    if type(old) is type(value) and old == value:
        return []
    new = emit(value, in_flow=found.in_flow)
    return [set_scalar(body, node, new, in_flow=False)]


def _added(body: str, found: _Found, value: Scalar) -> list[Edit]:
    node, left = found.nodes[-1], found.left
    if isinstance(node, yaml.SequenceNode):
        if len(left) > 1 or left[0] != str(len(node.value)):
            raise found.refused(f"is past the end of a list of {len(node.value)}")
        return [_appended(body, node, found, value)]
    if any(step.isdecimal() for step in left[1:]):
        raise found.refused("would be in a list that is not there; write it first")
    if isinstance(node, yaml.MappingNode):
        if node.flow_style or found.in_flow:
            return [_flow_member(body, node, left, value)]
        return [_lines(body, node, left, value)]
    if scalar_of(node) is not None:
        raise found.refused("leads through a single value; name that one")
    return _filled(body, found, value)


def _flow_member(body: str, node: Any, left: Steps, value: Scalar) -> Edit:
    text = _flow_text(body, left, value)
    if not node.value:
        start = node.start_mark.index + 1
        return Edit(start=start, end=start, text=text)
    end = last_offset(body, node.value[-1][1])
    return Edit(start=end, end=end, text=f",{separator(body, node)}{text}")


def _flow_key(body: str, key: str) -> str:
    """Quote a key within a JSON text, and where YAML needs it."""
    is_json = body.lstrip().startswith("{") and body.lstrip("{ \t\r\n").startswith('"')
    return emit(key, in_flow=is_json)


def _lines(body: str, node: Any, left: Steps, value: Scalar) -> Edit:
    column = node.start_mark.column
    text = _entry(body, left, value, column)
    names = [name.value for name, _ in node.value]
    at = _position(names, left[0]) if column == 0 and _is_top(names) else len(names)
    return _line(body, node, at, text)


def _is_top(names: Sequence[str]) -> bool:
    return bool({"credentials", "provider", "type"} & set(names))


def _position(names: Sequence[str], new: str) -> int:
    """Return before which entry a top-level field goes."""
    if new not in TOP_FIELDS:
        return len(names)
    above = TOP_FIELDS[: TOP_FIELDS.index(new)]
    return max((at + 1 for at, name in enumerate(names) if name in above), default=0)


def _line(body: str, node: Any, at: int, text: str) -> Edit:
    """Put lines before an entry of a block mapping, or behind the last one."""
    nl = break_of(body)
    if at == 0:
        mark = node.start_mark
        start = mark.index - mark.column
        return Edit(start=start, end=start, text=f"{text}{nl}")
    start = entry_end(body, node.value[at - 1][1])
    while match := _DEEPER.match(body, start):
        if len(match[1]) <= node.start_mark.column:
            break
        start = match.end()  # a comment that still belongs to the entry above
    if start and body[start - 1] not in "\r\n":
        return Edit(start=start, end=start, text=f"{nl}{text}")
    return Edit(start=start, end=start, text=f"{text}{nl}")


def _entry(body: str, left: Steps, value: Scalar, column: int) -> str:
    step = _step(body)
    lines = [
        f"{' ' * (column + depth * step)}{emit(key, in_flow=False)}:"
        for depth, key in enumerate(left)
    ]
    return break_of(body).join(lines) + f" {emit(value, in_flow=False)}"


def _step(body: str) -> int:
    """Return how far the text indents, by its first nested mapping."""
    root: Any = compose(body)[0]
    nested = (
        child.start_mark.column - root.start_mark.column
        for _, child in root.value
        if isinstance(child, yaml.MappingNode) and not child.flow_style
    )
    return next(nested, 2)


def _filled(body: str, found: _Found, value: Scalar) -> list[Edit]:
    """Write a mapping where the author left nothing, or a null."""
    node = found.nodes[-1]
    start, end = node.start_mark.index, node.end_mark.index
    if found.in_flow:
        text = f"{{{_flow_text(body, found.left, value)}}}"
        lead = " " if start == end and not body[start - 1].isspace() else ""
        return [Edit(start=start, end=end, text=f"{lead}{text}")]
    column = found.nodes[-2].start_mark.column + _step(body)
    text = _entry(body, found.left, value, column)
    after = line_end(body, end)
    new = Edit(start=after, end=after, text=f"{break_of(body)}{text}")
    return [Edit(start=start, end=end, text=""), new] if end > start else [new]


def _flow_text(body: str, left: Steps, value: Scalar) -> str:
    opened = "".join(f"{_flow_key(body, step)}: {{" for step in left[:-1])
    text = f"{opened}{_flow_key(body, left[-1])}: {emit(value, in_flow=True)}"
    return text + "}" * (len(left) - 1)


def _appended(body: str, node: Any, found: _Found, value: Scalar) -> Edit:
    if node.flow_style or found.in_flow:
        end = last_offset(body, node.value[-1]) if node.value else None
        if end is None:
            start = node.start_mark.index + 1
            return Edit(start=start, end=start, text=emit(value, in_flow=True))
        return Edit(start=end, end=end, text=f", {emit(value, in_flow=True)}")
    start = entry_end(body, node.value[-1])
    text = f"{' ' * node.start_mark.column}- {emit(value, in_flow=False)}"
    if start and body[start - 1] not in "\r\n":
        return Edit(start=start, end=start, text=f"{break_of(body)}{text}")
    return Edit(start=start, end=start, text=f"{text}{break_of(body)}")


def _removed(body: str, node: Any, index: int) -> Edit:
    if node.flow_style:
        return remove_flow_member(body, node, index)
    entry = node.value[index]
    name, value = entry if isinstance(entry, tuple) else (None, entry)
    column = node.start_mark.column
    begin = (
        name.start_mark.index if name else body.rfind("-", 0, value.start_mark.index)
    )
    start = begin - column
    if body[start:begin].strip() and index + 1 < len(node.value):
        # The first key behind a dash: the next one moves up to it.
        return Edit(start=begin, end=node.value[index + 1][0].start_mark.index, text="")
    return Edit(start=start, end=entry_end(body, value), text="")
