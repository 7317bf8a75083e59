"""Plain text in a file for as long as an editor needs it.

The file lies in a folder of its own that only its owner can enter, in memory where
the system has a place for that. It is overwritten and removed with the folder
(swap files and copies that an editor leaves there included) however the block ends;
when this process is killed, a guard that was started beforehand does it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.cli import guardian
from reconciler.core.errors import InputError

_IN_MEMORY = "/dev/shm"  # noqa: S108  # mkdtemp makes a folder of its own there
_ENOUGH_S = 10.0
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TELLING = ("SOPS_AGE_KEY", "RECONCILE_STATE")
_TELLING_PARTS = ("PASSWORD", "PASSPHRASE", "SECRET", "TOKEN")


@contextmanager
def private_file(
    name: str, data: bytes, *, environment: Mapping[str, str]
) -> Iterator[Path]:
    """Yield the path of a private file (mode 0600) of this name and content.

    Raises:
        InputError: There is no place for it, or no guard could be started; nothing
            was written.
    """
    folder = _new_folder(environment)
    held = os.open(folder / name, _FLAGS, 0o600)
    guard = None
    try:
        guard = _start_guard(folder, held, environment)
        with open(held, "wb", closefd=False) as stream:  # a descriptor
            stream.write(data)
        yield folder / name
    finally:
        is_gone = guardian.wipe(str(folder), [held])
        os.close(held)
        if guard is not None:
            _dismiss(guard)
    if not is_gone:
        raise InputError(f"the plain text in '{folder}' could not be removed")


def is_in_memory(path: Path, *, environment: Mapping[str, str]) -> bool:
    """Tell whether a private file lies in memory, and never reached a disk."""
    places = (environment.get("XDG_RUNTIME_DIR", ""), _IN_MEMORY)
    return any(place and path.is_relative_to(place) for place in places)


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that needs none of our secrets."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _TELLING and not any(part in name for part in _TELLING_PARTS)
    }


def _new_folder(environment: Mapping[str, str]) -> Path:
    own = environment.get("XDG_RUNTIME_DIR", "")
    for place in (own, _IN_MEMORY, tempfile.gettempdir()):
        with contextlib.suppress(OSError):
            if Path(place).is_absolute():
                return Path(tempfile.mkdtemp(prefix="reconcile-", dir=place))
    raise InputError(
        "there is no place for a private file; set XDG_RUNTIME_DIR or TMPDIR to a "
        "folder that can be written to"
    )


def _start_guard(
    folder: Path, held: int, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    guard = subprocess.Popen(  # noqa: S603  # our own file, with our own paths
        [sys.executable, "-I", "-S", guardian.__file__, str(folder), str(held)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=quiet_environment(environment),
        pass_fds=(held,),
        start_new_session=True,  # a closing terminal must not take it along
    )
    ready = guard.stdout.read(1) if guard.stdout else b""
    if ready != guardian.READY:
        _dismiss(guard)
        raise InputError(
            f"the guard of the private file could not be started with "
            f"'{sys.executable}'; nothing was opened"
        )
    return guard


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    """Let the guard go; it looks once more whether all is gone."""
    for pipe in (guard.stdin, guard.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        guard.wait(_ENOUGH_S)
