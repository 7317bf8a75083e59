"""What holds for a connection file besides its own text: defaults, and variables.

Read once per run and folder, parsed when the first file must be judged anew. The
digest is part of what a file is remembered by, so that a change of the defaults is a
change of every file they hold for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler.adapters import files
from reconciler.core.defaults import (
    FILE,
    Data,
    check_defaults,
    covered_by_mac,
    layered,
    merged,
)
from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.errors import DocumentError
from reconciler.core.source import Source
from reconciler.core.variables import MARK, Variables

if TYPE_CHECKING:
    from reconciler.core.expanding import Expanded

Parsed = tuple[Source, tuple[Diagnostic, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """The defaults of one folder; equal to itself only, and so a key of caches."""

    file: str
    """As messages call it."""
    content: bytes = field(repr=False)
    why: str = ""
    """Why it could not be read."""

    @cached_property
    def digest(self) -> str:
        """Return what tells these defaults from any other."""
        return hashlib.sha256(self.content + self.why.encode()).hexdigest()

    @property
    def source(self) -> Source:
        """Return the parsed defaults."""
        return self._parsed[0]

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Return what is wrong with them, sorted; then no file below is used."""
        return self._parsed[1]

    @cached_property
    def _parsed(self) -> Parsed:
        from reconciler.adapters import documents  # noqa: PLC0415  # not when warm

        if self.why:
            said = f"the defaults cannot be read: {self.why}"
            found = Diagnostic(code="R107", message=said, span=Span(self.file))
            nothing = Source(file=self.file, text="", sha256=self.digest, data=None)
            return nothing, (found,)
        text = self.content.decode(errors="replace")
        source, problems = documents.parse(text, file=self.file)
        every = (*problems, *check_defaults(source))
        return source, tuple(sorted(every, key=lambda one: one.sort_key))


def layers_of(
    folders: Mapping[str, str], path_of: Callable[[str], str]
) -> dict[str, Layer]:
    """Return the defaults by folder.

    Args:
        folders: The folders that have some, with why they may not be read.
        path_of: Where a file of that name lies.
    """
    return {folder: _read(folder, why, path_of) for folder, why in folders.items()}


def folder_of(file: str) -> str:
    """Return a file's folder as listings name it."""
    return file.rpartition("/")[0] or "."


def layer_beside(root: str, file: str) -> Layer | None:
    """Return the defaults that hold for a file; None when its folder has none."""
    folder = folder_of(file)
    for here, why in files.defaults_in(root, folder).items():
        return _read(here, why, lambda name: os.path.join(root, name))  # noqa: PTH118
    return None


def digest_of(data: bytes, layer: Layer | None, variables: Variables) -> str:
    """Return what a file is remembered by: its content, and what else holds for it."""
    digest = hashlib.sha256(data).hexdigest()
    if layer:
        digest += f" {layer.digest}"
    if MARK in data or (layer and MARK in layer.content):
        digest += f" {variables.digest}"
    return digest


def surrounded(source: Source, layer: Layer | None, variables: Variables) -> Expanded:
    """Return a file's source with all that holds for it, and what forbids that."""
    from reconciler.core.expanding import expanded  # noqa: PLC0415  # not when warm

    whole = layered(source, layer.source) if layer else source
    found = expanded(whole, variables)
    forbidden = covered_by_mac(found.source) if found.source is not source else None
    if forbidden is None:
        return found
    return replace(found, problems=(*found.problems, forbidden))


def whole_data(
    data: Data, layer: Layer | None, variables: Variables, *, file: str
) -> Data:
    """Return all that holds for a file as plain data; raises `DocumentError`."""
    from reconciler.core.expanding import expanded_data  # noqa: PLC0415  # the same

    if layer:
        if layer.problems:
            raise DocumentError(layer.problems)
        data = merged(data, layer.source.data or {})
    return expanded_data(data, variables, file=file)


def self_contained(source: Source) -> str:
    """Return a text that says by itself what holds for a file, merged values included.

    The text of the file with what the defaults add written into it: sealed values,
    comments and their order stay, so that the MAC holds.
    """
    if source.written is None:
        return source.text
    from reconciler.adapters.merging import with_values  # noqa: PLC0415  # rarely

    return with_values(source)


def _read(folder: str, why: str, path_of: Callable[[str], str]) -> Layer:
    name = FILE if folder == "." else f"{folder}/{FILE}"
    content = b""
    if not why:
        try:
            content = files.read_bytes(path_of(name))
        except OSError as error:
            why = error.strerror or type(error).__name__
    return Layer(file=name, content=content, why=why)
