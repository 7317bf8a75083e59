"""From YAML nodes to plain data, with every problem of the dialect on the way.

Nodes come without types (`documents.compose`): plain scalars are typed by `dialect`,
and what it refuses, or no JSON object could hold, becomes a diagnostic.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import yaml

from reconciler.adapters.dialect import is_boolean_word, reason, typed
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.shape import key_word

Node = yaml.ScalarNode | yaml.MappingNode | yaml.SequenceNode

WRITE_OUT: Final = "write the value out where it is used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Turns nodes into plain data and collects what is wrong on the way."""

    file: str
    problems: list[Diagnostic] = field(default_factory=list)

    def span(self, mark: Any) -> Span:
        """Return the place of a parser's mark."""
        return Span(self.file, mark.line + 1, mark.column + 1)

    def report(self, code: str, message: str, place: Span, hint: str) -> None:
        """Take note of a problem."""
        self.problems.append(
            Diagnostic(code=code, message=message, span=place, hint=hint)
        )

    def _value(self, node: Node, *, lenient: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, lenient=lenient)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, lenient=lenient)
        return [self._value(item, lenient=lenient) for item in node.value]

    def _scalar(self, node: yaml.ScalarNode, *, lenient: bool) -> Any:
        if node.style or node.tag:
            return node.value
        known, value = typed(node.value)
        if not known and not lenient:
            self._unclear(node, _VALUE)
        return value

    def mapping(
        self, node: yaml.MappingNode, *, lenient: bool = False, root: bool = False
    ) -> dict[str, Any]:
        """Return a mapping; `lenient` takes any scalar, as does the root's `sops`."""
        data: dict[str, Any] = {}
        for name, child in node.value:
            key = self._key(name)
            sealer = lenient or (root and key == "sops")
            value = self._value(child, lenient=sealer)
            if key is None:
                continue
            if key in data:
                self._duplicate(key, name, _first(node, key))
                continue
            data[key] = value
        return data

    def _key(self, node: Node) -> str | None:
        """Return the key as text; None, and a problem, when it is not text."""
        if isinstance(node, yaml.ScalarNode):
            text: str = node.value
            if node.style or node.tag or _is_plain_text(text):
                return text
        return self._odd_key(node)

    def _odd_key(self, node: Node) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self.report(
                "R103", "a key is a list or a mapping", self.span(node.start_mark),
                "use plain text as the key",
            )  # fmt: skip
            return None
        text = str(node.value)
        if text == "<<":
            self.report(
                "R105", "a merge key '<<'", self.span(node.start_mark), WRITE_OUT
            )
            return None
        if not typed(text)[0]:
            self._unclear(node, _KEY)
        else:
            self.report(
                "R103", f"the key {_shown(text)} is not text",
                self.span(node.start_mark), f"quote it: {_quoted(text)}",
            )  # fmt: skip
        return text

    def _duplicate(self, key: str, name: Node, first: Node) -> None:
        self.problems.append(
            Diagnostic(
                code="R102",
                message=f"the key '{key_word(key)}' stands twice in one mapping",
                span=self.span(name.start_mark),
                hint="keep one of the two",
                related=((self.span(first.start_mark), "it stands here first"),),
            )
        )

    def _unclear(self, node: yaml.ScalarNode, what: str) -> None:
        text = str(node.value)
        # The value may be a credential that nobody has sealed yet: never show it.
        shown = f" {_shown(text)}" if what == _KEY or is_boolean_word(text) else ""
        hint = f"quote it to keep the text{': ' + _quoted(text) if shown else ''}"
        if what == _VALUE and is_boolean_word(text):
            hint += ", or write true or false"
        place = self.span(node.start_mark)
        self.report("R104", f"{what}{shown} {reason(text)}", place, hint)


@lru_cache(maxsize=1024)
def _is_plain_text(text: str) -> bool:
    """Tell whether a plain scalar is text to everybody; keys come again and again."""
    known, value = typed(text)
    return known and isinstance(value, str)


def _first(node: yaml.MappingNode, key: str) -> Node:
    return next(
        name
        for name, _ in node.value
        if isinstance(name, yaml.ScalarNode) and name.value == key
    )


_KEY, _VALUE = "the key", "the plain value"
_SHOWN: Final = 40


def _shown(text: str) -> str:
    return f"'{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}'"


def _quoted(text: str) -> str:
    return f'"{text}"'
