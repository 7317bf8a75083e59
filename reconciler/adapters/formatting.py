"""The canonical layout of a connection file: same data, same comments, same seals.

Keys of the top level stand in the order of `docs/files.md`, each with the comments
above it; nested blocks are indented by two, line ends are LF, no line ends in blanks.
Values are never written anew: lines are moved and blanks around them changed, and a
result that would not read exactly as the file did is thrown away.

The MAC covers sealed values in the order of the file, or every value when the file
does not say `mac_only_encrypted`: what it covers keeps its order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml

from reconciler.adapters.documents import BOM, Node, YamlError, compose, parse
from reconciler.core.document import ConnectionDocument
from reconciler.core.errors import DocumentError

INDENT: Final = 2
_ORDER: Final = {key: at for at, key in enumerate(ConnectionDocument.model_fields)}
_SOPS: Final = "sops"
_ROUNDS: Final = 4
_SEALED: Final = re.compile(r"\bENC\[")
_ODD_BREAKS: Final = re.compile("[\r\x85\u2028\u2029]")
"""What YAML takes for the end of a line besides LF."""
_COMMENT_FOR_US: Final = re.compile(r"#[ \t]*reconcile:")


def format_document(text: str, *, file: str) -> str:
    """Return a connection file in its canonical layout; the same when it has it.

    Args:
        text: The whole file.
        file: What messages call it.

    Raises:
        DocumentError: It is not YAML that a connection can be read from.
    """
    source, problems = parse(text, file=file)
    if source.data is None or problems:
        raise DocumentError(problems)
    body = text.removeprefix(BOM)
    mark = text[: len(text) - len(body)]
    unix = body.replace("\r\n", "\n")
    if _ODD_BREAKS.search(unix):
        return text
    plain = _ended(unix)
    for candidate in (_settled(plain), plain):
        if candidate == body or _says_the_same(body, candidate):
            return mark + candidate
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One key of the top level: what stands above it, and its own lines."""

    key: str
    above: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def is_sealed(self) -> bool:
        """Tell whether any of its lines may hold a sealed value."""
        return any(map(_SEALED.search, self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """A file cut into parts; all its lines are in one of them."""

    head: tuple[str, ...]
    parts: tuple[_Part, ...]
    foot: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the lines with at most one empty one between two parts."""
        yield from self.head
        for number, part in enumerate(self.parts):
            # The head keeps what stands above the first key, also an empty line.
            yield from _spaced(part.above) if number else _unspaced(part.above)
            yield from part.lines
        yield from self.foot


def _settled(text: str) -> str:
    """Return the layout that stays as it is: what moved may now be trimmed."""
    for _ in range(_ROUNDS):
        before, text = text, _laid_out(text)
        if text == before:
            break
    return text


def _laid_out(text: str) -> str:
    root = compose(text)[0]
    lines = _trimmed(text.split("\n")[:-1], _kept(root))
    layout = _cut(lines, root)
    if layout:
        parts = tuple(_indented(part) for part in _ordered(layout, text))
        lines = list(replace(layout, parts=parts).lines())
    return _ended("\n".join(lines))


def _ended(text: str) -> str:
    """Return the text with one line end at its end."""
    return text.rstrip("\n") + "\n"


def _kept(root: Node) -> set[int]:
    """Return the lines whose blanks belong to a value, or to the sops block."""
    kept: set[int] = set()
    for name, value in root.value:
        if name.value == _SOPS:
            kept |= _lines_of(name, value)
        for node in _scalars(value):
            if node.end_mark.line > node.start_mark.line:
                kept |= _lines_of(node, node)
    return kept


def _lines_of(first: Node, last: Node) -> set[int]:
    """Return the lines from one node to another, without one that only ends it."""
    end = last.end_mark
    return set(range(first.start_mark.line, end.line + bool(end.column)))


def _scalars(node: Node) -> Iterator[Node]:
    if isinstance(node.value, str):
        yield node
        return
    for item in node.value:
        for child in item if isinstance(item, tuple) else (item,):
            yield from _scalars(child)


def _trimmed(lines: Sequence[str], kept: set[int]) -> list[str]:
    return [
        line if number in kept else line.rstrip(" \t")
        for number, line in enumerate(lines)
    ]


def _cut(lines: Sequence[str], root: Node) -> _Layout | None:
    """Cut a file at its keys; None where they do not begin their lines."""
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    names = [name for name, _ in root.value]
    if any(name.start_mark.column for name in names):
        return None
    starts = [name.start_mark.line for name in names]
    if any(lines[at][:1] == "?" for at in starts) or not starts:
        return None
    tops = [starts[0], *(_top(lines, at) for at in starts[1:])]
    end = _top(lines, len(lines))
    parts = [
        _Part(key=name.value, above=tuple(lines[top:at]), lines=tuple(lines[at:below]))
        for name, top, at, below in zip(
            names, tops, starts, [*tops[1:], end], strict=True
        )
    ]
    head, foot = tuple(lines[: starts[0]]), tuple(lines[end:])
    return _Layout(head=head, parts=tuple(parts), foot=foot)


def _top(lines: Sequence[str], at: int) -> int:
    """Return where the comments and empty lines above a line begin."""
    while at and (not lines[at - 1] or lines[at - 1].startswith("#")):
        at -= 1
    return at


def _ordered(layout: _Layout, text: str) -> Sequence[_Part]:
    """Return the parts in order; what the MAC covers stays in the order it is in."""
    parts = layout.parts
    data = parse(text, file="")[0].data or {}
    if not _may_move(layout, data):
        return parts
    last = len(_ORDER) - 1
    wanted = sorted(parts, key=lambda part: _ORDER.get(part.key, last - 0.5))
    fixed = iter([part for part in parts if part.is_sealed and part.key != _SOPS])
    placed = [
        next(fixed) if part.is_sealed and part.key != _SOPS else part for part in wanted
    ]
    first = placed[0]
    # What allows a warning on one line would allow it in the file if it came first.
    leads = first is not parts[0] and any(map(_COMMENT_FOR_US.search, first.above))
    return parts if leads else placed


def _may_move(layout: _Layout, data: Mapping[str, Any]) -> bool:
    """Tell whether the order of plain values is free."""
    block = data.get(_SOPS)
    if any("#ENC[" in line for part in layout.parts for line in part.above):
        return False
    return block is None or (
        isinstance(block, dict) and block.get("mac_only_encrypted") is True
    )


def _spaced(above: Sequence[str]) -> list[str]:
    """Return comments with no more than one empty line in a row."""
    return [
        line
        for number, line in enumerate(above)
        if line or not number or above[number - 1]
    ]


def _unspaced(above: Sequence[str]) -> list[str]:
    """Return the same, without empty lines at the beginning."""
    lines = _spaced(above)
    return lines[1:] if lines and not lines[0] else lines


def _indented(part: _Part) -> _Part:
    """Return a part with its blocks indented by two, where that is plainly possible."""
    if part.key == _SOPS:
        return part
    try:
        (root,) = compose("\n".join(part.lines) + "\n")
    except (YamlError, ValueError):
        return part
    if any(one.end_mark.line > one.start_mark.line for one in _leaves(root)):
        return part
    return replace(part, lines=tuple(_reindented(part.lines)))


def _leaves(node: Node) -> Iterator[Node]:
    """Yield scalars and flow collections: what may not be broken up."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        yield node
        return
    for item in node.value:
        for child in item if isinstance(item, tuple) else (item,):
            yield from _leaves(child)


def _reindented(lines: Iterable[str]) -> Iterator[str]:
    stack = [0]
    for line in lines:
        bare = line.lstrip(" ")
        if not bare:
            yield line
            continue
        column = len(line) - len(bare)
        while column < stack[-1]:
            stack.pop()
        if column > stack[-1]:
            stack.append(column)
        yield " " * (INDENT * (len(stack) - 1)) + bare


def _says_the_same(before: str, after: str) -> bool:
    """Tell whether two texts hold the same data, comments and sealed values."""
    one, _ = parse(before, file="")
    other, problems = parse(after, file="")
    return (
        not problems
        and one.data == other.data
        and _comments(before) == _comments(after)
        and _covered(one.data or {}) == _covered(other.data or {})
        and _block(before) == _block(after)
    )


def _comments(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return sorted(line for line in lines if line.startswith("#"))


def _covered(data: Mapping[str, Any]) -> list[Any]:
    """Return what the MAC may cover, in order; of a file without a seal nothing."""
    block = data.get(_SOPS)
    if block is None:
        return []
    only = isinstance(block, dict) and block.get("mac_only_encrypted") is True
    values = (value for key in data if key != _SOPS for value in _values(data[key]))
    return [one for one in values if not only or _SEALED.search(str(one))]


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for child in value.values():
            yield from _values(child)
    elif isinstance(value, list):
        for child in value:
            yield from _values(child)
    else:
        yield value


def _block(text: str) -> str:
    """Return the sops block as it stands, up to the kind of its line ends."""
    root = compose(text)[0]
    found = (pair for pair in root.value if pair[0].value == _SOPS)
    pair = next(found, None)
    if pair is None:
        return ""
    start, end = pair[0].start_mark.index, pair[1].end_mark.index
    return text[start:end].replace("\r\n", "\n").rstrip("\n ")
