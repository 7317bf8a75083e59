"""`${NAME}` in plain values: what the environment may say, and what it may not.

Only in values of `config`, `settings` and `labels`; never in keys, in what identifies
or owns a connection, or in anything sealed. Only names that `reconcile.yaml` lists:
a file must not be able to read whatever the environment holds, such as keys. What is
not set is an error with its place. `$$` is a dollar sign. The reasons stand in
docs/decisions/0013.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reconciler.core.defaults import Data
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.errors import DocumentError
from reconciler.core.source import Path, Source
from reconciler.core.variables import NAME, Variables

ROOTS: Final = ("config", "settings", "labels")
_LEGAL: Final = re.compile(NAME.removesuffix("$"))
_USE: Final = re.compile(r"\$\$|\$\{([^{}]*)(\}?)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SECRET_NAME: Final = re.compile(
    r"secret|token|passw|passphrase|credential|private|(^|_)key(s?$|_)|api_?key"
    r"|^(sops|reconcile|aws)_",
    re.IGNORECASE,
)
_SECRET_VALUE: Final = re.compile(
    r"AGE-(SECRET-KEY|PLUGIN)-|-----BEGIN |ENC\[|://[^/@\s]*:[^/@\s]*@"
    r"|^(?=[A-Za-z+/]*[0-9])(?=[0-9+/]*[A-Za-z])[A-Za-z0-9+/]{24,}=*$"
)
"""Keys as programs write them, a password in an address, long text without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """A source with its variables replaced; `unknown` are the places of unset ones."""

    source: Source
    problems: tuple[Diagnostic, ...] = ()
    unknown: frozenset[Span] = frozenset()


def expanded(source: Source, variables: Variables) -> Expanded:
    """Replace what a document takes from the environment; pure."""
    if source.data is None or not any(map(_is_used, _texts_below(source.data))):
        return Expanded(source=source)
    reader = _Reader(source, variables)
    data = {
        key: reader.value((key,), value) if key in ROOTS else value
        for key, value in source.data.items()
    }
    whole = source
    if data != source.data:
        own = source.written if source.written is not None else source.data
        whole = replace(source, data=data, written=own)
    return Expanded(
        source=whole,
        problems=tuple(reader.found),
        unknown=frozenset(reader.unknown),
    )


@dataclass(slots=True)
class _Reader:
    """Walks through one document and collects what is wrong with it."""

    source: Source = field(repr=False)
    variables: Variables
    found: list[Diagnostic] = field(default_factory=list)
    unknown: set[Span] = field(default_factory=set)

    def value(self, path: Path, value: Any) -> Any:
        match value:
            case dict():
                return {key: self.value((*path, key), v) for key, v in value.items()}
            case list():
                return [self.value((*path, at), v) for at, v in enumerate(value)]
            case str() if "$" in value:
                return self.text(path, value)
            case _:
                return value

    def text(self, path: Path, text: str) -> str:
        """Return a text with every variable replaced, or as it is if one cannot be."""
        problems = [why for use in _USE.finditer(text) for why in self.problems(use)]
        if not problems:
            return _USE.sub(self.replaced, text)
        span = self.source.span(path)
        if all(code == _UNSET for code, *_ in problems) and self.variables.allow_unset:
            self.unknown.add(span)
            return text
        for code, message, hint in problems:
            shown = "R211" if code == _UNSET else code
            self.found.append(
                Diagnostic(code=shown, message=message, span=span, hint=hint)
            )
        return text

    def replaced(self, use: re.Match[str]) -> str:
        return "$" if use[0] == "$$" else self.variables.values[use[1]] or ""

    def problems(self, use: re.Match[str]) -> Iterator[tuple[str, str, str]]:
        """Yield what forbids one variable: code, message and hint."""
        if use[0] == "$$":
            return
        name = use[1]
        if not use[2] or not _LEGAL.fullmatch(name):
            said = "'${' is not followed by a variable's name and '}'"
            yield "R211", said, "write ${NAME}, or $$ for a dollar sign"
        elif _SECRET_NAME.search(name):
            said = f"the variable '{name}' is called like a secret: no place for one"
            hint = "seal it below credentials, or give the variable another name"
            yield "R212", said, hint
        elif name not in self.variables.values:
            said = f"the variable '{name}' is not declared"
            yield "R211", said, f"add {name} to 'variables' in reconcile.yaml"
        else:
            yield from _of_value(name, self.variables.values[name])


_UNSET: Final = "unset"


def _of_value(name: str, value: str | None) -> Iterator[tuple[str, str, str]]:
    if value is None:
        hint = "set it where this runs; a review without it takes --allow-unset"
        yield _UNSET, f"the variable '{name}' is not set", hint
    elif _CONTROL.search(value):
        said = f"the variable '{name}' holds more than one line of text"
        yield "R211", said, "set it to plain text"
    elif _SECRET_VALUE.search(value):
        said = f"the variable '{name}' holds what looks like a secret"
        yield "R212", said, "plain values are shown and recorded: seal it instead"


def expanded_data(data: Data, variables: Variables, *, file: str) -> Data:
    """Do the same with plain data, for what a file is bound to.

    Raises:
        DocumentError: A variable cannot be replaced.
    """
    nowhere = Source(file=file, text="", sha256="", data=data)
    found = expanded(nowhere, variables)
    if found.problems:
        raise DocumentError(found.problems)
    return found.source.data or {}


def _is_used(text: str) -> bool:
    return "$" in text


def _texts_below(data: Mapping[str, Any]) -> Iterator[str]:
    for root in ROOTS:
        yield from _texts(data.get(root))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case str():
            yield value
        case _:
            return
