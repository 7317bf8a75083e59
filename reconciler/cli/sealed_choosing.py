"""The sealed files that the operator means; globs stand for connections' names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.cli.finding import file_of
from reconciler.core.errors import InputError
from reconciler.sealing import documents_below
from reconciler.wiring import App

_GLOB = frozenset("*?[")


def sealed_choice(app: App, words: Sequence[str]) -> tuple[Path, ...]:
    """Return the files and folders that words mean; none for no words.

    Raises:
        InputError: A word means nothing that is there.
    """
    return tuple(path for word in words for path in _meant(app, word))


def _meant(app: App, word: str) -> Iterator[Path]:
    if Path(word).exists():
        yield Path(word)
    elif _GLOB & set(word):
        yield from _matching(app, word)
    else:
        yield file_of(app, word)


def _matching(app: App, glob: str) -> list[Path]:
    folder = Path(app.settings.connections)
    found = [one for one in documents_below(app, folder) if fnmatchcase(one.stem, glob)]
    if not found:
        raise InputError(
            f"no connection in {folder} is called '{glob}'; "
            "'reconcile list' shows them all"
        )
    return found
