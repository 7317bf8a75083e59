"""YAML in our own dialect: what two readers would read differently is refused.

PyYAML's C parser splits the text; `plain_data` types the scalars. What we accept,
every YAML reader types alike (sops reads these files too, and its MAC covers their
values): JSON's scalars, plain or quoted text, block text. `yes`, `12:30:00`, `0777`,
dates, anchors and tags are refused with the fix beside them. JSON is YAML: one parser.

Arbitrary text never raises anything: problems are returned, all that can be found
in one pass. This module is the door to PyYAML; `adapters/sops` comes through it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Final

import yaml
from yaml._yaml import CParser

from reconciler.adapters import plain_data
from reconciler.adapters.plain_data import WRITE_OUT, Builder
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.source import Path, Source

MAX_BYTES: Final = 1_048_576
"""A connection is 2 kB; a megabyte of YAML is a mistake or an attack."""
MAX_DEPTH: Final = 100
"""Containers within containers; keeps every walk far from the recursion limit."""

BOM: Final = "\ufeff"

Node = plain_data.Node


class YamlError(ValueError):
    """The text is not YAML; `line` and `column` start at 1."""

    def __init__(self, problem: str, *, line: int = 1, column: int = 1) -> None:
        self.problem, self.line, self.column = problem, line, column
        super().__init__(f"line {line}, column {column}: {problem}")


def read(path: FilePath, *, file: str) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Read one document from disk; see `parse`.

    Args:
        path: Where it lies.
        file: What to call it in messages, usually relative to the working tree.

    Returns:
        As `parse`. A file that cannot be read gives an empty source and one R107.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        why = f"the file cannot be read: {error.strerror or type(error).__name__}"
        return _unreadable(file, b"", why, "check its name and its mode")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        why = f"the file is not UTF-8 text (byte {error.start})"
        return _unreadable(file, raw, why, "save it as UTF-8")
    if len(raw) > MAX_BYTES:
        return _unreadable(file, raw, _TOO_LARGE, _TOO_LARGE_HINT)
    return parse(text, file=file)


def parse(text: str, *, file: str) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Parse one document and check the dialect; never raises.

    Args:
        text: The whole file; a byte order mark and CRLF are fine.
        file: What to call it in messages.

    Returns:
        The source, and every problem found, sorted by place. Whenever a problem is
        returned the data is only good for finding more problems: a duplicate key
        keeps its first value, a refused scalar is its text, and `data` is None when
        there is no mapping at all.
    """
    if len(text) > MAX_BYTES:
        raw = text.encode("utf-8", "surrogatepass")
        return _unreadable(file, raw, _TOO_LARGE, _TOO_LARGE_HINT)
    builder = Builder(file=file)
    data = _build(text, builder)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    source = Source(file=file, text=text, sha256=digest, data=data, locator=locate)
    problems = sorted(builder.problems, key=lambda found: found.sort_key)
    return source, tuple(problems)


def locate(text: str, path: Path, *, key: bool) -> tuple[int, int] | None:
    """Find the line and column of a path by parsing again; see `core.source`."""
    try:
        node = _recent(text)
    except YamlError:
        return None
    mark = node.start_mark
    for depth, step in enumerate(path):
        found = _child(node, step)
        if found is None:
            break
        name, node = found
        last = depth == len(path) - 1
        mark = name.start_mark if name and key and last else node.start_mark
    return mark.line + 1, mark.column + 1


def compose(text: str) -> list[Node]:
    """Parse every document of a text into nodes with marks, types unresolved.

    A node's tag is empty unless the author wrote one. Marks count characters from
    after a byte order mark. Aliases are the very nodes that they point at.

    Raises:
        YamlError: The text is not YAML, or is nested too deeply.
    """
    try:
        _bound_depth(text)
        parser = _Composer(text)
        nodes: list[Any] = []
        while parser.check_node():
            nodes.append(parser.get_node())
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _translated(error) from None
    return nodes


def tokens(text: str) -> Iterator[Any]:
    """Yield PyYAML's tokens, for what nodes do not show: anchors, tags, comments.

    Raises:
        YamlError: While iterating, where the text is not YAML.
    """
    try:
        yield from yaml.scan(text, Loader=yaml.CLoader)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _translated(error) from None


