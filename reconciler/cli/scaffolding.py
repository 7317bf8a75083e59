"""A new repository: checked first, then written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from reconciler.core.errors import InputError
from reconciler.sealing import teach_git
from reconciler.wiring import App, repository_files, write_file

__all__ = ["lay_out", "teach_git", "workspace_of"]

_READABLE = 0o644
_FOREIGN = re.compile(r"[^a-z0-9._-]+")


def lay_out(
    app: App,
    directory: Path,
    *,
    workspace: str | None,
    recipients: Sequence[str],
    readme: bool,
    force: bool,
) -> tuple[Path, ...]:
    """Write a repository's files and return them.

    Raises:
        InputError: A file is there already, and `force` is off; nothing was written.
    """
    name = workspace or workspace_of(directory)
    files = {
        directory / path: text
        for path, text in repository_files(
            workspace=_legal(name), recipients=recipients, readme=readme
        ).items()
    }
    there = [str(path) for path in files if path.exists() or path.is_symlink()]
    if there and not force:
        raise InputError(
            f"already there: {', '.join(there)}; nothing was written, "
            "--force replaces them"
        )
    app.choices.directory.joinpath(directory).mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        write_file(path, text.encode(), mode=_READABLE)
    return tuple(files)


def workspace_of(directory: Path) -> str:
    """Return a legal name made from the folder's."""
    name = _FOREIGN.sub("-", directory.resolve().name.lower()).strip("-._")
    return name[:63] or "default"


def _legal(workspace: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", workspace):
        return workspace
    raise InputError(
        f"the workspace '{workspace}' must be lower-case letters, digits, '.', '_' "
        "and '-', at most 63; choose another with --workspace"
    )
