"""A new repository: checked first, then written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler import __version__
from reconciler.core.errors import InputError
from reconciler.core.settings import DEFAULT_FILE
from reconciler.scaffolding import Place, hosting_files, place_of, repository_files
from reconciler.sealing import teach_git
from reconciler.wiring import App, write_file

__all__ = ["PACKAGE", "LaidOut", "Wishes", "lay_out", "teach_git", "workspace_of"]

PACKAGE = f"reconcile-connections=={__version__}"

_READABLE = 0o644
_FOREIGN = re.compile(r"[^a-z0-9._-]+")
_PLAIN = re.compile(r"[\w./+@-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What `init` was told; `ci` is empty when nothing was said about it."""

    workspace: str | None
    recipients: Sequence[str]
    readme: bool
    force: bool
    ci: Sequence[str] = ()
    package: str = PACKAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """The files that were written, and those that were there and stayed as they are.

    `hosted` tells whether workflows are among them.
    """

    written: tuple[Path, ...]
    left: tuple[Path, ...]
    hosted: bool


def lay_out(app: App, directory: Path, wishes: Wishes) -> LaidOut:
    """Write a repository's files and tell them.

    In a folder that is laid out already, `ci` adds its files alone. Those that were
    there are left as they are: they are somebody's own work.

    Raises:
        InputError: A file is there already, and `force` is off; nothing was written.
    """
    extras = _hosting_files(directory, wishes)
    files = {} if _only_adds(directory, wishes) else _own_files(directory, wishes)
    left = () if wishes.force else tuple(path for path in extras if _is_there(path))
    files |= {path: text for path, text in extras.items() if path not in left}
    app.choices.directory.joinpath(directory).mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        write_file(path, text.encode(), mode=_READABLE)
    return LaidOut(written=tuple(files), left=left, hosted=bool(extras))


def workspace_of(directory: Path) -> str:
    """Return a legal name made from the folder's."""
    name = _FOREIGN.sub("-", directory.resolve().name.lower()).strip("-._")
    return name[:63] or "default"


def _own_files(directory: Path, wishes: Wishes) -> dict[Path, str]:
    name = wishes.workspace or workspace_of(directory)
    found = repository_files(
        workspace=_legal(name), recipients=wishes.recipients, readme=wishes.readme
    )
    files = {directory / path: text for path, text in found.items()}
    there = [str(path) for path in files if _is_there(path)]
    if there and not wishes.force:
        raise InputError(
            f"already there: {', '.join(there)}; nothing was written, "
            "--force replaces them"
        )
    return files


def _only_adds(directory: Path, wishes: Wishes) -> bool:
    return bool(wishes.ci) and not wishes.force and _is_there(directory / DEFAULT_FILE)


def _hosting_files(directory: Path, wishes: Wishes) -> Mapping[Path, str]:
    place = place_of(directory)
    hosts = [host for host in wishes.ci or _usual_hosts(place) if host != "none"]
    if not hosts:
        return {}
    for what, text in (("branch", place.branch), ("folder", place.folder)):
        if not _PLAIN.fullmatch(text):
            raise InputError(
                f"the {what} {json.dumps(text)} cannot stand in a workflow; rename it, "
                "or take --ci none"
            )
    return hosting_files(hosts, place, package=wishes.package)


def _usual_hosts(place: Place) -> Sequence[str]:
    """Return who hosts it; GitHub when nobody knows, nothing in a part of a tree."""
    if place.folder != ".":
        return ()
    return {"": ("github",), "other": ()}.get(place.host, (place.host,))


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _legal(workspace: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", workspace):
        return workspace
    raise InputError(
        f"the workspace '{workspace}' must be lower-case letters, digits, '.', '_' "
        "and '-', at most 63; choose another with --workspace"
    )
