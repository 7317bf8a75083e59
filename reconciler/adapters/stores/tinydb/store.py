"""The embedded store behind `reconciler.core.ports.StateStore`."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from reconciler.adapters.stores.tinydb import heads
from reconciler.adapters.stores.tinydb.disk import ACTIONS_KEPT, FOLD_FLOOR_BYTES, Disk
from reconciler.adapters.stores.tinydb.files import Paths, exposed
from reconciler.adapters.stores.tinydb.index import SNAPSHOT, Index
from reconciler.adapters.stores.tinydb.snapshot import FORMAT_VERSION
from reconciler.core import codec
from reconciler.core.errors import StaleError, StateError
from reconciler.core.ports import LockInfo, StoreInfo
from reconciler.core.record import Action, Commit, Head, Record, head_of

if TYPE_CHECKING:
    from reconciler.adapters.stores.tinydb.lock import OperationLock
    from reconciler.adapters.stores.tinydb.storage import JournalDB, JournalStorage


def open_tinydb(
    location: str,
    *,
    url: str,
    base: Path,
    now: Callable[[], datetime],
    create: bool,
) -> TinyDBStore:
    """Open the store at a path, relative to `base`.

    Raises:
        StateError: It does not exist and `create` is off, or is no file.
    """
    path = base / location
    if path.is_dir():
        raise StateError(f"{path} is a folder; name a file, such as {path}/state.json")
    if not create and not path.exists():
        raise StateError(
            f"there is no state at {path}; check --state and --chdir, or run "
            "'reconcile apply' to begin one"
        )
    return TinyDBStore(path, url=url, now=now)


class TinyDBStore:
    """Records, action log and lock in one file and its journal.

    Safe to share between threads, and between processes of one host.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime],
        url: str = "",
        sleep: Callable[[float], object] | None = None,
        actions_kept: int = ACTIONS_KEPT,
        fold_floor_bytes: int = FOLD_FLOOR_BYTES,
    ) -> None:
        self._url = url or f"tinydb:{path}"
        self._now = now
        self._sleep = sleep or threading.Event().wait
        self._opened: tuple[JournalStorage, JournalDB] | None = None
        self._disk = Disk(
            Paths(snapshot=path),
            actions_kept=actions_kept,
            fold_floor_bytes=fold_floor_bytes,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should look at: files that others may read."""
        paths = self._disk.paths
        files = (paths.snapshot, paths.journal, paths.heads)
        return tuple(text for path in files if (text := exposed(path)))

    def info(self) -> StoreInfo:
        """Return where the store stands; lineage is empty before the first commit."""
        with self._disk.reading() as index:
            return self._info(index)

    def heads(self) -> Mapping[str, Head]:
        """Return every record's head by name."""
        with self._disk.reading() as index:
            return index.heads() if index else {}

    def get(self, name: str) -> Record | None:
        """Return one record, or None."""
        with self._disk.reading() as index:
            if index is None or name not in index.rows:
                return None
            return codec.from_json(Record, self._disk.document(name))

    def scan(self, *, after: str = "", limit: int = 1000) -> Sequence[Record]:
        """Return the records whose names follow `after`, sorted, at most `limit`."""
        with self._disk.reading() as index:
            names = sorted(index.rows) if index else []
            start = bisect.bisect_right(names, after)
            return tuple(
                codec.from_json(Record, self._disk.document(name))
                for name in names[start : start + max(0, limit)]
            )

    def commit(self, commit: Commit, *, lock_id: str | None = None) -> StoreInfo:
        """Write everything in `commit` or nothing.

        Raises:
            StaleError: A record is not at the expected version, or the lock is lost.
            StateError: The disk refused; nothing was written.
        """
        _refuse_twice(commit)
        with self._disk.writing() as index:
            if lock_id is not None:
                self._lock.require(lock_id)
            rows = index.rows if index else {}
            _refuse_stale(commit.expected, rows)
            records = [_next_version(record, rows) for record in commit.put]
            self._write(commit, records)
            return self._info(self._storage.committed)

    def actions(self, name: str | None = None, *, limit: int = 100) -> Sequence[Action]:
        """Return the newest lines of the action log, newest first."""
        with self._disk.reading():
            lines = self._storage.read()["actions"]
            newest = (lines[doc_id] for doc_id in reversed(list(lines)))
            wanted = (line for line in newest if name in {None, line["name"]})
            return tuple(
                codec.from_data(Action, line)
                for line in itertools.islice(wanted, max(0, limit))
            )

    def lock(
        self, *, operation: str, who: str, lease_s: float = 60.0, timeout_s: float = 0.0
    ) -> AbstractContextManager[LockInfo]:
        """Hold the operation lock; renewed in the background while held.

        Raises:
            LockedError: Somebody else kept it for longer than `timeout_s`.
        """
        return self._lock.held(
            operation=operation, who=who, lease_s=lease_s, timeout_s=timeout_s
        )

    def lock_info(self) -> LockInfo | None:
        """Return the present holder, None when free or expired."""
        return self._lock.holder()

    def unlock(self, lock_id: str) -> None:
        """Break the lock with exactly this id.

        Raises:
            StateError: There is none, or it has another id.
        """
        self._lock.unlock(lock_id)

    def backup(self) -> bytes:
        """Return everything as one portable JSON document."""
        from reconciler.adapters.stores.tinydb import backup  # noqa: PLC0415

        with self._disk.reading() as index:
            info = self._info(index)
            everything = backup.Backup(
                lineage=info.lineage,
                serial=info.serial,
                sequence=info.sequence,
                records=self.scan(limit=info.records),
                actions=self.actions(limit=len(self._disk.actions()))[::-1],
            )
        return backup.encode_backup(everything)

    def restore(self, data: bytes) -> StoreInfo:
        """Replace everything by a backup; the present files stay as `.bak`.

        The lineage is the backup's. Serial and sequence go above both the backup's
        and the store's, so that no older plan fits any more. Works on a damaged
        store too, whose files stay as `.damaged`.

        Raises:
            StateError: The backup is not valid; nothing was replaced.
        """
        from reconciler.adapters.stores.tinydb import backup  # noqa: PLC0415

        found = backup.decode_backup(data)
        documents = [codec.to_json(record).encode() for record in found.records]
        rows = [
            (*heads.row_of(head_of(record)), SNAPSHOT, 0, len(data), crc32(data))
            for record, data in zip(found.records, documents, strict=True)
        ]
        actions = [
            (str(number), codec.to_json(action).encode())
            for number, action in enumerate(found.actions, start=1)
        ]
        with self._disk.alone():
            before = self._disk.prepare_restore()
            meta = {
                "lineage": found.lineage or before["lineage"],
                "serial": max(found.serial, before["serial"]) + 1,
                "sequence": max(found.sequence, before["sequence"]) + 1,
                "next_action": len(actions) + 1,
            }
            if before["lineage"] != meta["lineage"]:
                meta["replaces"] = before["lineage"]
            self._disk.replace(
                records=iter(documents), actions=actions, meta=meta, rows=rows
            )
            return self._info(self._disk.index)

    def compact(self) -> None:
        """Fold the journal into the snapshot now; it also happens by itself."""
        with self._disk.writing():
            self._disk.fold()

    def close(self) -> None:
        """Release the files; save the sidecar when enough changed."""
        self._disk.close()

    @contextlib.contextmanager
    def database(self) -> Iterator[JournalDB]:
        """Lend the TinyDB database, for queries; nobody writes meanwhile."""
        with self._disk.reading():
            yield self._database

    def _write(self, commit: Commit, records: Sequence[Record]) -> None:
        storage, database = self._storage, self._database
        new_heads = {record.name: head_of(record) for record in records}
        with storage.transaction(desired=commit.desired, heads=new_heads):
            table = database.table("records")
            table.put({record.name: codec.to_data(record) for record in records})
            if commit.remove:
                table.discard(list(dict.fromkeys(commit.remove)))
            if commit.actions:
                lines = [codec.to_data(action) for action in commit.actions]
                database.table("actions").insert_multiple(lines)

    def _info(self, index: Index | None) -> StoreInfo:
        return StoreInfo(
            url=self._url,
            lineage=index.lineage if index else "",
            serial=index.serial if index else 0,
            sequence=index.sequence if index else 0,
            format_version=FORMAT_VERSION,
            records=len(index.rows) if index else 0,
        )

    # What is below is made on first use: a plan that finds nothing to do needs
    # neither TinyDB nor the lock.

    @property
    def _storage(self) -> JournalStorage:
        return self._open_database()[0]

    @property
    def _database(self) -> JournalDB:
        return self._open_database()[1]

    def _open_database(self) -> tuple[JournalStorage, JournalDB]:
        if self._opened is None:
            from reconciler.adapters.stores.tinydb import storage  # noqa: PLC0415

            made = storage.JournalStorage(self._disk)
            self._opened = made, storage.JournalDB(storage=lambda: made)
        return self._opened

    @property
    def _lock(self) -> OperationLock:
        from reconciler.adapters.stores.tinydb.lock import (  # noqa: PLC0415
            OperationLock,
        )

        return OperationLock(self._disk, now=self._now, sleep=self._sleep)


def _refuse_twice(commit: Commit) -> None:
    names = [record.name for record in commit.put]
    names += dict.fromkeys(commit.remove)
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"one commit names {', '.join(twice)} twice")


def _refuse_stale(expected: Mapping[str, int], rows: Mapping[str, heads.Row]) -> None:
    for name, version in expected.items():
        present = rows[name][heads.VERSION] if name in rows else 0
        if present != version:
            raise StaleError(
                f"{name!r} is at version {present} in the state, {version} was "
                "read (0: absent); somebody else changed it, plan and apply again"
            )


def _next_version(record: Record, rows: Mapping[str, heads.Row]) -> Record:
    present = rows[record.name][heads.VERSION] if record.name in rows else 0
    return replace(record, version=present + 1)
