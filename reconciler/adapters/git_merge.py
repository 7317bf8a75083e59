"""Git's own merge of three texts, for the lines that no value decides."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.adapters.git import git_environment
from reconciler.core.errors import InputError

MARKER_SIZE: Final = 7
_NAMES: Final = ("ours", "base", "theirs")
_TOO_MANY: Final = 128
"""`git merge-file` exits with the number of conflicts up to 127; above, it failed."""
_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMerge:
    """Lines as Git merges them."""

    text: str = field(repr=False)
    has_conflicts: bool


def merge_text(
    *, base: str, ours: str, theirs: str, marker_size: int = MARKER_SIZE
) -> TextMerge:
    """Merge three texts as `git merge` does, `merge.conflictStyle` included.

    The texts pass through files in a folder that only the user can read, and which
    is gone afterwards: give nothing here that may not touch a disk.

    Raises:
        InputError: Git is not there or refuses, as for a binary text.
    """
    with tempfile.TemporaryDirectory(prefix="reconcile-merge-") as folder:
        files = [Path(folder, name) for name in _NAMES]
        for file, text in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
        labels = [part for name in _NAMES for part in ("-L", name)]
        size = f"--marker-size={marker_size}"
        command = ("git", "merge-file", "-p", "-q", size, *labels, *map(str, files))
        done = _run(command)
    if done.returncode >= _TOO_MANY or done.returncode < 0:
        raise InputError("git cannot merge the lines of the file; merge it by hand")
    text = done.stdout.decode("utf-8", "surrogateescape")
    return TextMerge(text=text, has_conflicts=done.returncode > 0)


def _run(command: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  # fixed command, no shell
            command, env=git_environment(), capture_output=True,
            timeout=_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"git cannot be run ({type(error).__name__}); install it, or merge by hand"
        ) from None
