"""The files as one thing: read, append, fold the journal into the snapshot.

A commit is one frame at the journal's end, waited for. When the journal has
outgrown the snapshot it is folded: a new snapshot is built beside the old one
and renamed over it, then the journal is put aside and a new one begun. Killed in
between, the new snapshot just skips the journal's older frames by their sequence.

Several processes may have the store open. Each access takes the mutex and first
catches up with what others appended.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from zlib import crc32

from reconciler.adapters.stores.tinydb import heads, journal, loading, snapshot
from reconciler.adapters.stores.tinydb.files import (
    Identity,
    Paths,
    identity_of,
    inode_of,
    keep_copy,
    open_private,
    remove_stale,
    replace_file,
    set_aside,
    sync_folder,
    write_all,
)
from reconciler.adapters.stores.tinydb.gate import Gate
from reconciler.adapters.stores.tinydb.index import (
    JOURNAL,
    JOURNAL_BAK,
    SNAPSHOT,
    Batch,
    Index,
    Place,
    frame_head,
    located,
)
from reconciler.core.errors import DamagedError, ReconcilerError, StateError

logger = logging.getLogger(__name__)

ACTIONS_KEPT = 10_000
FOLD_FLOOR_BYTES = 1 << 20
"""Smaller journals are not worth folding: replaying one takes milliseconds."""
_wait_for_disk = getattr(os, "fdatasync", os.fsync)  # macOS has only the latter
_SAVE_FLOOR = 64
_SAVE_SHARE = 20
"""The sidecar is rewritten when 1/20 of its rows changed: amortised, it is free."""


class Disk:
    """The store's files. Use it inside `reading` or `writing` only."""

    def __init__(
        self,
        paths: Paths,
        *,
        actions_kept: int = ACTIONS_KEPT,
        fold_floor_bytes: int = FOLD_FLOOR_BYTES,
    ) -> None:
        self.paths = paths
        self.index: Index | None = None
        self._meta: dict[str, Any] = {}
        self._actions_kept = actions_kept
        self._gate = Gate(paths.mutex)
        self._fold_above = fold_floor_bytes
        self._sources = loading.Sources(paths)
        self._append_fd: int | None = None
        self._identity: tuple[Identity | None, int | None] = (None, None)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Index | None]:
        """Hold the files still; yield the index, None when there is no store."""
        if not self._exists():
            yield None
            return
        with self._gate.held(exclusive=False) as is_outermost:
            if is_outermost:
                self._catch_up()
            yield self.index

    @contextlib.contextmanager
    def writing(self) -> Iterator[Index | None]:
        """Keep other writers out, caught up with them; creates the folder."""
        with self._translated(), self._gate.held(exclusive=True) as is_outermost:
            if is_outermost:
                self._catch_up()
            yield self.index

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other writers out without looking at the files."""
        with self._translated(), self._gate.held(exclusive=True):
            yield

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateError(
                f"cannot write {error.filename or self.paths.snapshot}: "
                f"{error.strerror}; check the folder's owner, mode and free space, "
                "or name another store with --state"
            ) from error

    def document(self, name: str) -> bytes:
        """Return one record's document; KeyError without one.

        Raises:
            DamagedError: Its bytes changed since they were written.
        """
        if self.index is None:
            raise KeyError(name)
        return self._document(self.index.rows[name], self._sources.read)

    def action(self, doc_id: str) -> bytes:
        """Return one line of the action log; KeyError without one."""
        return self._sources.read(self.actions()[doc_id])

    def actions(self) -> dict[str, Place]:
        """Return where the lines of the action log are, oldest first."""
        if self.index is None:
            return {}
        if self.index.actions is None:
            self.index.actions = loading.read_actions(
                self.paths, self._sources, self.index, self._meta
            )
        return self.index.actions

    def append(self, batch: Batch) -> Index:
        """Write one batch and wait for the disk; inside `writing` only.

        Returns the index with the batch in it.

        Raises:
            StateError: The disk refused; nothing was written.
        """
        index = self.index or self._create()
        rows = [
            (*heads.row_of(head), len(data), crc32(data))
            for head, data in batch.puts.values()
        ]
        documents = [data for _, data in batch.puts.values()]
        documents += [data for _, data in batch.actions]
        head = frame_head(index, batch, rows)
        record = journal.encode(head, documents)
        at = index.journal_end if JOURNAL in self._sources else self._start_journal()
        self._write(record.data, at=at)
        end = at + len(record.data)
        index.apply(journal.Frame(head, at + record.body, end), source=JOURNAL)
        index.journal_end = end
        self._fold_if_due(end)
        return index

    def fold(self) -> None:
        """Fold the journal into a new snapshot; inside `writing` only."""
        index = self.index
        if index is None:
            return
        rows = [index.rows[name] for name in sorted(index.rows)]
        read = self._sources.reader()
        kept = list(self.actions().items())[-self._actions_kept :]
        self.replace(
            records=(self._document(row, read) for row in rows),
            actions=[(doc_id, read(place)) for doc_id, place in kept],
            meta=index.counters(),
            rows=rows,
        )

    def replace(
        self,
        *,
        records: Iterator[bytes],
        actions: Sequence[tuple[str, bytes]],
        meta: dict[str, Any],
        rows: Sequence[heads.Row],
    ) -> None:
        """Put a new snapshot in place; the old files stay as `.bak`.

        `rows` are those of `records`, in the same order; where they lie is filled
        in here.
        """
        remove_stale(self.paths)
        temporary = self.paths.temporary(self.paths.snapshot)
        offsets, full = snapshot.write_snapshot(
            temporary, records=records, actions=actions, meta=meta
        )
        if self.paths.snapshot.exists():
            keep_copy(self.paths.snapshot, self.paths.snapshot_bak)
        temporary.replace(self.paths.snapshot)
        sync_folder(self.paths.snapshot.parent)
        self._forget()
        moved = (
            located(row, source=SNAPSHOT, offset=offset)
            for row, offset in zip(rows, offsets, strict=True)
        )
        self._adopt(full, {row[heads.NAME]: row for row in moved})

    def prepare_restore(self) -> dict[str, Any]:
        """Return the counters to go above; set damaged files aside.

        Good `.bak` files are not overwritten by damaged ones.
        """
        try:
            self._catch_up()
        except DamagedError:
            known = loading.last_known(self.paths)
            set_aside(self.paths)
            return known
        return self.index.counters() if self.index else dict(loading.NOTHING)

    def save_heads(self) -> None:
        """Rewrite the sidecar when enough changed; a cache, so best effort."""
        if self.index is None or not self._is_sidecar_old(self.index):
            return
        with contextlib.suppress(OSError, ReconcilerError), self.writing() as index:
            if index is not None and self._is_sidecar_old(index):
                self._write_sidecar(index)

    def close(self) -> None:
        """Save what speeds up the next start, close every file."""
        self.save_heads()
        self._forget()
        self._gate.close()

    def _exists(self) -> bool:
        if self.paths.snapshot.exists():
            return True
        loading.refuse_remains(self.paths)
        self._forget()
        return False

    def _catch_up(self) -> None:
        identity = self._look()
        if identity[0] is None:
            loading.refuse_remains(self.paths)
            self._forget()
        elif self.index is None or identity != self._identity:
            self._load()
        elif JOURNAL in self._sources and (
            self._sources.size(JOURNAL) > self.index.journal_end
        ):
            loading.replay(self.paths, self._sources, self.index)

    def _look(self) -> tuple[Identity | None, int | None]:
        return identity_of(self.paths.snapshot), inode_of(self.paths.journal)

    def _load(self) -> None:
        self._forget()
        try:
            self._sources.open(SNAPSHOT, os.O_RDONLY)
            identity = self._look()
            self.index, self._meta = loading.load(self.paths, self._sources)
        except OSError as error:
            self._forget()
            raise StateError(
                f"cannot read {self.paths.snapshot}: {error.strerror}; "
                "check its owner and mode, or name another store with --state"
            ) from error
        except BaseException:
            self._forget()
            raise
        self._identity = identity

    def _forget(self) -> None:
        self.index = None
        self._meta = {}
        self._sources.close()
        if self._append_fd is not None:
            os.close(self._append_fd)
            self._append_fd = None
        self._identity = (None, None)

    def _create(self) -> Index:
        import uuid  # noqa: PLC0415  # costs start-up time; used once in a store's life

        meta = {
            "lineage": str(uuid.uuid4()),
            "serial": 0,
            "sequence": 0,
            "next_action": 1,
        }
        self.replace(records=iter(()), actions=(), meta=meta, rows=())
        if self.index is None:
            raise AssertionError
        return self.index

    def _adopt(self, meta: dict[str, Any], rows: dict[str, heads.Row]) -> None:
        self._sources.open(SNAPSHOT, os.O_RDONLY)
        self._meta = meta
        self.index = Index(
            lineage=meta["lineage"],
            serial=meta["serial"],
            sequence=meta["sequence"],
            next_action=meta["next_action"],
            rows=rows,
        )
        self._start_journal()
        with contextlib.suppress(OSError):
            self._write_sidecar(self.index)

    def _start_journal(self) -> int:
        if self.index is None:
            raise AssertionError
        index = self.index
        if self.paths.journal.exists():
            self.paths.journal.replace(self.paths.journal_bak)
        first = journal.encode(
            {
                "journal": snapshot.FORMAT_VERSION,
                "lineage": index.lineage,
                "base": index.sequence,
            }
        )
        replace_file(self.paths, self.paths.journal, first.data, durable=True)
        self._sources.open(JOURNAL, os.O_RDONLY)
        index.journal_base, index.journal_end = index.sequence, len(first.data)
        self._identity = self._look()
        return index.journal_end

    def _write(self, data: bytes, *, at: int) -> None:
        try:
            fd = self._journal_fd()
            if os.fstat(fd).st_size > at:
                logger.warning("torn commit cut off", extra={"at": at})
                os.ftruncate(fd, at)
            write_all(fd, data)
            _wait_for_disk(fd)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.truncate(self.paths.journal, at)
            self._forget()
            raise StateError(
                f"cannot write {self.paths.journal}: {error.strerror}; nothing was "
                "committed; free space or fix the disk, then run again"
            ) from error

    def _journal_fd(self) -> int:
        if self._append_fd is None:
            self._append_fd = open_private(
                self.paths.journal, os.O_WRONLY | os.O_APPEND
            )
        return self._append_fd

    def _fold_if_due(self, end: int) -> None:
        """Fold; the commit before it is safe already, so failing is no error."""
        bridged = JOURNAL_BAK in self._sources
        if end <= max(self._fold_above, self._sources.size(SNAPSHOT)) and not bridged:
            return
        try:
            self.fold()
        except (OSError, DamagedError) as error:
            logger.warning("journal not folded", extra={"error": str(error)})
            with contextlib.suppress(OSError):
                remove_stale(self.paths)
            self._fold_above = 2 * end  # not again with every commit

    def _document(self, row: heads.Row, read: Callable[[Place], bytes]) -> bytes:
        place = Place(row[heads.SOURCE], row[heads.OFFSET], row[heads.LENGTH])
        data = read(place)
        if crc32(data) != row[heads.CRC]:
            file = (
                self.paths.snapshot
                if place.source == SNAPSHOT
                else (self.paths.journal)
            )
            raise DamagedError(
                f"{file} is damaged at byte {place.offset}: the record of "
                f"{row[heads.NAME]!r} does not match its checksum; "
                f"{loading.way_out(self.paths)}"
            )
        return data

    def _is_sidecar_old(self, index: Index) -> bool:
        if JOURNAL_BAK in self._sources:
            return False  # its rows may lie in a file that the sidecar cannot name
        return index.uncovered > _SAVE_FLOOR + len(index.rows) // _SAVE_SHARE

    def _write_sidecar(self, index: Index) -> None:
        stamp = heads.Stamp(
            fingerprint=snapshot.fingerprint(self._meta),
            journal_base=index.journal_base,
            journal_end=index.journal_end,
            **index.counters(),
        )
        data = heads.encode_sidecar(stamp, index.rows.values())
        replace_file(self.paths, self.paths.heads, data, durable=False)
        index.uncovered = 0
