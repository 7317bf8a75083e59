"""A folder's defaults on each side of a merge, and as they come out of it.

Credentials are bound to what held for their file where they were sealed; on another
branch, other defaults may hold.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.adapters.base_layers import layer_of
from reconciler.adapters.git_merge import merge_text
from reconciler.adapters.git_sides import BASE, OURS, THEIRS, beside_on_sides
from reconciler.adapters.layers import Layer, folder_of, layer_beside
from reconciler.core.defaults import FILE

MERGED: Final = "merged"


def layers_on_sides(
    directory: Path, file: str, texts: Mapping[str, str]
) -> Mapping[str, Layer | None]:
    """Return the defaults that hold for a file, by `base`, `ours`, `theirs`, `merged`.

    Where Git does not tell what a side had, it is what lies beside the file now. While
    the sides' defaults themselves are in conflict, ours stand for the outcome.

    Args:
        directory: The working directory.
        file: The file that is merged, relative to it.
        texts: Its three contents, by side.
    """
    folder = folder_of(file)
    name = FILE if folder == "." else f"{folder}/{FILE}"
    now = layer_beside(os.fspath(directory), file)
    said = beside_on_sides(directory, file, name, texts)
    layers = {
        side: layer_of(folder, said[side]) if side in said else now
        for side in (BASE, OURS, THEIRS)
    }
    complete = all(side in said for side in layers)
    outcome = layer_of(folder, _merged(said)) if complete else now
    return {**layers, MERGED: outcome}


def _merged(said: Mapping[str, str]) -> str:
    base, ours, theirs = said[BASE], said[OURS], said[THEIRS]
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    lines = merge_text(base=base, ours=ours, theirs=theirs)
    return ours if lines.has_conflicts else lines.text
