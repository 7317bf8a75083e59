"""What Git remembers of files: every version of many of them, by two processes.

One `git log` tells which contents a path had and when, one `git cat-file` brings
them; a thousand files cost as many processes as one. History is followed along the
first parents: what counts is when something arrived here, not when it was begun on
a branch. A folder outside Git simply has no history.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.adapters.git import git_environment
from reconciler.core.errors import InputError

TIMEOUT_S: Final = 120.0
_COMMIT: Final = "\x01"
_RENAMED: Final = "RC"
_GONE: Final = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One content that a file had, from this commit on."""

    commit: str
    at: datetime
    """When it was committed, or merged; UTC."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The versions of files, newest first; none for a file that Git does not have.

    `is_cut` tells that older commits exist elsewhere (a shallow clone).
    """

    versions: Mapping[str, Sequence[Version]] = field(default_factory=dict)
    is_cut: bool = False


def read_past(directory: Path, files: Iterable[str], *, rev: str | None = None) -> Past:
    """Return every version that files had up to a commit, renames followed.

    Args:
        directory: Where `files` are relative to.
        files: Their names.
        rev: The commit to look back from, instead of the one that is checked out.
    """
    wanted = in_repository(directory, files)
    if rev:
        old = _renamed(directory, rev)
        wanted = {old.get(path, path): file for path, file in wanted.items()}
    log = wanted and output_of(
        directory, "log", "--first-parent", "-m", "--raw", "-z", "-M", "--no-abbrev",
        f"--format={_COMMIT}%H %ct", "--end-of-options", rev or "HEAD",
        "--", _folder_of(wanted),
    )  # fmt: skip
    if not log:
        return Past()
    found = _walk(_entries(log.decode(errors="surrogateescape")), wanted)
    texts = contents_of(
        directory, {blob for many in found.values() for *_, blob in many}
    )
    shallow = output_of(directory, "rev-parse", "--is-shallow-repository") or b""
    return Past(
        versions={
            file: [
                Version(commit=commit, at=at, text=texts.get(blob, ""))
                for commit, at, blob in many
            ]
            for file, many in found.items()
        },
        is_cut=shallow.strip() == b"true",
    )


