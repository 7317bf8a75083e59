"""Where a repository lies and who hosts it, as far as Git tells without a network."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from reconciler.adapters.git import TIMEOUT_S, git_environment

DEFAULT_BRANCH: Final = "main"
_KNOWN: Final = ("github", "gitlab")
_USUAL: Final = ("main", "master", "trunk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder in a Git repository, or outside of any.

    `top` is the working tree's top, as near the folder as it was named; `folder` is
    seen from there, `.` for the top itself. `host` is `github`, `gitlab`, `other`, or
    empty when nothing is known.
    """

    top: Path
    folder: str = "."
    branch: str = DEFAULT_BRANCH
    host: str = ""


def place_of(directory: Path) -> Place:
    """Return where a folder lies, which need not be there yet."""
    there = _nearest(directory.absolute())
    found = _git(there, "rev-parse", "--show-toplevel")
    if not found:
        return Place(top=directory)
    top, whole = Path(found).resolve(), directory.resolve()
    if top == whole:
        return Place(top=directory, branch=_branch(there), host=_host(there))
    folder = whole.relative_to(top).as_posix()
    return Place(top=top, folder=folder, branch=_branch(there), host=_host(there))


def host_of(address: str) -> str:
    """Return who answers at a remote's address, by the name of the machine."""
    url = urlsplit(address)
    machine = url.hostname or address.partition("@")[2].partition(":")[0]
    named = [name for name in _KNOWN if name in machine.lower()]
    return named[0] if named else "other"


def _host(directory: Path) -> str:
    remotes = _git(directory, "remote").split()
    if not remotes:
        return ""
    name = "origin" if "origin" in remotes else remotes[0]
    return host_of(_git(directory, "remote", "get-url", name))


def _branch(directory: Path) -> str:
    """Return the branch that is applied: what the remote says, else a usual one."""
    head = _git(directory, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    if head:
        return head.removeprefix("origin/")
    here = _git(directory, "symbolic-ref", "--short", "HEAD")
    return here if here in _USUAL else DEFAULT_BRANCH


def _nearest(directory: Path) -> Path:
    """Return the folder, or the one above that is there already."""
    return next(path for path in (directory, *directory.parents) if path.is_dir())


def _git(directory: Path, *arguments: str) -> str:
    command = ("git", "-C", str(directory), *arguments)
    try:
        done = subprocess.run(  # noqa: S603  # fixed command, no shell
            command, env=git_environment(), capture_output=True, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
