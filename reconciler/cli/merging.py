"""Files that Git hands over to be merged."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from reconciler.cli.console import Console
from reconciler.cli.reading import read_file
from reconciler.core.errors import InputError
from reconciler.report.text import safe
from reconciler.sealing import merge_texts, teach_git
from reconciler.wiring import write_file

CLEAN, CONFLICT = 0, 1


def install_driver(console: Console) -> int:
    """Write the settings for Git into this clone.

    Raises:
        InputError: This is not a Git repository.
    """
    top = teach_git(Path())
    if top is None:
        raise InputError(
            "this folder is not in a Git repository (or git is not installed); "
            "run 'git init' first"
        )
    console.say_file("Git merges and shows sealed files by value in", top)
    return CLEAN


def merge_files(
    console: Console, versions: Sequence[Path], *, path: Path | None, marker_size: int
) -> int:
    """Merge three files into the second; return the exit code that Git expects."""
    base, ours, theirs = (read_any(file) for file in versions)
    target = versions[1]
    name = path or target
    merged = merge_texts(
        console.app(), base, ours, theirs, file=name, marker_size=marker_size
    )
    mode = stat.S_IMODE(target.stat().st_mode)
    write_file(target, write_any(merged.text), mode=mode)
    said = [f"'{name}': {note}" for note in merged.notes]
    if merged.refused:
        said = [f"Not merged by value: {merged.refused}", _way_out(name)]
    elif not merged.is_clean:
        said.append(_choice(name, merged.conflicts))
    for line in said:
        console.say(safe(line))
    return CLEAN if merged.is_clean else CONFLICT


def read_any(file: Path) -> str:
    """Return a file's text, whatever its bytes are; `write_any` gives them back."""
    return read_file(file).decode("utf-8", "surrogateescape")


def write_any(text: str) -> bytes:
    """Return the bytes that `read_any` made a text of."""
    return text.encode("utf-8", "surrogateescape")


def _way_out(name: Path) -> str:
    return (
        f"'{name}' holds Git's own merge of its lines. Mend what is said above and run"
        f" 'git checkout --merge -- {name}' to merge it again, or keep one side whole"
        " with 'git checkout --ours' or '--theirs'"
    )


def _choice(name: Path, conflicts: Sequence[str]) -> str:
    where = ", ".join(conflicts) or "its lines"
    return (
        f"'{name}': both sides changed {where}. Keep one side of each conflict, then"
        f" run 'reconcile encrypt --rebind {name}'"
    )
