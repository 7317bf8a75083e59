"""TinyDB's `Storage` on the journal: changes are collected, then one commit.

Tables are `records` (id: the connection's name), `actions` (ids count up) and,
read only, `meta`. Documents are read from the disk when they are looked at.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from tinydb import TinyDB
from tinydb.storages import Storage

from reconciler.adapters.stores.tinydb.disk import Disk
from reconciler.adapters.stores.tinydb.index import Batch, Index
from reconciler.adapters.stores.tinydb.journal import dump
from reconciler.adapters.stores.tinydb.table import Docs, JournalTable, Overlay
from reconciler.core import codec
from reconciler.core.record import Head, Record, head_of

RECORDS, ACTIONS, META = "records", "actions", "meta"


class LazyDocs(Mapping[str, Mapping[str, Any]]):
    """The documents of one table, each parsed anew when looked at."""

    def __init__(
        self, places: Mapping[str, object], read: Callable[[str], bytes]
    ) -> None:
        self._places = places
        self._read = read

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        if key not in self._places:
            raise KeyError(key)
        document: dict[str, Any] = json.loads(self._read(key))
        return document

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class JournalStorage(Storage):
    """What TinyDB reads from and writes to."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._pending: dict[str, Overlay] | None = None
        self._next_action = 1
        self.committed: Index | None = None

    def read(self) -> dict[str, Any]:
        """Return the tables, with the changes of an open transaction."""
        with self._disk.reading():
            return {**self._tables(), **(self._pending or {})}

    def write(self, data: Mapping[str, Docs]) -> None:
        """Make the tables equal `data`; TinyDB's `drop_tables` comes this way."""
        with self.transaction():
            for name in (RECORDS, ACTIONS):
                overlay = Overlay(self.read()[name])
                overlay.clear()
                overlay.update(data.get(name, {}))
                self.change(name, overlay.changes())

    @contextlib.contextmanager
    def transaction(
        self, *, desired: bool = False, heads: Mapping[str, Head] | None = None
    ) -> Iterator[None]:
        """Collect changes, write them as one commit; nothing after an exception.

        Args:
            desired: Whether the serial goes up.
            heads: Heads that the caller has at hand; others are computed.
        """
        if self._pending is not None:
            yield
            return
        with self._disk.writing() as index:
            self._next_action = index.next_action if index else 1
            self._pending = {
                name: Overlay(docs)
                for name, docs in self._tables().items()
                if name != META
            }
            try:
                yield
                batch = self._batch(desired=desired, heads=heads or {})
            finally:
                self._pending = None
            self.committed = self._disk.append(batch)

    def change(self, table: str, changes: Mapping[str, Any]) -> None:
        """Note changed documents of the open transaction; None removes one."""
        if self._pending is None or table not in self._pending:
            raise ValueError(f"table {table!r} cannot be written")
        overlay = self._pending[table]
        for key, document in changes.items():
            if document is None:
                del overlay[key]
            else:
                overlay[key] = document

    def next_id(self, table: str) -> str:
        """Return the id of a new line of the action log."""
        if table != ACTIONS:
            raise ValueError(
                f"insert into {table!r} a Document whose id is the record's name"
            )
        self._next_action += 1
        return str(self._next_action - 1)

    def _tables(self) -> dict[str, Any]:
        disk = self._disk
        index = disk.index
        return {
            RECORDS: LazyDocs(index.rows if index else {}, disk.document),
            ACTIONS: LazyDocs(_LazyPlaces(disk), disk.action),
            META: {"1": _meta(disk)},
        }

    def _batch(self, *, desired: bool, heads: Mapping[str, Head]) -> Batch:
        pending = self._pending or {}
        records = pending[RECORDS].changes()
        actions = pending[ACTIONS].changes()
        return Batch(
            puts={
                name: (heads.get(name) or _head(name, document), dump(document))
                for name, document in records.items()
                if document is not None
            },
            removes=tuple(name for name, doc in records.items() if doc is None),
            actions=tuple((key, dump(doc)) for key, doc in actions.items() if doc),
            desired=desired,
        )


class _LazyPlaces(Mapping[str, object]):
    """The places of the action log, looked up only when somebody looks."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def __getitem__(self, key: str) -> object:
        return self._disk.actions()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._disk.actions()))

    def __len__(self) -> int:
        return len(self._disk.actions())


class JournalDB(TinyDB):
    """TinyDB with our tables; no query cache, since results would be shared."""

    table_class: Any = JournalTable

    def table(self, name: str, **kwargs: Any) -> JournalTable:
        """Return a table by name."""
        found: Any = super().table(name, **{"cache_size": 0, **kwargs})
        return cast("JournalTable", found)


def _head(name: str, document: Mapping[str, Any]) -> Head:
    head = head_of(codec.from_data(Record, dict(document)))
    if head.name != name:
        raise ValueError(f"the document of {head.name!r} has the id {name!r}")
    return head


def _meta(disk: Disk) -> dict[str, Any]:
    index = disk.index
    if index is None:
        return {}
    return {
        "lineage": index.lineage,
        "serial": index.serial,
        "sequence": index.sequence,
    }
