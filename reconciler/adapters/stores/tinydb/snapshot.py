"""The snapshot: the whole store as one JSON file that stock TinyDB reads.

    {"records":{
    "1":{document},
    ...
    },"actions":{
    "8":{document},
    ...
    },"meta":{"1":{..., "checksum":"SHA-256 of every byte before this field"}}}

One document a line, so that one can be read without the others; what describes
the file stands at its end, so that it can be written in one go and read without
the rest. Ids of records are ordinals: the name is in the document.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from reconciler.adapters.stores.tinydb.files import open_private, read_range, write_all
from reconciler.adapters.stores.tinydb.journal import dump
from reconciler.core.errors import DamagedError, StateError

FORMAT_VERSION = 1
_TAIL_BYTES = 4096
_CHUNK_BYTES = 1 << 20
_META = b'\n},"meta":{"1":'
_SEAL = b',"checksum":"'
_END = b'"}}}\n'


@dataclass(frozen=True, slots=True)
class Located:
    """One document line: its id in the file, where it is, and its bytes."""

    id: str
    offset: int
    data: bytes


class Writer:
    """Writes one snapshot to a new file; `add` returns where a document went."""

    def __init__(self, path: Path) -> None:
        self._fd = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._hash = hashlib.sha256()
        self._parts: list[bytes] = []
        self._offset = 0
        self._pending = 0
        self._separator = b'{"records":{\n'

    def add(self, doc_id: str, document: bytes) -> int:
        """Append one document to the present table; return its offset."""
        prefix = self._separator + dump(doc_id) + b":"
        self._put(prefix)
        offset = self._offset
        self._put(document)
        self._separator = b",\n"
        return offset

    def start_actions(self) -> int:
        """End the records, start the actions; return where their lines start."""
        self._end_table(b'},"actions":{\n')
        return self._offset

    def finish(self, meta: dict[str, Any]) -> str:
        """Write the description, wait for the disk; return the checksum."""
        self._end_table(_META[1:] + dump(meta)[:-1])
        self._flush()
        checksum = self._hash.hexdigest()
        write_all(self._fd, _SEAL + checksum.encode() + _END)
        os.fsync(self._fd)
        return checksum

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _end_table(self, start: bytes) -> None:
        opening = self._separator if self._separator.startswith(b"{") else b""
        after = b"\n" if self._separator == b",\n" else b""
        self._put(opening + after + start)
        self._separator = b""

    def _put(self, data: bytes) -> None:
        self._parts.append(data)
        self._offset += len(data)
        self._pending += len(data)
        if self._pending >= _CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._parts)
        self._hash.update(data)
        write_all(self._fd, data)
        self._parts.clear()
        self._pending = 0


def read_meta(fd: int, *, file: Path, way_out: str) -> dict[str, Any]:
    """Read the description at the end, with `checksum`; the rest is not verified.

    Raises:
        StateError: A newer version of the program wrote it.
        DamagedError: There is no description.
    """
    size = os.fstat(fd).st_size
    start = max(0, size - _TAIL_BYTES)
    tail = read_range(fd, start, size - start)
    try:
        if not tail.endswith(_END):
            tail = b""
        at = tail.rindex(_META)
        meta: dict[str, Any] = json.loads(tail[at + len(_META) : -3])
        version = int(meta["format_version"])
    except (ValueError, KeyError, TypeError):
        raise DamagedError(
            f"{file} does not end like a state file (cut off, or written by "
            f"another program); {way_out}"
        ) from None
    refuse_newer(version, file=str(file))
    return meta


def fingerprint(meta: dict[str, Any]) -> str:
    """Return what tells this snapshot from any other, its description included."""
    return f"{meta.get('checksum')}-{crc32(dump(meta)):08x}"


def refuse_newer(version: int, *, file: str) -> None:
    """Refuse a format that this program does not know yet.

    Raises:
        StateError: It is newer than ours.
    """
    if version > FORMAT_VERSION:
        raise StateError(
            f"{file} has format version {version}, this program knows up to "
            f"{FORMAT_VERSION}; use the newer version of reconcile that wrote it"
        )


def verify(fd: int, meta: dict[str, Any], *, file: Path, way_out: str) -> None:
    """Read the whole file and compare its checksum.

    Raises:
        DamagedError: It does not match.
    """
    checksum = str(meta.get("checksum"))
    ending = _SEAL + checksum.encode() + _END
    sealed = os.fstat(fd).st_size - len(ending)
    digest, at = hashlib.sha256(), 0
    while at < sealed:
        chunk = read_range(fd, at, min(_CHUNK_BYTES, sealed - at))
        digest.update(chunk)
        at += len(chunk)
    if digest.hexdigest() != checksum or (
        read_range(fd, sealed, len(ending)) != ending
    ):
        raise DamagedError(
            f"{file} is damaged: its content does not match its checksum; {way_out}"
        )


def lines(fd: int, *, start: int) -> Iterator[Located]:
    """Yield the documents of one table, whose first line is at `start`."""
    with os.fdopen(os.dup(fd), "rb") as handle:
        handle.seek(start)
        offset = start
        for line in handle:
            if line.startswith(b"}"):
                return
            if line.startswith(b'"'):
                yield _located(line, offset)
            offset += len(line)


def records_at() -> int:
    """Return where the lines of the records start."""
    return len(b'{"records":{\n')


def _located(line: bytes, offset: int) -> Located:
    cut = line.index(b":") + 1
    document = line[cut:].rstrip(b"\n").removesuffix(b",")
    return Located(line[1 : cut - 2].decode(), offset + cut, document)


def write_snapshot(
    path: Path,
    *,
    records: Iterable[bytes],
    actions: Iterable[tuple[str, bytes]],
    meta: dict[str, Any],
) -> tuple[list[int], dict[str, Any]]:
    """Write a snapshot to `path`; return the records' offsets and its description."""
    writer = Writer(path)
    try:
        offsets = [writer.add(str(n), data) for n, data in enumerate(records, start=1)]
        actions_at = writer.start_actions()
        count = 0
        for doc_id, data in actions:
            writer.add(doc_id, data)
            count += 1
        counts = {"records": len(offsets), "actions": count, "actions_at": actions_at}
        full = {"format_version": FORMAT_VERSION, **meta, **counts}
        checksum = writer.finish(full)
    finally:
        writer.close()
    return offsets, {**full, "checksum": checksum}
