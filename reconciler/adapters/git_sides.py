"""What another file said on each side of a merge, while Git is making it.

A merge driver is handed three contents of one file, and is not told which commits they
come from; yet what lies beside the file may differ on each side. The commits are found
by those very contents: where a merge, a rebase or a pick names one, and else in the
history of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.adapters.environment import process_environment
from reconciler.adapters.git_history import (
    contents_of,
    in_repository,
    line_of,
    output_of,
)

BASE, OURS, THEIRS = "base", "ours", "theirs"
_MERGED_IN: Final = "GITHEAD_"
"""Begins the variable in which `git merge` names each commit that it merges in."""
_NAMED: Final = (
    *("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD^", "refs/stash"),
)
"""Where Git says what it is merging in, once it has stopped for people."""
_TRIED: Final = 20
"""Commits of the history that are looked at for a content."""


def beside_on_sides(
    directory: Path, file: str, other: str, texts: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what another file said on each side of a merge of `file`.

    Args:
        directory: Where both names are relative to.
        file: The file that is merged.
        other: The file beside it.
        texts: The three contents of `file`, by `base`, `ours` and `theirs`.

    Returns:
        By side; empty where the other file was not there. A side whose commit cannot
        be found is left out.
    """
    inside = in_repository(directory, (file, other))
    paths = {name: path for path, name in inside.items()}
    if other not in paths or not _has_ever_had(directory, paths[other]):
        return {}
    search = _Search(directory=directory, path=paths[file], texts=texts)
    commits = search.commits()
    names = {f"{commit}:{paths[other]}": side for side, commit in commits.items()}
    found = contents_of(directory, names)
    return {
        side: found.get(f"{commit}:{paths[other]}", "")
        for side, commit in commits.items()
    }


def _has_ever_had(directory: Path, path: str) -> bool:
    where = f":(top,literal){path}"
    return bool(line_of(directory, "log", "--all", "-1", "--format=%H", "--", where))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The commits of one merge, looked for by what they hold at a path."""

    directory: Path
    path: str
    texts: Mapping[str, str]

    def commits(self) -> dict[str, str]:
        """Return the commit of each side that was found."""
        found = {OURS: self.first(OURS, ["HEAD"])}
        began = self.introduced(BASE)
        undone = f"{began[0]}^" if began else ""  # what a revert brings back
        found[THEIRS] = self.first(THEIRS, [*self.named(), undone]) or self.first(
            THEIRS, self.introduced(THEIRS)
        )
        theirs = found[THEIRS]
        left = line_of(self.directory, "merge-base", "HEAD", theirs) if theirs else ""
        parents = [left, f"{theirs}^" if theirs else "", "REVERT_HEAD"]
        found[BASE] = self.first(BASE, [*parents, *began])
        return {side: commit for side, commit in found.items() if commit}

    def first(self, side: str, candidates: Iterable[str]) -> str:
        """Return the first commit that holds a side's text; empty when none does."""
        return next(iter(self.holding(side, candidates)), "")

    def holding(self, side: str, candidates: Iterable[str]) -> list[str]:
        """Return the commits that hold a side's text at the path, in their order."""
        names = {f"{one}:{self.path}": one for one in candidates if one}
        held = contents_of(self.directory, names)
        text = _bytes(self.texts[side]).decode(errors="replace")  # as Git's are read
        return [one for name, one in names.items() if held.get(name, "") == text]

    def named(self) -> Iterator[str]:
        """Yield what Git says that it is merging in."""
        for name in process_environment():
            if name.startswith(_MERGED_IN):
                yield name.removeprefix(_MERGED_IN)
        yield from _NAMED
        done = line_of(self.directory, "rev-parse", "--git-path", "rebase-merge/done")
        try:
            *_, last = (self.directory / done).read_text().split("\n", -1)[:-1]
        except (OSError, ValueError):
            return
        yield last.split(" ")[1] if " " in last else ""

    def introduced(self, side: str) -> list[str]:
        """Return commits that brought a side's text, the newest first."""
        text = _bytes(self.texts[side])
        blob = output_of(self.directory, "hash-object", "--stdin", stdin=text)
        if not (blob and text):
            return []
        wanted = f"--find-object={blob.decode().strip()}"
        said = line_of(
            self.directory, "log", "--all", "HEAD", "-m", f"-{_TRIED}", "--format=%H",
            wanted, "--", f":(top,literal){self.path}",
        )  # fmt: skip
        return self.holding(side, said.split())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
