"""A new age identity as a file that only its owner can read."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from reconciler.adapters.sops.age.wrapping import generate_identity
from reconciler.core.errors import InputError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_PRIVATE = 0o600


def make(path: Path, *, now: datetime, post_quantum: bool = False) -> str:
    """Write a new identity and return its public key.

    A file that is there already is never replaced: whoever loses an identity loses
    everything that was sealed to it.

    Raises:
        InputError: The file exists, or cannot be written; or post-quantum keys need
            a newer library.
    """
    identity, public = generate_identity(now, post_quantum_key=post_quantum)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, _NEW, _PRIVATE)
    except FileExistsError:
        raise InputError(
            f"'{path}' is there already and is not replaced; "
            "name another file with --output"
        ) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError(f"cannot write '{path}': {why}") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(identity.reveal())
    return public
