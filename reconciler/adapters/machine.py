"""What can be told of this machine without asking anybody else."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import ssl
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

LIBRARIES: Final = (
    *("ccxt", "aiohttp", "httpx", "pydantic", "pyrage", "cryptography"),
    *("tinydb", "exchange_calendars"),
)
_TIMEOUT_S: Final = 5.0
_REMOTE: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs"}
    | {"fuse.sshfs", "fuse.s3fs", "lustre", "gpfs"}
)
"""File systems of other machines: their locks cannot be relied on."""


def python_version() -> str:
    """Return the interpreter's version."""
    return platform.python_version()


def library_versions() -> dict[str, str]:
    """Return the versions of what matters most; what is not installed is left out."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def open_files_limit() -> int:
    """Return how many files and sockets this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 2**31


def trusted_authorities() -> int:
    """Return how many certificate authorities the system trusts.

    A folder of them is counted by its files, since they are loaded when needed.
    """
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    in_folder = len(list(folder.iterdir())) if folder and folder.is_dir() else 0
    return max(context.cert_store_stats()["x509_ca"], in_folder)


def nearest_folder(path: Path) -> Path:
    """Return the nearest thing on the way to `path` that is there; mostly a folder."""
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    return folder


def can_write(path: Path) -> bool:
    """Tell whether a file can be made, or replaced, at `path`."""
    folder = nearest_folder(path)
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def free_bytes(path: Path) -> int:
    """Return how much room the file system of `path` has."""
    return shutil.disk_usage(nearest_folder(path)).free


def readable_by_others(path: Path) -> bool:
    """Tell whether anybody but the owner may read a file; False when it is missing."""
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False


def remote_file_system(path: Path, *, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the kind of file system where `path` lies on another machine, else ""."""
    try:
        lines = mounts.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    where = os.path.realpath(nearest_folder(path))
    best, kind = "", ""
    for line in lines:
        _, point, found, *_ = line.split(" ")
        below = where == point or where.startswith(f"{point.rstrip('/')}/")
        if below and len(point) >= len(best):
            best, kind = point, found
    return kind if kind in _REMOTE else ""


def clock_is_synchronised() -> bool | None:
    """Tell whether the system keeps its clock right; None where nobody can tell."""
    command = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
    try:
        done = subprocess.run(  # noqa: S603  # fixed command, no shell
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())
