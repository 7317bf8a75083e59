"""Values written into the text of a connection file, beside what stands there.

New keys come first in their mapping, as JSON, which is YAML in one line: nothing that
was there is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from reconciler.adapters.documents import BOM, compose, parse
from reconciler.core.defaults import added_paths
from reconciler.core.errors import InputError
from reconciler.core.source import Source

_Insertion = tuple[int, str]
"""Where, and what."""


def with_values(source: Source) -> str:
    """Return the text of a source with the values that its `data` has beyond it.

    Raises:
        InputError: The text cannot take them up without saying something else.
    """
    body = source.text.removeprefix(BOM)
    root = compose(body)[0]
    for at, text in sorted(_insertions(source, root), reverse=True):
        body = f"{body[:at]}{text}{body[at:]}"
    found, problems = parse(body, file=source.file)
    if problems and parse(source.text, file=source.file)[1]:
        return source.text  # it was no document before
    if problems or found.data != source.data:
        raise InputError(
            f"the defaults of '{source.file}' cannot be written into it; write its keys"
            " as plain 'key: value' lines"
        )
    return source.text[: source.text.startswith(BOM)] + body


def _insertions(source: Source, root: Any) -> Iterator[_Insertion]:
    data = source.data or {}
    new: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for key, *rest in added_paths(source):
        if rest:
            inner.setdefault(str(key), {})[str(rest[0])] = data[str(key)][rest[0]]
        else:
            new[str(key)] = data[str(key)]
    nodes = {name.value: node for name, node in root.value}
    for key, values in inner.items():
        yield _first_in(nodes[key], values)
    if new:
        yield _first_in(root, new)


def _first_in(node: Any, values: Mapping[str, Any]) -> _Insertion:
    """Return what makes values the first entries of a mapping."""
    lines = [f"{_json(key)}: {_json(value)}" for key, value in values.items()]
    if isinstance(node, yaml.MappingNode) and node.flow_style:
        after = ", " if node.value else ""
        return node.start_mark.index + 1, ", ".join(lines) + after
    first = node.value[0][0].start_mark
    between = "\n" + " " * first.column
    return first.index, between.join(lines) + between


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    """Write what does not print as YAML does; JSON would take two halves for some."""
    return char if char.isprintable() else f"\\U{ord(char):08x}"
