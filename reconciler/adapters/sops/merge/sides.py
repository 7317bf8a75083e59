"""One version of a file that is to be merged: its values, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from reconciler.adapters.documents import BOM, Node, compose, parse
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.adapters.sops.envelope import PREFIX, looks_sealed
from reconciler.adapters.sops.merge.three_way import Path
from reconciler.adapters.sops.places import member
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.spans import (
    comments,
    containers,
    last_offset,
    scalar_end,
)
from reconciler.adapters.sops.tree import scalar_of
from reconciler.adapters.sops.values import Comment
from reconciler.core.defaults import Merge, as_written
from reconciler.core.errors import SecretError

ITEM: Final = "\0item"
"""Stands in a path for the items of a list, which share their list's path."""
NOTE: Final = "\0note"
"""Ends the path of a sealed comment."""
BINDING: Final[Path] = ("binding",)

Opener = Callable[[str, str], Any]
"""Takes a sealed text and the path it is bound to, returns its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of the text that is one value."""

    path: Path
    aad: str
    start: int
    end: int
    spelled: str = field(repr=False)
    """As written, quotes included."""
    value: Any = field(repr=False)
    sealed: str = field(repr=False)
    """The ciphertext; empty for a plain value."""

    @property
    def in_list(self) -> bool:
        """Whether the path alone does not name it."""
        return ITEM in self.path or NOTE in self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version that was parsed, and not opened yet."""

    name: str
    """`base`, `ours` or `theirs`."""
    text: str = field(repr=False)
    """Without a byte order mark."""
    data: Mapping[str, Any] = field(repr=False)
    whole: Mapping[str, Any] = field(repr=False)
    """With what its folder's defaults add: what it is bound to."""
    root: yaml.MappingNode | None = field(repr=False)
    """None for an empty text: a file that was not there yet."""
    metadata: Metadata | None
    block: tuple[int, int] | None
    """Where the value of `sops` stands, from behind its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A version with its values."""

    draft: Draft
    pieces: tuple[Piece, ...] = field(repr=False)
    """In the order of the text, without the `sops` block."""
    values: Mapping[Path, Any] = field(repr=False)
    """By path, without `sops` and `binding`; a list is one value."""

    @property
    def sealed_parts(self) -> tuple[Any, ...]:
        """All that a key made, in order: equal parts need no key to be kept."""
        sealed = [(one.aad, one.sealed) for one in self.pieces if one.sealed]
        return (*sealed, repr(self.draft.data.get("sops")))

    @property
    def binding(self) -> Piece | None:
        """The binding, sealed or not."""
        return next((one for one in self.pieces if one.path == BINDING), None)


def draft(name: str, text: str, *, file: str, merge: Merge = as_written) -> Draft:
    """Parse one version.

    Raises:
        SecretError: It is not in our dialect, or its `sops` block is damaged.
    """
    body = text.removeprefix(BOM)
    if not body.strip():
        return Draft(
            name=name,
            text=body,
            data={},
            whole={},
            root=None,
            metadata=None,
            block=None,
        )
    source, problems = parse(body, file=file)
    if problems or source.data is None:
        first = f": {problems[0].message}" if problems else ""
        raise SecretError(f"{file}: {_WHOSE[name]} is not a valid document{first}")
    root: Any = compose(body)[0]
    metadata = read_metadata(source.data, file=file) if "sops" in source.data else None
    return Draft(
        name=name, text=body, data=source.data, whole=merge(source.data), root=root,
        metadata=metadata,
        block=_block_span(body, root),
    )  # fmt: skip


def as_side(found: Draft, opener: Opener) -> Side:
    """Open a version with whatever `opener` makes of its sealed values."""
    rule = found.metadata.rule if found.metadata else None
    walk = _Walk(text=found.text, rule=rule, opener=opener)
    if found.root is not None:
        for name, child in found.root.value:
            if name.value != "sops":
                walk.below((), name.value, child, sealed=bool(rule and rule.at_root))
        walk.pieces.extend(walk.comments(found.root))
    pieces = sorted(walk.pieces, key=lambda piece: piece.start)
    values = {path: value for path, value in walk.values.items() if path != BINDING}
    return Side(draft=found, pieces=tuple(pieces), values=values)


