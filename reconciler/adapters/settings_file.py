"""Reads `reconcile.yaml`, when there is one."""

from __future__ import annotations

from pathlib import Path

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.errors import DocumentError, InputError
from reconciler.core.settings import DEFAULT_FILE, Settings, to_settings
from reconciler.core.source import Source


def load_settings(directory: Path, *, config: Path | None = None) -> Settings:
    """Return the settings of the repository in `directory`; defaults without a file.

    Args:
        directory: The working directory.
        config: The file that was asked for, relative to it; None looks for
            `reconcile.yaml` and is content without it.

    Raises:
        DocumentError: The file is invalid; carries every problem with its place.
        InputError: A file was asked for and is not there.
    """
    file = str(config or DEFAULT_FILE)
    path = directory / file
    if not path.exists():
        if config is None:
            return Settings()
        raise InputError(f"the settings file '{file}' is not there")
    from reconciler.adapters import documents  # noqa: PLC0415  # costs start-up time

    return _settings(*documents.read(path, file=file))


def _settings(source: Source, found: tuple[Diagnostic, ...]) -> Settings:
    unreadable = any(item.code == "R107" for item in found)
    if not unreadable and not _has_content(source.text):
        return Settings()
    settings = Settings()
    if source.data is not None:
        settings, wrong = to_settings(source)
        places = {item.span for item in found}
        found += tuple(item for item in wrong if item.span not in places)
    if found:
        raise DocumentError(tuple(sorted(found, key=lambda item: item.sort_key)))
    return settings


def _has_content(text: str) -> bool:
    """Tell whether anything but blanks and comments stands in the file."""
    lines = (line.strip("\ufeff \t\r") for line in text.splitlines())
    return any(line and not line.startswith("#") for line in lines)
