"""Files that are replaced in one step, or not at all."""

from __future__ import annotations

from pathlib import Path

from reconciler.core.errors import InputError


def write_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file in one step; raises `InputError` when it cannot be written."""
    from reconciler.adapters.files import write_atomic

    try:
        write_atomic(path, data, mode=mode)
    except OSError as error:
        raise InputError(f"cannot write '{path}': {_why(error)}") from None


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