def base_of(directory: Path, rev: str) -> str:
    """Return the commit to compare with: where HEAD left `rev`, else `rev` itself.

    So a branch that is merely behind is not blamed for what it does not have yet.

    Raises:
        InputError: There is no such commit, or no Git repository.
    """
    asked = ("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
    commit = "" if rev.startswith("-") else line_of(directory, *asked)
    if not commit:
        if not line_of(directory, "rev-parse", "--git-dir"):
            raise InputError(
                f"there is no Git repository to look for '{rev}' in; "
                "leave --base out, or run it in a clone"
            )
        raise InputError(
            f"Git knows no commit '{rev}'; fetch it first: 'git fetch origin', in CI "
            "with the whole history (fetch-depth: 0)"
        )
    return line_of(directory, "merge-base", commit, "HEAD") or commit


def read_base(directory: Path, files: Iterable[str], commit: str) -> Mapping[str, str]:
    """Return the texts that files had at a commit; those it did not have are absent.

    A file that was renamed since is found under its old name.
    """
    wanted = in_repository(directory, files)
    old = _renamed(directory, commit)
    names = {f"{commit}:{old.get(path, path)}": file for path, file in wanted.items()}
    return {names[asked]: text for asked, text in contents_of(directory, names).items()}


def changes_since(directory: Path, commit: str, folder: str) -> Mapping[str, str]:
    """Return what became of files below a folder since a commit, committed or not.

    Returns:
        By file, relative to `directory`: its text at the commit, empty for one that
        the commit does not have. Files that are the same as then are left out.
    """
    said = output_of(
        directory, "diff", "--no-ext-diff", "--relative", "--name-status", "-z",
        "--no-renames", commit, "--", folder,
    )  # fmt: skip
    parts = (said or b"").decode(errors="surrogateescape").split("\0")[:-1]
    there = dict(zip(parts[1::2], parts[::2], strict=True))
    fresh = output_of(
        directory, "ls-files", "-o", "--exclude-standard", "-z", "--", folder
    )
    new = (fresh or b"").decode(errors="surrogateescape").split("\0")[:-1]
    prefix = line_of(directory, "rev-parse", "--show-prefix")
    asked = {f"{commit}:{prefix}{f}": f for f, status in there.items() if status != "A"}
    texts = {asked[name]: text for name, text in contents_of(directory, asked).items()}
    return {file: texts.get(file, "") for file in (*there, *new)}


def changed_elsewhere(
    directory: Path, commit: str, rev: str, folder: str
) -> frozenset[str]:
    """Return the files below a folder that `rev` changed since a commit of its past."""
    said = output_of(
        directory, "diff", "--no-ext-diff", "--relative", "--name-only", "-z",
        "--no-renames", commit, rev, "--", folder,
    )  # fmt: skip
    return frozenset((said or b"").decode(errors="surrogateescape").split("\0")[:-1])


def in_repository(directory: Path, files: Iterable[str]) -> dict[str, str]:
    """Return the files by their path from the repository's top."""
    top = line_of(directory, "rev-parse", "--show-toplevel")
    if not top:
        return {}
    home = os.path.realpath(directory)
    paths = {}
    for file in files:
        folder, name = os.path.split(os.path.join(home, file))  # noqa: PTH118
        path = os.path.relpath(os.path.join(os.path.realpath(folder), name), top)  # noqa: PTH118
        if not path.startswith(".."):
            paths[path] = file
    return paths


def _folder_of(paths: Iterable[str]) -> str:
    """Return the folder that holds all the paths, from the repository's top."""
    common = os.path.commonpath([os.path.dirname(path) for path in paths])  # noqa: PTH120
    return f":(top,literal){common}" if common else ":(top)"


def _renamed(directory: Path, commit: str) -> dict[str, str]:
    """Return the old path of every file that was renamed since, by its new path."""
    said = output_of(
        directory, "diff", "--no-ext-diff", "--name-status", "-z", "-M",
        "--diff-filter=R", commit, "--",
    )  # fmt: skip
    parts = (said or b"").decode(errors="surrogateescape").split("\0")[:-1]
    return dict(zip(parts[2::3], parts[1::3], strict=True))


_Entry = tuple[str, datetime, str, str, str]
"""Commit, time, old path, new path (empty when gone), blob."""


def _entries(log: str) -> Iterator[_Entry]:
    tokens = iter(log.split("\0"))
    commit, at = "", datetime.fromtimestamp(0, UTC)
    for token in tokens:
        head = token.lstrip("\n")
        if head.startswith(_COMMIT):
            commit, _, seconds = head[1:].partition(" ")
            at = datetime.fromtimestamp(int(seconds), UTC)
        elif head.startswith(":"):
            *_, blob, status = head.split(" ")
            old = next(tokens)
            new = next(tokens) if status[0] in _RENAMED else old
            yield commit, at, "" if status == "A" else old, new, blob


def _walk(
    entries: Iterable[_Entry], wanted: Mapping[str, str]
) -> dict[str, list[tuple[str, datetime, str]]]:
    """Follow each path back through its names to where it was added."""
    tracked = dict(wanted)
    found: dict[str, list[tuple[str, datetime, str]]] = {}
    for commit, at, old, new, blob in entries:
        file = tracked.get(new)
        if file is None or blob == _GONE:
            continue
        found.setdefault(file, []).append((commit, at, blob))
        if old != new:
            del tracked[new]
            if old:
                tracked[old] = file
    return found


def contents_of(directory: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the text of each object that is there, by the name it was asked for."""
    asked = [name for name in names if "\n" not in name]
    lines = "".join(f"{name}\n" for name in asked).encode(errors="surrogateescape")
    output = output_of(directory, "cat-file", "--batch", stdin=lines) if asked else None
    if output is None:
        return {}
    texts: dict[str, str] = {}
    at = 0
    for name in asked:
        end = output.index(b"\n", at)
        *_, kind, size = output[at:end].split(b" ")
        at = end + 1
        if size.isdigit():  # else it is the word "missing"
            stop = at + int(size)
            if kind == b"blob":
                texts[name] = output[at:stop].decode(errors="replace")
            at = stop + 1
    return texts


def line_of(directory: Path, *arguments: str) -> str:
    """Return a command's output as one line; empty when it fails."""
    return (output_of(directory, *arguments) or b"").decode(errors="replace").strip()


def output_of(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
    """Return what a command of Git prints; None when it fails."""
    command = ("git", "-C", str(directory), *arguments)
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and names cannot be options
            command, env=git_environment(), input=stdin, capture_output=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
