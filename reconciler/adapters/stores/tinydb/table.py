"""TinyDB's `Table` without its price: one changed document is one written document.

Stock `_update_table` converts every key of the table, hands the whole table to
the change and writes the whole database. Here the change sees an overlay that
copies only the documents it touches, and only those are written.

Relied on of TinyDB's inside (pinned by `test_tinydb_internals.py`): every change
goes through `_update_table`, every reading through `_read_table`, every new id
through `_get_next_id`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from tinydb.table import Document, Table

Docs = Mapping[str, Mapping[str, Any]]
_GONE: Any = object()


class Overlay(MutableMapping[str, Any]):
    """A table that copies a document when it is first looked at."""

    def __init__(self, base: Docs) -> None:
        self._base = base
        self._touched: dict[str, Any] = {}
        self._copied: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        if key not in self._touched:
            self._touched[key] = copy.deepcopy(dict(self._base[key]))
            self._copied.add(key)
        found = self._touched[key]
        if found is _GONE:
            raise KeyError(key)
        return found

    def __setitem__(self, key: str, value: Any) -> None:
        self._touched[key] = value
        self._copied.discard(key)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._touched[key] = _GONE

    def __contains__(self, key: object) -> bool:
        if key in self._touched:
            return self._touched[key] is not _GONE
        return key in self._base

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._base if key in self)
        yield from (
            key
            for key, value in list(self._touched.items())
            if value is not _GONE and key not in self._base
        )

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Remove everything; the inherited way would take quadratic time."""
        self._touched = dict.fromkeys(self._base, _GONE)

    def changes(self) -> dict[str, Any]:
        """Return what differs from the base; None for a removed document."""
        return {
            key: None if value is _GONE else value
            for key, value in self._touched.items()
            if self._is_changed(key, value)
        }

    def _is_changed(self, key: str, value: Any) -> bool:
        if value is _GONE:
            return key in self._base
        # Only what was handed out may be as it was; what was set counts as new.
        return bool(key not in self._copied or value != self._base[key])


class JournalTable(Table):
    """A table whose changes are journalled one document at a time."""

    document_id_class: Any = str
    _storage: Any  # a `JournalStorage`; TinyDB declares its own base class

    def discard(self, doc_ids: list[str]) -> None:
        """Remove documents by id; one that is not there is no error."""
        self.remove(doc_ids=doc_ids)  # type: ignore[arg-type]

    def put(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Insert or replace documents by id; TinyDB's `upsert` merges instead."""

        def updater(table: MutableMapping[str, Any]) -> None:
            table.update(documents)

        self._update_table(updater)

    def _read_table(self) -> Any:
        return self._storage.read().get(self.name, {})

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        with self._storage.transaction():
            overlay = Overlay(self._read_table())
            updater(overlay)
            self._storage.change(self.name, overlay.changes())
        self.clear_cache()

    def _get_next_id(self) -> Any:
        return self._storage.next_id(self.name)


__all__ = ["Document", "JournalTable", "Overlay"]
