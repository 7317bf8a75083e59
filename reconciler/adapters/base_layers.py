"""The defaults of folders as they were at a commit, and the files they held for.

A change of `_defaults.yaml` is a change of every file in its folder, though Git does
not say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.adapters import documents, files
from reconciler.adapters.layers import Layer, folder_of, layer_beside, surrounded
from reconciler.core.defaults import FILE
from reconciler.core.source import Source
from reconciler.core.variables import Variables

CHANGED_DEFAULTS = f"*{FILE}"
"""What to ask Git for, to hear of defaults only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Documents that changed, with what held for them then.

    `texts` has the old text by file, empty for a new one; a file whose defaults
    changed is among them, with the text that it still has.
    """

    root: str
    variables: Variables
    texts: Mapping[str, str]
    layers: Mapping[str, Layer | None]
    """The old defaults by folder, where they changed; None where there were none."""

    def layer(self, file: str) -> Layer | None:
        """Return the defaults that held for a file."""
        folder = folder_of(file)
        if folder in self.layers:
            return self.layers[folder]
        return layer_beside(self.root, file)

    def source(self, text: str, file: str) -> Source:
        """Return a text of that time with the defaults that held for it."""
        source = documents.parse(text, file=file)[0]
        return surrounded(source, self.layer(file), self.variables).source

    def source_now(self, text: str, file: str) -> Source:
        """Return a present text with what holds for it now."""
        source = documents.parse(text, file=file)[0]
        return surrounded(source, layer_beside(self.root, file), self.variables).source


def before_of(
    directory: Path,
    changed: Mapping[str, str],
    *,
    folder: str,
    variables: Variables,
) -> Before:
    """Sort out what changed below a folder.

    Args:
        directory: The working directory.
        changed: As `git_history.changes_since` returns it.
        folder: Where the documents lie.
        variables: What the files take from the environment, then as now.
    """
    root = os.fspath(directory)
    top = "" if folder in ("", ".") else f"{os.path.normpath(folder)}/"
    texts = {
        file: text
        for file, text in changed.items()
        if file.startswith(top) and is_document(file.removeprefix(top))
    }
    old = {
        folder_of(file): text
        for file, text in changed.items()
        if file.startswith(top) and os.path.basename(file) == FILE  # noqa: PTH119
    }
    for home in old:
        for file in _documents_in(directory, home):
            texts.setdefault(file, _text(directory / file))
    return Before(
        root=root,
        variables=variables,
        texts=texts,
        layers={home: layer_of(home, text) for home, text in old.items()},
    )


def is_document(file: str) -> bool:
    """Tell whether a file below the folder of the documents is read as one."""
    hidden = any(part[:1] in "._" for part in file.split("/"))
    return not hidden and file.endswith(files.SUFFIXES)


def layer_of(folder: str, text: str) -> Layer | None:
    """Return a folder's defaults with this text; None when there were none."""
    name = FILE if folder == "." else f"{folder}/{FILE}"
    return Layer(file=name, content=text.encode()) if text else None


def _documents_in(directory: Path, folder: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(directory / folder))  # noqa: PTH208
    except OSError:
        return
    for name in names:
        if is_document(name) and (directory / folder / name).is_file():
            yield name if folder == "." else f"{folder}/{name}"


def _text(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")
