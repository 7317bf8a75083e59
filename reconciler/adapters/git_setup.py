"""What Git must be told once per clone: how sealed files are merged and shown.

`.gitattributes` travels with the repository and names the driver; what the driver is,
Git reads from the clone's own configuration only, so that no repository can make
other people's machines run something.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from reconciler.adapters.git import TIMEOUT_S, git_environment
from reconciler.core.errors import InputError

# `-C .` keeps RECONCILE_CHDIR from leading away: Git names files from where it runs.
SETTINGS: Final = {
    "merge.reconcile.name": "sealed connection files, by value",
    "merge.reconcile.driver": (
        "reconcile -C . merge-driver --marker-size=%L --path=%P -- %O %A %B"
    ),
    # With several common ancestors one of them will do; a merge of them, with
    # conflicts in it, could not be read.
    "merge.reconcile.recursive": "binary",
    "diff.reconcile.textconv": "reconcile -C . textconv --",
    # Each commit seals anew what it changes: a cache would only grow.
    "diff.reconcile.cachetextconv": "false",
}


def top_of(directory: Path) -> Path | None:
    """Return the working tree that a folder lies in; None outside Git, or without."""
    try:
        done = _git(directory, "rev-parse", "--show-toplevel")
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(done.stdout.rstrip("\n")) if done.returncode == 0 else None


def install(directory: Path) -> Path:
    """Write the settings into the repository's own configuration.

    Idempotent: what stands there under these names is replaced.

    Returns:
        The top of the working tree.

    Raises:
        InputError: The folder is not in a Git repository, or Git refuses.
    """
    top = top_of(directory)
    if top is None:
        raise InputError(
            f"'{directory}' is not in a Git repository (or git is not installed);"
            " run 'git init' first"
        )
    for name, value in SETTINGS.items():
        try:
            done = _git(directory, "config", "--local", "--replace-all", name, value)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _refused(top, type(error).__name__) from None
        if done.returncode != 0:
            raise _refused(top, done.stderr.strip() or f"git exit {done.returncode}")
    return top


def is_ignored(directory: Path, path: Path) -> bool:
    """Tell whether Git leaves a file below a folder alone; False where it cannot."""
    try:
        done = _git(directory, "check-ignore", "--quiet", str(path.absolute()))
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def version_here() -> str:
    """Return the version of the git program, empty where there is none."""
    try:
        done = _git(Path(), "--version")
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().removeprefix("git version ")


def _refused(top: Path, why: str) -> InputError:
    return InputError(f"cannot write the Git configuration of '{top}': {why}")


def _git(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ("git", "-C", str(directory), *arguments)
    return subprocess.run(  # noqa: S603  # fixed command, no shell
        command, env=git_environment(), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
