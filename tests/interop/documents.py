"""Random documents with their meaning: connection files, and whatever else sops takes.

A tree of values is made first and written second, so the typed data beside each text
is what was meant, not what some reader made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from tests.interop import spelling
from tests.interop.spelling import Spelled

SURE_SECRET: Final = "k-0123456789"
"""The one credential that every connection has."""

Tree = Any
"""dict, list, text, None, `Spelled`, `Anchor` or `Alias`."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A value with a name, for an alias further down."""

    name: str
    tree: Tree


@dataclass(frozen=True, slots=True)
class Alias:
    """Another place where the value of an anchor stands."""

    of: Anchor


@dataclass(frozen=True, slots=True)
class Document:
    """A text and, per YAML document in it, the typed data that it stands for."""

    text: str
    data: list[dict[str, Any]]


_KEYS: Final = (
    "api_key", "api_secret", "password", "account_id", "timeout", "endpoint", "token",
    "symbols", "region", "desk", "venue", "depth", "fee", "retries", "mode", "note",
)  # fmt: skip
_ODD_KEYS: Final = (
    "a:b", "clé", "with space", "it's", "yes", "1", "0x10", "true", "a.b", "[0]",
    "sops", "鍵", "key#1", "-x", "?", "null", "~", "2026-11-22", "🔑", 'say "so"',
    "ENC[a", "k_unencrypted", "x_enc",
)  # fmt: skip
_NOTES: Final = (
    " made by hand", "no blank before", " ключ & ¥", " 'quotes\" and: colons", "",
    " ENC[AES256_GCM,data:x]", " - looks like an item", "# twice", " trailing  ",
)  # fmt: skip
_MAX_DEPTH: Final = 3


def connection(rng: Random) -> Document:
    """Return a connection file in our dialect, with credentials in plain text."""
    tree: dict[str, Tree] = {
        "version": Spelled(1, "1"), "name": "main", "type": "custom_api",
        "provider": rng.choice(("feed", "binance", spelling.odd_text(rng))),
    }  # fmt: skip
    grow = Grower(rng, wide=False)
    tree["credentials"] = grow.mapping(rng.randint(1, 5))
    _ensure_a_secret(tree["credentials"])
    if rng.random() < 0.6:
        tree["config"] = {
            "endpoint": spelling.odd_text(rng),
            "rate_limit": Spelled(10, "10"),
            "strict": spelling.boolean(rng),
        }
    if rng.random() < 0.7:
        tree["settings"] = grow.mapping(rng.randint(1, 4))
    if rng.random() < 0.3:
        tree["labels"] = {"desk": spelling.odd_text(rng)}
    order = list(tree)
    rng.shuffle(order)
    tree = {key: tree[key] for key in order}
    if rng.random() < 0.12:
        return Document(text=_json(rng, tree), data=[meaning(tree)])
    return _finished(rng, [_Writer(rng, wide=False).document(tree)], [meaning(tree)])


def anything(rng: Random, *, many: bool = True) -> Document:
    """Return a file of the kinds that sops takes and our own dialect does not."""
    count = rng.choice((1, 1, 1, 2, 3)) if many else 1
    texts, data = [], []
    for _ in range(count):
        tree = Grower(rng, wide=True).mapping(rng.randint(1, 6), anchors=True)
        texts.append(_Writer(rng, wide=True).document(tree))
        data.append(meaning(tree))
    return _finished(rng, texts, data)


def meaning(tree: Tree) -> Any:
    """Return the typed data that a tree stands for, aliases expanded."""
    match tree:
        case Spelled(value=value):
            return value
        case Anchor(tree=inner) | Alias(of=Anchor(tree=inner)):
            return meaning(inner)
        case dict():
            return {key: meaning(child) for key, child in tree.items()}
        case list():
            return [meaning(item) for item in tree]
        case _:
            return tree


