"""The files that the operator means: by path, by folder, or by a connection's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.cli.reading import read_text
from reconciler.core.errors import InputError
from reconciler.core.selecting import LabelTerm, fits_all
from reconciler.sealing import documents_below, plain_data
from reconciler.wiring import App

_GLOB = frozenset("*?[")
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


def files_of(
    app: App, words: Sequence[str], labels: Sequence[LabelTerm] = ()
) -> Mapping[Path, str]:
    """Return the files that words mean, each with why it may not be used, mostly "".

    A folder means all documents below it, a glob the connections whose names it fits;
    labels leave those whose files have them. What is neither a file nor a name stays
    as it is: trying to read it tells why.

    Raises:
        InputError: A glob fits no name, or the labels leave no file.
    """
    found: dict[Path, str] = {}
    for word in words:
        if Path(word).is_dir():
            found |= documents_below(app, Path(word))
        elif _GLOB & set(word) and not Path(word).exists():
            found |= _matching(app, word)
        else:
            found[found_file(app, word) or Path(word)] = ""
    return _labelled(found, labels) if labels else found


def named_files(
    app: App, words: Sequence[str], labels: Sequence[LabelTerm] = ()
) -> tuple[Path, ...]:
    """Return the same, every word being the name of something; none for no words.

    Raises:
        InputError: A word means nothing that is there, or the labels leave no file.
    """
    for word in words:
        if not (Path(word).exists() or _GLOB & set(word)):
            file_of(app, word)
    everything = words or ((app.settings.connections,) if labels else ())
    return tuple(files_of(app, everything, labels))


def _matching(app: App, glob: str) -> dict[Path, str]:
    folder = Path(app.settings.connections)
    everything = documents_below(app, folder).items()
    found = {one: why for one, why in everything if fnmatchcase(one.stem, glob)}
    if not found:
        raise InputError(
            f"no connection in {folder} is called '{glob}'; "
            "'reconcile list' shows them all"
        )
    return found


def _labelled(
    files: Mapping[Path, str], labels: Sequence[LabelTerm]
) -> dict[Path, str]:
    found = {
        file: why for file, why in files.items() if fits_all(labels, _labels(file))
    }
    if not found:
        terms = " ".join(f"--label {term}" for term in labels)
        raise InputError(f"{terms} leaves no file; 'reconcile list' shows them all")
    return found


def _labels(file: Path) -> Mapping[str, str]:
    """Return the labels that a file says; none of one that cannot be read."""
    try:
        labels = plain_data(read_text(file), file=file).get("labels")
    except InputError:
        return {}
    if not isinstance(labels, Mapping):
        return {}
    return {key: text for key, text in labels.items() if isinstance(text, str)}
