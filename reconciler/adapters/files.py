"""Files: which there are, what they hold, and how one is replaced safely.

Listing is strict where leniency would delete things: a folder that cannot be listed
stops the run, and a link that leads nowhere is a file that cannot be read, never a
file that is gone. No pathlib on the way: ten thousand files pass here every run.
"""

# pathlib costs more per file than reading and hashing it.
# ruff: noqa: PTH103, PTH105, PTH108, PTH110, PTH112, PTH113, PTH116, PTH118, PTH119, PTH120, PTH122

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass, field
from typing import Final

from reconciler.core.defaults import FILE as DEFAULTS
from reconciler.core.errors import InputError

SUFFIXES: Final = (".yaml", ".yml", ".json")
MAX_BYTES: Final = 1_048_576
"""As `documents.MAX_BYTES`; one byte more is read, so that the reader can tell."""

_CHUNK: Final = 65_536
_READ_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""Not blocking: a pipe with a document's name must not hang the run."""

_NEW_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(slots=True, kw_only=True)
class Listing:
    """The documents below a folder, relative to the root, in no order yet.

    `refused` says of a file why it may not be read. `defaults` are the folders that
    have defaults, each with why those may not be read, mostly "".
    """

    files: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)


def list_documents(root: str, folder: str) -> Listing:
    """List the documents below `folder`, recursively.

    Hidden entries and names that start with `_` are skipped. Links are followed as
    long as they stay inside `root` or `folder`; a folder is entered once.

    Args:
        root: The working directory.
        folder: Where the documents lie, relative to it.

    Raises:
        InputError: A folder is missing, is no folder or cannot be listed.
    """
    top = os.path.join(root, folder)
    if not os.path.isdir(top):
        why = "is not a folder" if os.path.lexists(top) else "is not there"
        raise InputError(
            f"the folder of the connection files, '{folder}', {why}; 'reconcile init'"
            " lays out a repository, -C goes to one that is elsewhere"
        )
    walk = _Walk(
        root=root,
        inside=(os.path.realpath(root), os.path.realpath(top)),
        waiting=[os.path.normpath(folder)],
    )
    while walk.waiting:
        walk.enter(walk.waiting.pop())
    return walk.listing


def defaults_in(root: str, folder: str) -> dict[str, str]:
    """Return a folder as listings have it if it has defaults, with why not to read."""
    path = os.path.join(root, folder, DEFAULTS)
    if not os.path.lexists(path):
        return {}
    real = os.path.realpath(path)
    inside = (os.path.realpath(root), os.path.realpath(os.path.dirname(path)))
    if not any(os.path.commonpath((real, top)) == top for top in inside):
        return {folder: "the link leads out of the repository"}
    return {folder: "" if os.path.isfile(path) else "it is not a regular file"}


def stem_of(file: str) -> str:
    """Return a document's name without folder and suffix, "" without our suffix."""
    stem, suffix = os.path.splitext(os.path.basename(file))
    return stem if suffix in SUFFIXES else ""


def read_bytes(path: str) -> bytes:
    """Return a file's content, at most one byte more than `MAX_BYTES`.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(path, _READ_FLAGS)
    try:
        data = os.read(descriptor, _CHUNK)
        if len(data) == _CHUNK:
            data = _read_on(descriptor, data)
    finally:
        os.close(descriptor)
    return data


def write_atomic(
    path: str | os.PathLike[str],
    data: bytes,
    *,
    mode: int = 0o600,
    durable: bool = True,
) -> None:
    """Replace a file by `data`: readers see the old content or the new, never half.

    Folders on the way are made. The temporary file lies beside the target, is never
    readable by others before `mode` says so, and is removed on failure.

    Args:
        path: The file; a link is replaced, not followed.
        data: Its new content.
        mode: Its permissions, whatever the umask.
        durable: Also survive a power cut (three syncs); off for what can be rebuilt.

    Raises:
        OSError: It cannot be written; the old content is untouched.
    """
    target = os.fspath(path)
    folder = os.path.dirname(target) or "."
    os.makedirs(folder, exist_ok=True)
    # tempfile would do the same, and costs more to import than all files to list.
    temporary = os.path.join(folder, f".reconcile-{os.urandom(8).hex()}")
    descriptor = os.open(temporary, _NEW_FLAGS, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if durable:
                os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if durable:
        _sync_folder(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """One listing under way; `inside` are the real paths that links may lead to."""

    root: str
    inside: tuple[str, ...]
    waiting: list[str]
    seen: set[tuple[int, int]] = field(default_factory=set)
    listing: Listing = field(default_factory=Listing)

    def enter(self, folder: str) -> None:
        path = os.path.join(self.root, folder)
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in self.seen:
                return
            self.seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.name[0] not in "._":
                        self.note(entry, folder)
                    elif entry.name == DEFAULTS:
                        self.listing.defaults[folder] = self.why_refused(entry)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise InputError(f"the folder '{folder}' cannot be listed: {why}") from None

    def note(self, entry: os.DirEntry[str], folder: str) -> None:
        name = entry.name if folder == "." else f"{folder}/{entry.name}"
        if entry.is_file(follow_symlinks=False):
            if entry.name.endswith(SUFFIXES):
                self.listing.files.append(name)
        elif _is_folder(entry) and self.holds(entry):
            self.waiting.append(name)
        elif entry.name.endswith(SUFFIXES):
            self.listing.files.append(name)
            why = self.why_refused(entry)
            if why:
                self.listing.refused[name] = why

    def holds(self, entry: os.DirEntry[str]) -> bool:
        if not entry.is_symlink():
            return True
        real = os.path.realpath(entry.path)
        return any(os.path.commonpath((real, top)) == top for top in self.inside)

    def why_refused(self, entry: os.DirEntry[str]) -> str:
        if entry.is_symlink() and not os.path.exists(entry.path):
            return "the link leads nowhere"
        if not self.holds(entry):
            return "the link leads out of the repository"
        return "" if entry.is_file() else "it is not a regular file"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself is a bad file, no more
            return False
        raise


def _read_on(descriptor: int, data: bytes) -> bytes:
    parts, size = [data], len(data)
    while size <= MAX_BYTES:
        part = os.read(descriptor, _CHUNK)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