@dataclass(frozen=True, slots=True)
class Grower:
    """Makes trees; `wide` adds what go-yaml understands beyond our dialect."""

    rng: Random
    wide: bool

    def mapping(self, size: int, depth: int = 0, *, anchors: bool = False) -> Tree:
        tree = {self.key(depth): self.value(depth + 1) for _ in range(size)}
        if anchors and self.rng.random() < 0.25:
            self._point_at_some(tree)
        return tree

    def key(self, depth: int) -> str:
        odd = self.rng.random() < 0.15
        key = self.rng.choice(_ODD_KEYS if odd else _KEYS)
        # At the top this name is the metadata's own.
        return "sops_" if key == "sops" and depth == 0 else key

    def value(self, depth: int) -> Tree:
        kind = self.rng.random()
        if depth < _MAX_DEPTH and kind < 0.12:
            return self.mapping(self.rng.randint(0, 3), depth)
        if depth < _MAX_DEPTH and kind < 0.24:
            return [self.value(depth + 1) for _ in range(self.rng.randint(0, 4))]
        return self.scalar(kind)

    def scalar(self, kind: float) -> Tree:
        rng = self.rng
        if self.wide and kind < 0.36:
            made = rng.choice((spelling.wide_number, spelling.moment))
            return made(rng)
        if kind < 0.42:
            return spelling.number(rng)
        if kind < 0.48:
            return spelling.boolean(rng, wide=self.wide)
        if kind < 0.52:
            return None
        return "" if kind < 0.54 else spelling.odd_text(rng)

    def _point_at_some(self, tree: dict[str, Tree]) -> None:
        key = self.rng.choice(list(tree))
        anchor = tree[key] = Anchor("shared", tree[key])
        tree["again"] = Alias(anchor)
        if isinstance(anchor.tree, dict) and self.rng.random() < 0.5:
            tree["child"] = {"<<": Alias(anchor), "own": "more"}


def _ensure_a_secret(credentials: dict[str, Tree]) -> None:
    """Add a value that is sealed: a file of nulls and empty text is left alone."""
    credentials["api_key"] = SURE_SECRET


def _finished(rng: Random, texts: list[str], data: list[dict[str, Any]]) -> Document:
    text = "---\n".join(texts)
    if rng.random() < 0.1:
        text = "---\n" + text
    if rng.random() < 0.08:
        text = text.replace("\n", "\r\n")
    if rng.random() < 0.05 and text.endswith('"\n'):
        text = text[:-1]
    if rng.random() < 0.03:
        text = "\ufeff" + text
    return Document(text=text, data=data)


def _json(rng: Random, tree: Tree) -> str:
    indent = rng.choice((None, 2, 4))
    text = as_yaml(json.dumps(meaning(tree), indent=indent, ensure_ascii=False))
    # PHP escapes every slash.
    return (text.replace("/", "\\/") if rng.random() < 0.3 else text) + "\n"


