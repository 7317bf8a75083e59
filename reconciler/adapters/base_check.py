"""The files against an earlier commit of theirs: what a pull request does to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from reconciler.adapters.base_layers import CHANGED_DEFAULTS, before_of
from reconciler.adapters.git_history import (
    Past,
    Version,
    base_of,
    changes_since,
    read_base,
    read_past,
)
from reconciler.adapters.sops.upkeep.rulebook import Rulebook
from reconciler.adapters.sops.upkeep.since import changed_seal
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.variables import Variables


def check_against(
    directory: Path, rev: str, files: Iterable[str], *, variables: Variables
) -> tuple[Diagnostic, ...]:
    """Return what changed in sealed files since they left `rev`, as warnings.

    Args:
        directory: The working directory.
        rev: A branch, tag or commit.
        files: The documents, relative to it.
        variables: What they take from the environment.

    Raises:
        InputError: There is no such commit, or no Git repository.
    """
    commit = base_of(directory, rev)
    now = {file: _text(directory / file) for file in files}
    base = read_base(directory, now, commit)
    defaults = changes_since(directory, commit, CHANGED_DEFAULTS)
    before = before_of(directory, defaults, folder="", variables=variables)
    changed = {
        file: old
        for file, old in base.items()
        if now[file] != old or file in before.texts
    }
    called = Rulebook(str(directory)).called

    @cache
    def past() -> Past:
        return read_past(directory, changed, rev=commit)

    found: list[Diagnostic] = []
    for file, old in changed.items():
        source = before.source_now(now[file], file)
        earlier = before.source(old, file)
        found += changed_seal(source, earlier, _versions(past, file), called=called)
    return tuple(found)


def _versions(past: Callable[[], Past], file: str) -> Iterator[Version]:
    """Yield the versions of a file; Git is asked when the first is looked at."""
    yield from past().versions.get(file, ())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""
