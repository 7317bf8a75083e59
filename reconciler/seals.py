"""Seals, looked at: what changed in them, and how they stand; nothing is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.core.diagnostic import Diagnostic
    from reconciler.core.seals import FileSeal


def changes_since(
    app: App, rev: str, files: Sequence[Path] = ()
) -> tuple[Diagnostic, ...]:
    """Return what changed in sealed files since they left a commit; needs no key.

    Args:
        app: The working directory and its settings.
        rev: A branch, tag or commit.
        files: Look at these documents or folders only.

    Raises:
        InputError: There is no such commit, no Git repository, or no such folder.
    """
    from reconciler.adapters.base_check import check_against

    return check_against(app.choices.directory, rev, _documents(app, files))


def seals_of(app: App, files: Sequence[Path] = ()) -> tuple[FileSeal, ...]:
    """Return how sealed files stand, sorted by name; public ones are left out.

    With a key their bindings are checked; without one nothing is opened.
    """
    from reconciler.adapters.sops.upkeep.standing import file_seals

    directory, names = app.choices.directory, sorted(set(_documents(app, files)))
    keyring = None if app.keyring.is_empty else app.keyring
    return file_seals(directory, names, keyring=keyring)


def _documents(app: App, targets: Sequence[Path]) -> Iterator[str]:
    from reconciler.adapters.files import list_documents

    root = os.fspath(app.choices.directory)
    for target in targets or (Path(app.settings.connections),):
        if (app.choices.directory / target).is_dir():
            yield from list_documents(root, os.fspath(target)).files
        else:
            yield os.path.normpath(target)
