"""The Git commit of the files; a folder outside Git simply has none."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reconciler.adapters.environment import process_environment
from reconciler.core.revision import DIRTY

TIMEOUT_S = 5.0


def head_commit(directory: Path) -> str | None:
    """Return the checked-out commit, with `-dirty` when files differ from it."""
    commit = _git(directory, "rev-parse", "HEAD")
    if not commit:
        return None
    changed = _git(directory, "status", "--porcelain", "--", ".")
    return f"{commit}{DIRTY}" if changed else commit


def _git(directory: Path, *arguments: str) -> str | None:
    command = ("git", "-C", str(directory), *arguments)
    try:
        done = subprocess.run(  # noqa: S603  # fixed command, no shell
            command, env=git_environment(), capture_output=True, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def git_environment() -> dict[str, str]:
    """Return ours without what may hold a key: a hook of Git's has no need of it."""
    private = ("SOPS_", "RECONCILE_")
    env = process_environment()
    return {name: env[name] for name in env if not name.startswith(private)}
