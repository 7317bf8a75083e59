"""Which files are read: all of a folder, or just those that were asked for."""

# pathlib costs more per file than reading and hashing it.
# ruff: noqa: PTH100, PTH112

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from reconciler.adapters import files
from reconciler.adapters.layers import folder_of


def documents_in(root: str, connections: str, targets: Sequence[Path]) -> files.Listing:
    """Return the documents to read, and which folders have defaults.

    Args:
        root: The working directory.
        connections: The folder of the documents, relative to it.
        targets: Only these documents or folders; empty for all.

    Raises:
        InputError: A folder is missing, or cannot be listed.
    """
    if not targets:
        return files.list_documents(root, connections)
    listing = files.Listing()
    for target in targets:
        name = named_in(root, target)
        if os.path.isdir(path_in(root, name)):
            below = files.list_documents(root, name)
            listing.files += below.files
            listing.refused |= below.refused
            listing.defaults |= below.defaults
        else:
            listing.files.append(name)
            listing.defaults |= files.defaults_in(root, folder_of(name))
    return listing


def path_in(root: str, file: str) -> str:
    """Return where a file lies that is named relative to the root."""
    return file if file[:1] == "/" else f"{root}/{file}"


def named_in(root: str, target: Path) -> str:
    """Return what a file is called: by its place below the root where it lies there."""
    absolute = os.path.normpath(path_in(root, os.fspath(target)))
    top, full = os.path.abspath(root), os.path.abspath(absolute)
    return os.path.relpath(full, top) if full.startswith(top + os.sep) else full
