"""The Git commit of the files; a folder outside Git simply has none."""

from __future__ import annotations

import subprocess
from pathlib import Path

TIMEOUT_S = 5.0


def head_commit(directory: Path) -> str | None:
    """Return the checked-out commit, with `-dirty` when files differ from it."""
    commit = _git(directory, "rev-parse", "HEAD")
    if not commit:
        return None
    changed = _git(directory, "status", "--porcelain", "--", ".")
    return f"{commit}-dirty" if changed else commit


def _git(directory: Path, *arguments: str) -> str | None:
    command = ("git", "-C", str(directory), *arguments)
    try:
        done = subprocess.run(  # noqa: S603  # fixed command, no shell
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