class _Composer(CParser):
    """Nodes without PyYAML's typing: it is wrong for us, and half of the cost."""

    def resolve(self, _kind: object, _value: object, _implicit: object) -> str:
        return ""

    def descend_resolver(self, _parent: object, _index: object) -> None:
        """Do nothing: there is no resolver."""

    def ascend_resolver(self) -> None:
        """Do nothing: there is no resolver."""


_TOO_LARGE: Final = f"the file is larger than {MAX_BYTES // 1024} kB"
_TOO_LARGE_HINT: Final = "one connection per file, without data in it"

_OPENERS: Final = ("[", "{", "- ", "-\t", "? ", "?\t")
_SIGNS: Final = ("[", "{", "-", "?")
"""What every opener begins with: no fewer, and counted much faster."""
_SHALLOW: Final = MAX_DEPTH // 2
_INDENTED: Final = " " * _SHALLOW
_STRANGE: Final = "&*!%"


def _build(text: str, builder: Builder) -> dict[str, Any] | None:
    try:
        # Aliases may expand without end, or stand for nothing: never follow one.
        if any(sign in text for sign in _STRANGE) and _refuse_indirection(
            text, builder
        ):
            return None
        nodes = compose(text)
    except YamlError as error:
        place = Span(builder.file, error.line, error.column)
        builder.report("R101", error.problem, place, _SYNTAX_HINT)
        return None
    if not nodes:
        builder.report("R106", "the file is empty", Span(builder.file), _ONE_MAPPING)
        return None
    if len(nodes) > 1:
        second = builder.span(nodes[1].start_mark)
        builder.report("R106", "a second document in the file", second, _ONE_MAPPING)
    root = nodes[0]
    if not isinstance(root, yaml.MappingNode):
        what = "a list" if isinstance(root, yaml.SequenceNode) else "a single value"
        place = builder.span(root.start_mark)
        builder.report(
            "R106", f"the file holds {what}, not a mapping", place,
            _ONE_MAPPING,
        )  # fmt: skip
        return None
    return builder.mapping(root, root=True)


_SYNTAX_HINT: Final = "correct the syntax here or just above"
_ONE_MAPPING: Final = "write one connection per file, as 'key: value' lines"


def _refuse_indirection(text: str, builder: Builder) -> bool:
    """Report anchors, aliases, tags and directives; True if there is an alias."""
    aliased = False
    for token in tokens(text):
        what = _INDIRECTION.get(type(token))
        if what:
            place = builder.span(token.start_mark)
            builder.report("R105", what, place, WRITE_OUT)
        aliased = aliased or isinstance(token, yaml.AliasToken)
    return aliased


_INDIRECTION: Final = {
    yaml.AnchorToken: "an anchor ('&name')",
    yaml.AliasToken: "an alias ('*name'); a value that begins with * needs quotes",
    yaml.TagToken: "a tag ('!name')",
    yaml.DirectiveToken: "a directive ('%NAME')",
}


@lru_cache(maxsize=8)
def _recent(text: str) -> Node:
    nodes = compose(text)
    if not nodes:
        raise YamlError("the file is empty")
    return nodes[0]


def _child(node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, yaml.MappingNode):
        pairs = ((name, child) for name, child in node.value if name.value == step)
        return next(pairs, None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        items = node.value
        return (None, items[step]) if 0 <= step < len(items) else None
    return None


def _bound_depth(text: str) -> None:
    """Refuse what would nest too deeply, before the C parser recurses into it."""
    # Each level costs an opener or a column of indentation: most files stop here.
    few = _count(text, _SIGNS) < _SHALLOW or _count(text, _OPENERS) < _SHALLOW
    if few and _INDENTED not in text:
        return
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _at(event.start_mark, f"nested more than {MAX_DEPTH} deep")


def _count(text: str, signs: tuple[str, ...]) -> int:
    return sum(map(text.count, signs))


def _translated(error: Exception) -> YamlError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    text = str(problem or "the text cannot be parsed")
    return _at(mark, text)


def _at(mark: Any, problem: str) -> YamlError:
    if mark is None:
        return YamlError(problem)
    return YamlError(problem, line=mark.line + 1, column=mark.column + 1)


def _unreadable(
    file: str, raw: bytes, why: str, hint: str
) -> tuple[Source, tuple[Diagnostic, ...]]:
    digest = hashlib.sha256(raw).hexdigest()
    source = Source(file=file, text="", sha256=digest, data=None)
    found = Diagnostic(code="R107", message=why, span=Span(file), hint=hint)
    return source, (found,)
