"""The index: for every record its head and where its document lies.

In memory a row is a plain tuple: making one object each for 10,000 records costs
more than reading them, and tuples of plain values cost the garbage collector
nothing, where 100,000 lists would make every commit a little slower.

On disk the index is a sidecar of the snapshot and of the journal up to some byte;
what the journal holds behind that byte is replayed. It is derived and safe to
lose: a wrong or missing one is made anew.
"""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from reconciler.adapters.stores.tinydb.journal import dump
from reconciler.core.connection import OnRemove
from reconciler.core.record import Head, Result, Status

Row = tuple[Any, ...]
"""The head's fields in the order of `row_of`, then source, offset, length, CRC."""

NAME, VERSION = 0, 1
SOURCE, OFFSET, LENGTH, CRC = 11, 12, 13, 14
HEAD_WIDTH = 11
_FORMAT = 3
_RECURRING = 8
"""Mean number of times that a value recurs from which naming it once pays."""
_PROTECTED, _ORPHANED, _TERMINAL, _SUSPENDED = 1, 2, 4, 8
_ON_REMOVE = tuple(OnRemove)
_ON_REMOVE_SHIFT, _ON_REMOVE_MASK = 4, 3
_ENDS_ON_SHIFT = 6
"""The day above the flags: no column more for what few keys have."""
_RESULTS: dict[str | None, Result | None] = {
    None: None,
    **{result.value: result for result in Result},
}
_STATUSES = {status.value: status for status in Status}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a sidecar speaks of; another stamp makes it stale.

    `fingerprint` is the snapshot's: of its content and of what describes it.
    `journal_base` is the sequence after which the journal starts, `journal_end`
    the byte up to which it is counted in.
    """

    lineage: str
    fingerprint: str
    journal_base: int
    journal_end: int
    sequence: int
    serial: int
    next_action: int


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Pause garbage collection: it would walk every new row again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def row_of(head: Head) -> Row:
    """Return a head as the first part of a row."""
    active = head.active_revision
    flags = (
        _PROTECTED * head.protected
        + _ORPHANED * head.orphaned
        + _TERMINAL * head.terminal
        + (_ON_REMOVE.index(head.on_remove) << _ON_REMOVE_SHIFT)
        + _SUSPENDED * head.suspended
        + (head.ends_on << _ENDS_ON_SHIFT)
    )
    return (
        head.name,
        head.version,
        head.revision,
        None if active == head.revision else active,
        head.result,
        head.status,
        head.managed_by,
        head.owner,
        head.provider,
        flags,
        head.next_attempt_at,
    )


def heads_in(rows: Iterable[Row]) -> dict[str, Head]:
    """Return the heads that rows hold, by name."""
    with collector_paused():
        return {row[NAME]: _head_in(row) for row in rows}


def encode_sidecar(stamp: Stamp, rows: Iterable[Row]) -> bytes:
    """Return a sidecar: one line that says what it speaks of, one of columns."""
    body = dump([_packed(column) for column in zip(*rows, strict=True)]) + b"\n"
    fields = {name: getattr(stamp, name) for name in Stamp.__slots__}
    first = dump({"format": _FORMAT, **fields}) + b"\n"
    return b"%08x " % crc32(body, crc32(first)) + first + body


def read_sidecar(path: Path) -> tuple[Stamp, list[Row]] | None:
    """Read a sidecar; None when it is missing or not sound."""
    try:
        data = path.read_bytes()
        first = data.index(b"\n") + 1
        if int(data[:8], 16) != crc32(data[9:]):
            return None
        fields = json.loads(data[9:first])
        if fields.pop("format") != _FORMAT:
            return None
        return Stamp(**fields), _rows(json.loads(data[first:]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _head_in(row: Row) -> Head:
    # Unpacking once beats picking by number, for ten thousand of them by a third.
    (name, version, revision, active, result, status, managed_by, owner) = row[:8]
    (provider, flags, due) = row[8:HEAD_WIDTH]
    return Head(
        name,
        revision,
        revision if active is None else active,
        _RESULTS[result],
        _STATUSES[status],
        managed_by,
        owner,
        provider,
        flags & _PROTECTED != 0,
        flags & _ORPHANED != 0,
        flags & _TERMINAL != 0,
        due,
        version,
        flags >> _ENDS_ON_SHIFT,
        _ON_REMOVE[flags >> _ON_REMOVE_SHIFT & _ON_REMOVE_MASK],
        flags & _SUSPENDED != 0,
    )


def _packed(column: tuple[Any, ...]) -> Any:
    """Return a column; where few values recur, each once and who has which."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(column))}
    if len(numbers) * _RECURRING > len(column):
        return column
    return {"of": list(numbers), "at": [numbers[value] for value in column]}


def _rows(columns: list[Any]) -> list[Row]:
    """Return rows of columns: parsing a few long lists beats many short ones."""
    return list(zip(*map(_unpacked, columns), strict=True))


def _unpacked(column: Any) -> list[Any]:
    if isinstance(column, list):
        return column
    values = column["of"]
    return [values[number] for number in column["at"]]