def as_yaml(text: str) -> str:
    """Escape in JSON what YAML does not allow as it is."""
    return _STRANGE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_STRANGE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes a tree as YAML, in one of the many ways that mean the same."""

    rng: Random
    wide: bool
    noted: bool = True
    """Whether there may be comments."""
    careful: bool = False
    """Below our credentials: no comment in a list, since sops spoils those."""

    def document(self, tree: dict[str, Tree]) -> str:
        return "\n".join(self.mapping(tree, 0)) + "\n"

    @property
    def within_list(self) -> _Writer:
        return replace(self, noted=self.noted and not self.careful)

    def below(self, key: str) -> _Writer:
        return replace(self, careful=self.careful or key == "credentials")

    def mapping(self, tree: dict[str, Tree], column: int) -> list[str]:
        lines: list[str] = []
        for key, child in tree.items():
            lines += self.gap(lines, column)
            head = f"{' ' * column}{self.key(key)}:"
            lines += self.below(key).entry(head, child, column)
        return lines

    def sequence(self, items: list[Tree], column: int) -> list[str]:
        lines: list[str] = []
        for item in items:
            lines += self.gap(lines, column)
            lines += self.entry(f"{' ' * column}-", item, column)
        return lines

    def entry(self, head: str, tree: Tree, column: int) -> list[str]:
        match tree:
            case Anchor(name=name, tree=inner):
                return self.entry(f"{head} &{name}", inner, column)
            case Alias(of=anchor):
                return [f"{head} *{anchor.name} "]
            case dict() | list() if not tree or self.rng.random() < 0.25:
                remark = self.within_list.remark()
                return [f"{head} {self.flow(tree, column)}{remark}"]
            case dict():
                return self.mapping_entry(head, tree, column + 2)
            case list():
                flush = not head.lstrip().startswith("-") and self.rng.random() < 0.4
                writer = self.within_list
                items = writer.sequence(tree, column if flush else column + 2)
                return [head + writer.remark(), *items]
            case _:
                return self.scalar_entry(head, tree, column)

    def mapping_entry(self, head: str, tree: dict[str, Tree], column: int) -> list[str]:
        if head.endswith("-") and self.rng.random() < 0.7:
            lines = self.mapping(tree, column)
            return [f"{head} {lines[0].lstrip()}", *lines[1:]]
        return [head + self.remark(), *self.mapping(tree, column)]

    def scalar_entry(self, head: str, tree: Tree, column: int) -> list[str]:
        found = self.scalar(tree, " " * (column + 2), flow=False)
        blank = "  " if self.rng.random() < 0.05 else " "
        text = f"{head}{blank}{found.text}" if found.text else head
        return [text if "\n" in text else text + self.remark()]

    def flow(self, tree: Tree, column: int) -> str:
        indent = " " * (column + 2)
        if isinstance(tree, Anchor):
            return f"&{tree.name} {self.flow(tree.tree, column)}"
        if isinstance(tree, Alias):
            return f"*{tree.of.name} "
        if not isinstance(tree, dict | list):
            return self.scalar(tree, indent, flow=True).text
        wrap = f"\n{indent}" if self.rng.random() < 0.15 else ""
        parts = (
            [f"{self.key(key)}: {self.flow(one, column)}" for key, one in tree.items()]
            if isinstance(tree, dict)
            else [self.flow(item, column) for item in tree]
        )
        opening, closing = "{}" if isinstance(tree, dict) else "[]"
        body = f",{wrap or ' '}".join(parts)
        return f"{opening}{wrap if parts else ''}{body}{closing}"

    def scalar(self, tree: Tree, indent: str, *, flow: bool) -> Spelled:
        if tree is None:
            ways = ("null", "~", "Null") + (() if flow else ("",))
            return Spelled(None, self.rng.choice(ways) if self.wide else "null")
        if isinstance(tree, str):
            return spelling.spelled_text(
                self.rng, tree, indent=indent, flow=flow, wide=self.wide
            )
        return tree

    def key(self, key: str) -> str:
        if key == "<<":
            return key
        if key not in _ODD_KEYS:
            quote = self.rng.choice(("", "", "", "'", '"'))
            return f"{quote}{key}{quote}"
        if self.rng.random() < 0.5:
            return "'" + key.replace("'", "''") + "'"
        return json.dumps(key, ensure_ascii=False)

    def gap(self, above: list[str], column: int) -> Iterator[str]:
        """Yield blank lines and comments, where they cannot become content."""
        if above and _KEEPS.search(above[-1]):
            return
        if self.rng.random() < 0.15 and above:
            yield ""
        if self.noted and self.rng.random() < 0.15 and above:
            yield f"{' ' * column}#{self.rng.choice(_NOTES)}"

    def remark(self) -> str:
        if not self.noted or self.rng.random() > 0.1:
            return ""
        return f" #{self.rng.choice(_NOTES)}"


_KEEPS: Final = re.compile(r"[|>]\d?\+\n")

Maker = Callable[[Random], Document]
