"""What reading the documents found, remembered by content between runs.

Ten thousand unchanged files are read and hashed, not parsed. An entry counts for
exactly the file name, content and program that made it; anything odd about the
cache and it is as if there were none, so correctness never rests on it.

A cache could be planted: committed with a pull request, it might call a bad file
good. So one that is not ours alone (owner, mode 0600, which Git cannot store) is
not read, and what `apply` uses is always parsed and checked again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from reconciler.adapters import files
from reconciler.core.diagnostic import Diagnostic, Severity, Span
from reconciler.core.ports import DesiredHead

FORMAT: Final = 1

Row = list[Any]
"""One file's entry as JSON has it: digest, head or None, names, diagnostics, and of
an invalid file the names that it had."""


def load_rows(path: str, fingerprint: str) -> dict[str, Row]:
    """Return the rows by file; empty for whatever reason the cache is no good."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123  # a cache of megabytes
            if not _is_ours(os.fstat(stream.fileno())):
                return {}
            content = json.loads(stream.read())
        if content["format"] != FORMAT or content["fingerprint"] != fingerprint:
            return {}
        rows = content["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return rows if isinstance(rows, dict) else {}


def save_rows(path: str, fingerprint: str, rows: Mapping[str, Row]) -> None:
    """Write the cache; does nothing where it cannot be written."""
    content = {"format": FORMAT, "fingerprint": fingerprint, "files": rows}
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    try:
        files.write_atomic(path, text.encode(), durable=False)
    except OSError:
        return


def row_of(
    digest: str,
    head: DesiredHead | None,
    names: Sequence[str],
    diagnostics: Sequence[Diagnostic],
    former_names: Sequence[str] = (),
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Row:
    """Return what reading one file found as a row; no head when it has an error."""
    fields = head and [
        head.name,
        head.revision,
        head.active,
        head.owner,
        head.provider,
        head.protected,
        *_rare(head),
    ]
    claimed = [] if head else list(former_names)
    found = list(map(_packed, diagnostics))
    return [digest, fields, list(names), found, claimed, dict(labels)]


def labels_of(row: Row) -> Mapping[str, str]:
    """Return the labels of a file without errors."""
    labels: Mapping[str, str] = row[5]
    return labels


def head_of(file: str, fields: Sequence[Any]) -> DesiredHead:
    """Return the head in a row.

    Raises:
        TypeError, ValueError: The row is damaged.
    """
    name, revision, active, owner, provider, protected, *more = fields
    head = DesiredHead(name, file, revision, active, owner, provider, protected)
    if not more:
        return head
    former, until = more if len(more) > 1 else (*more, 0.0)
    return head._replace(previous_names=tuple(former), suspended_until=until)


def _rare(head: DesiredHead) -> list[Any]:
    """Return what few documents have, as far as this one has it."""
    found = [list(head.previous_names), head.suspended_until]
    while found and not found[-1]:
        found.pop()
    return found


def diagnostic_of(file: str, packed: Sequence[Any]) -> Diagnostic:
    """Return one of a row's diagnostics; errors as `head_of`."""
    code, message, at, line, column, hint, severity, related = packed
    return Diagnostic(
        code=code,
        message=message,
        span=Span(at or file, line, column),
        hint=hint,
        severity=Severity(severity),
        related=tuple(
            (Span(at or file, ln, col), text) for at, ln, col, text in related
        ),
    )


def fingerprint_of_program() -> str:
    """Digest what decides how a document is judged: our code and what is installed.

    Our files by size and time, since a checkout in development keeps its version;
    other distributions, which may bring adapters, by name and version.
    """
    digest = hashlib.sha256(sys.version.encode())
    package = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120
    for line in sorted(_package_files(package)):
        digest.update(line.encode())
    for folder in sys.path:
        for name in sorted(_distributions(folder)):
            digest.update(f"{name}\0".encode())
    return digest.hexdigest()


def _is_ours(status: os.stat_result) -> bool:
    private = stat.S_IMODE(status.st_mode) & 0o077 == 0
    return private and status.st_uid == os.geteuid()


def _packed(item: Diagnostic) -> Row:
    related = [[at.file, at.line, at.column, text] for at, text in item.related]
    place = item.span
    return [
        item.code, item.message, place.file, place.line, place.column, item.hint,
        item.severity.value, related,
    ]  # fmt: skip


def _package_files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from _package_files(entry.path)
            else:
                status = entry.stat()
                yield f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}\0"


def _distributions(folder: str) -> list[str]:
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208
    except OSError:
        return []
    return [name for name in names if name.endswith((".dist-info", ".egg-info"))]
