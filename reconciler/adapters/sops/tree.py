"""The plain content of any file that sops writes, typed as go-yaml types it.

Wider than `adapters/documents`: several documents, anchors, tags and timestamps are
fine here, because people point us at files that sops made for other purposes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import yaml

from reconciler.adapters.documents import BOM, MAX_DEPTH, Node, YamlError, compose
from reconciler.adapters.sops.scalars import REFUSED, resolve
from reconciler.adapters.sops.values import Scalar
from reconciler.core.errors import SecretError
from reconciler.core.shape import key_word

MAX_NODES: Final = 200_000
"""Aliases are expanded, as sops does; this stops those that expand without end."""

Plain = dict[str, Any]
"""dict, list and `Scalar`, in the order of the file."""


def load_nodes(text: str, *, file: str) -> list[yaml.MappingNode | None]:
    """Parse a file into one root per document; None for an empty document.

    Marks count characters of `text` without its byte order mark.

    Raises:
        SecretError: Not YAML, empty, or a document that is not a mapping (code 2).
    """
    try:
        roots = compose(text.removeprefix(BOM))
    except YamlError as error:
        raise SecretError(
            f"{file}:{error.line}:{error.column}: {error.problem}", code=2
        ) from None
    if not roots:
        raise SecretError(f"{file}: the file is empty", code=2)
    return [_root(node, file) for node in roots]


def plain_documents(
    roots: Sequence[yaml.MappingNode | None], *, file: str
) -> list[Plain]:
    """Turn the roots into typed data, aliases expanded.

    Raises:
        SecretError: A key that is not text or stands twice, a number that sops
            refuses, or aliases without end. The message holds no value.
    """
    loader = _Loader(file)
    return [loader.mapping(root, 0) if root else {} for root in roots]


def scalar_of(node: yaml.ScalarNode) -> Scalar:
    """Type one scalar node."""
    return resolve(node.value, plain=not node.style, tag=node.tag)


class _Loader:
    __slots__ = ("count", "file")

    def __init__(self, file: str) -> None:
        self.file, self.count = file, 0

    def value(self, node: Node, depth: int) -> Any:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise self.refused(node, "too many or too deeply nested values", 2)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, depth + 1) for item in node.value]
        try:
            return scalar_of(node)
        except SecretError as error:
            raise self.refused(node, str(error), error.code) from None

    def mapping(self, node: yaml.MappingNode, depth: int) -> Plain:
        data: Plain = {}
        for name, child in node.value:
            key = self.key(name)
            if key in data:
                raise self.refused(name, f"the key '{key_word(key)}' stands twice", 2)
            data[key] = self.value(child, depth + 1)
        return data

    def key(self, node: Node) -> str:
        key = scalar_of(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise self.refused(node, "a key is not text; quote it", REFUSED)
        return key

    def refused(self, node: Node, why: str, code: int | None) -> SecretError:
        mark = node.start_mark
        place = f"{self.file}:{mark.line + 1}:{mark.column + 1}"
        return SecretError(f"{place}: {why}", code=code)


def _root(node: Node, file: str) -> yaml.MappingNode | None:
    if isinstance(node, yaml.MappingNode):
        return node
    if isinstance(node, yaml.ScalarNode) and scalar_of(node) is None:
        return None
    if isinstance(node, yaml.ScalarNode) and "sops_mac=" in node.value:
        raise SecretError(
            f"{file}: it is a dotenv file; only YAML and JSON are read here, open it"
            " with sops",
            code=2,
        )
    raise SecretError(f"{file}: a document's root must be a mapping", code=2)