def opaque(sealed: str, _aad: str) -> Any:
    """Take the ciphertext for the value: enough to see what was touched."""
    return ("sealed", sealed)


_WHOSE: Final = {
    "base": "the common ancestor", "ours": "our side", "theirs": "their side",
    "merged": "what the lines merge to",
}  # fmt: skip


def _block_span(text: str, root: yaml.MappingNode) -> tuple[int, int] | None:
    found = member(root, "sops")
    if found is None:
        return None
    return found[0].end_mark.index, last_offset(text, found[1])


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Collects pieces and values; a list is flat where nothing in it is sealed."""

    text: str
    rule: Rule | None
    opener: Opener
    pieces: list[Piece] = field(default_factory=list)
    values: dict[Path, Any] = field(default_factory=dict)

    def below(self, path: Path, key: str, node: Node, *, sealed: bool) -> None:
        inner = self.selects(key, sealed=sealed)
        path = (*path, key)
        if isinstance(node, yaml.MappingNode) and node.value:
            for name, child in node.value:
                self.below(path, name.value, child, sealed=inner)
        else:
            self.values[path] = self.value(path, node, sealed=inner)

    def selects(self, key: str, *, sealed: bool) -> bool:
        return bool(self.rule and self.rule.below(key, sealed=sealed))

    def value(self, path: Path, node: Node, *, sealed: bool) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(path, node, sealed=sealed)
        before = len(self.pieces)
        value = self.inside(path, node, sealed=sealed)
        if node.flow_style and not any(one.sealed for one in self.pieces[before:]):
            del self.pieces[before:]
            self.add(path, node.start_mark.index, node.end_mark.index, value)
        return value

    def inside(self, path: Path, node: Node, *, sealed: bool) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {
                name.value: self.value(
                    (*path, name.value),
                    child,
                    sealed=self.selects(name.value, sealed=sealed),
                )
                for name, child in node.value
            }
        items = [
            self.value((*path, ITEM), child, sealed=sealed)
            for child in getattr(node, "value", ())
        ]
        return [item for item in items if not isinstance(item, Comment)]

    def scalar(self, path: Path, node: yaml.ScalarNode, *, sealed: bool) -> Any:
        by_look = bool(self.rule and self.rule.by_look)
        is_sealed = (sealed or by_look) and looks_sealed(node.value)
        start, end = node.start_mark.index, scalar_end(self.text, node)
        text = node.value if is_sealed else ""
        value = self.opener(text, aad_of(path)) if is_sealed else scalar_of(node)
        self.add(path, start, end, value, sealed=text)
        return value

    def add(
        self, path: Path, start: int, end: int, value: Any, *, sealed: str = ""
    ) -> None:
        self.pieces.append(
            Piece(
                path=path, aad=aad_of(path), start=start, end=end,
                spelled=self.text[start:end], value=value, sealed=sealed,
            )
        )  # fmt: skip

    def comments(self, root: yaml.MappingNode) -> Iterator[Piece]:
        """Yield the comments that sops sealed; only their mapping's path opens them."""
        if f"#{PREFIX}" not in self.text:
            return
        places = list(dict.fromkeys(aad for _, aad in containers(root)))
        for comment in comments(self.text):
            sealed = comment.text.strip()
            if looks_sealed(sealed):
                aad, value = self.opened_comment(sealed, places)
                start = comment.end - len(comment.text.lstrip())
                yield Piece(
                    path=(*aad.split(":")[:-1], NOTE), aad=aad, start=start,
                    end=start + len(sealed), spelled=sealed, value=value, sealed=sealed,
                )  # fmt: skip

    def opened_comment(self, sealed: str, places: list[str]) -> tuple[str, Any]:
        for aad in places:
            try:
                return aad, self.opener(sealed, aad)
            except SecretError:
                continue
        raise SecretError("a sealed comment was changed or moved")


def aad_of(path: Path) -> str:
    """Return what a value at this path is bound to."""
    return "".join(f"{key}:" for key in path if key != ITEM)
