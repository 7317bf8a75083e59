"""Files that the operator names, read with their errors in our words."""

from __future__ import annotations

import stat
from pathlib import Path

from reconciler.core.errors import InputError


def read_file(path: Path) -> bytes:
    """Return a file's content; raises `InputError` naming it."""
    try:
        if _is_endless(path):
            raise InputError(f"cannot read '{path}': it is not a regular file")
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(f"cannot read '{path}': {why}") from None


def read_text(path: Path) -> str:
    """Return a file's text; raises `InputError` when it is not UTF-8."""
    try:
        return read_file(path).decode()
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is not UTF-8 text; save it as UTF-8") from None


def _is_endless(path: Path) -> bool:
    """Tell whether it is a device: a link in a repository may lead to /dev/zero."""
    mode = path.stat().st_mode
    return stat.S_ISBLK(mode) or stat.S_ISCHR(mode)
