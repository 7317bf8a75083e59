"""The files that the operator means: by path, by folder, or by a connection's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.core.errors import InputError
from reconciler.sealing import documents_below
from reconciler.wiring import App

_SUFFIXES = (".yaml", ".yml", ".json")


def found_file(app: App, word: str) -> Path | None:
    """Return the file that a word means, by its path or by its name."""
    if Path(word).is_file():
        return Path(word)
    if word != Path(word).name:
        return None
    folder = Path(app.settings.connections)
    paths = (folder / f"{word}{suffix}" for suffix in _SUFFIXES)
    at_top = next((path for path in paths if path.is_file()), None)
    return at_top or _deeper_down(app, folder, word)


def _deeper_down(app: App, folder: Path, name: str) -> Path | None:
    """Return the one file of a name in the folders below; None for none or several."""
    if not (app.choices.directory / folder).is_dir():
        return None
    found = [path for path in documents_below(app, folder) if path.stem == name]
    return found[0] if len(found) == 1 else None


def file_of(app: App, word: str) -> Path:
    """Return the file that a word means; raises `InputError` when there is none."""
    path = found_file(app, word)
    if path is None:
        folder = app.settings.connections
        raise InputError(
            f"'{word}' is neither a file nor a connection in {folder}; "
            "'reconcile list' shows them all, 'reconcile new' writes another"
        )
    return path


def files_of(app: App, words: Sequence[str]) -> Mapping[Path, str]:
    """Return the files that words mean, each with why it may not be used, mostly "".

    A folder means all documents below it. What is neither a file nor a name stays as
    it is: trying to read it tells why.
    """
    found: dict[Path, str] = {}
    for word in words:
        if Path(word).is_dir():
            found |= documents_below(app, Path(word))
        else:
            found[found_file(app, word) or Path(word)] = ""
    return found
