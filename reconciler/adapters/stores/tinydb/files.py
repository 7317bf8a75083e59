"""The store's files: names, modes, durable replacement.

Everything is private to its owner (0600 in a 0700 folder), whatever the umask: the
records hold sealed credentials and tell who trades where.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where the files of one store are; all lie beside the snapshot."""

    snapshot: Path

    @property
    def journal(self) -> Path:
        """Commits since the snapshot."""
        return self._beside("journal")

    @property
    def heads(self) -> Path:
        """The derived index; safe to lose."""
        return self._beside("heads")

    @property
    def lock(self) -> Path:
        """The operation lock: who, since when, until when."""
        return self._beside("lock")

    @property
    def mutex(self) -> Path:
        """An empty file that writers flock for the moment of a write."""
        return self._beside("mutex")

    @property
    def snapshot_bak(self) -> Path:
        """The snapshot before the present one."""
        return self._beside("bak")

    @property
    def journal_bak(self) -> Path:
        """The commits between the two snapshots."""
        return self._beside("journal.bak")

    def temporary(self, target: Path) -> Path:
        """Return the temporary file in which a new `target` is built."""
        return target.with_name(target.name + ".tmp")

    def _beside(self, suffix: str) -> Path:
        return self.snapshot.with_name(f"{self.snapshot.name}.{suffix}")


def make_folder(folder: Path) -> None:
    """Create a folder for us alone; parents keep the umask's mode."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=FOLDER_MODE)


def open_private(path: Path, flags: int) -> int:
    """Open a file, created with mode 0600 even under a permissive umask.

    A link is refused: somebody may have committed one that leads elsewhere.
    """
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)


def write_all(fd: int, data: bytes) -> None:
    """Write every byte; a single `os.write` may stop short."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read_range(fd: int, offset: int, length: int) -> bytes:
    """Read `length` bytes at `offset`, fewer only at the end of the file."""
    parts = []
    while length and (part := os.pread(fd, length, offset)):
        parts.append(part)
        offset, length = offset + len(part), length - len(part)
    return b"".join(parts)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def replace_file(paths: Paths, target: Path, data: bytes, *, durable: bool) -> None:
    """Replace a small file in one step; readers see the old or the new one."""
    temporary = paths.temporary(target)
    temporary.unlink(missing_ok=True)
    fd = open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        write_all(fd, data)
        if durable:
            os.fsync(fd)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)  # a full disk needs the room
        raise
    finally:
        os.close(fd)
    if durable:
        sync_folder(target.parent)


def keep_copy(source: Path, copy: Path) -> None:
    """Keep `source` under a second name, without a moment in which it is gone."""
    temporary = copy.with_name(copy.name + ".tmp")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:  # a file system without hard links
        import shutil  # noqa: PLC0415  # costs start-up time

        shutil.copyfile(source, temporary)
        temporary.chmod(FILE_MODE)
    temporary.replace(copy)


def set_aside(paths: Paths) -> None:
    """Move damaged files out of the way, to `.damaged`; the `.bak` files stay."""
    for path in (paths.snapshot, paths.journal):
        with contextlib.suppress(FileNotFoundError):
            path.replace(path.with_name(path.name + ".damaged"))


def remove_stale(paths: Paths) -> None:
    """Remove temporary files of a writer that died; only under the mutex."""
    targets = (
        paths.snapshot,
        paths.journal,
        paths.heads,
        paths.lock,
        paths.snapshot_bak,
    )
    for target in targets:
        paths.temporary(target).unlink(missing_ok=True)


def exposed(path: Path) -> str:
    """Return one sentence when others may read or write a file, else nothing."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return ""
    if not mode & _OTHERS:
        return ""
    return f"{path} is open to other users (mode {mode:04o}); run: chmod 600 {path}"


Identity = tuple[int, int, int]


def identity_of(path: Path) -> Identity | None:
    """Return what changes when a file is replaced or changed; None without one."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def inode_of(path: Path) -> int | None:
    """Return what changes when a file is replaced, not when it grows."""
    found = identity_of(path)
    return found and found[0]
