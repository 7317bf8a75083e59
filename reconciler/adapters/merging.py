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
from reconciler.adapters.sops.spans import Edit, apply_edits, scalar_end
from reconciler.core.defaults import others
from reconciler.core.errors import InputError
from reconciler.core.source import Path, Source


def with_values(source: Source) -> str:
    """Return the text of a source with the values that its `data` has beyond it.

    Raises:
        InputError: The text cannot take them up without saying something else.
    """
    body = source.text.removeprefix(BOM)
    root = compose(body)[0]
    body = apply_edits(body, list(_edits(source, root)))
    found, problems = parse(body, file=source.file)
    if problems and parse(source.text, file=source.file)[1]:
        return source.text  # it was no document before
    if problems or found.data != source.data:
        raise InputError(
            f"what holds for '{source.file}' from elsewhere cannot be written into it;"
            " write its keys as plain 'key: value' lines"
        )
    return source.text[: source.text.startswith(BOM)] + body


def _edits(source: Source, root: Any) -> Iterator[Edit]:
    new: dict[Path, dict[str, Any]] = {}
    for one in others(source):
        if one.is_new:
            new.setdefault(one.path[:-1], {})[str(one.path[-1])] = one.value
        else:
            node = _node(root, one.path)
            end = scalar_end(source.text.removeprefix(BOM), node)
            yield Edit(start=node.start_mark.index, end=end, text=_json(one.value))
    for path, values in new.items():
        yield _first_in(_node(root, path), values)


def _node(root: Any, path: Path) -> Any:
    for step in path:
        if isinstance(step, int):
            root = root.value[step]
        else:
            root = next(node for name, node in root.value if name.value == step)
    return root


def _first_in(node: Any, values: Mapping[str, Any]) -> Edit:
    """Return what makes values the first entries of a mapping."""
    lines = [f"{_json(key)}: {_json(value)}" for key, value in values.items()]
    if isinstance(node, yaml.MappingNode) and node.flow_style:
        after = ", " if node.value else ""
        at, text = node.start_mark.index + 1, ", ".join(lines) + after
        return Edit(start=at, end=at, text=text)
    first = node.value[0][0].start_mark
    between = "\n" + " " * first.column
    text = between.join(lines) + between
    return Edit(start=first.index, end=first.index, text=text)


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    """Write what does not print as YAML does; JSON would take two halves for some."""
    return char if char.isprintable() else f"\\U{ord(char):08x}"
