"""Reads `reconcile.yaml`, when there is one."""

from __future__ import annotations

from pathlib import Path

from reconciler.adapters import documents
from reconciler.core.diagnostic import Severity
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.settings import DEFAULT_FILE, Settings, to_settings


def read_settings(root: Path, file: str | None = None) -> Settings:
    """Return the settings of the repository at `root`; defaults without a file.

    Args:
        root: The working directory.
        file: The file that was asked for, relative to `root`; None looks for
            `reconcile.yaml` and is content without it.

    Raises:
        DocumentError: The file is invalid; carries every problem with its place.
        InputError: A file was asked for and is not there.
    """
    path = root / (file or DEFAULT_FILE)
    if not path.exists():
        if file is None:
            return Settings()
        raise InputError(f"the settings file '{file}' is not there")
    source, found = documents.read(path, file=file or DEFAULT_FILE)
    settings = Settings()
    if source.data is not None:
        settings, wrong = to_settings(source)
        places = {item.span for item in found}
        found += tuple(item for item in wrong if item.span not in places)
    elif source.text and not source.text.strip("\ufeff \t\r\n"):
        return settings
    if any(item.severity is Severity.ERROR for item in found):
        raise DocumentError(found)
    return settings
