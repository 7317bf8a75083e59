"""Results that go to a file the operator names."""

from __future__ import annotations

from pathlib import Path

from reconciler.core.errors import InputError
from reconciler.wiring import write_file


def write_result(path: Path, data: bytes) -> None:
    """Replace a file in one step, readable by its owner only.

    Raises:
        InputError: It cannot be written, or is a device or pipe: replacing one by a
            file would break whatever else uses it.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"'{path}' is not a regular file and is not replaced")
    write_file(path, data)
