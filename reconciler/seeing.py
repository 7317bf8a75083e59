"""Files and records as one login sees them: the others are not there at all.

Whatever a command makes of them, rows, counts and errors, is made of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Never

from reconciler.core.errors import StateError
from reconciler.core.ports import (
    Desired,
    DesiredSet,
    DocumentSource,
    LockInfo,
    StateStore,
    StoreInfo,
)
from reconciler.core.record import Action, Head, Record
from reconciler.core.sight import Sight, seen_set

_MORE = 4
"""How many times as many lines to read when too few of them are theirs."""


class SeenSource:
    """The documents that are somebody's."""

    def __init__(self, source: DocumentSource, sight: Sight) -> None:
        self._source, self._sight = source, sight
        self._seen: frozenset[str] = frozenset()

    def read(self) -> DesiredSet:
        """Read and validate every document, and return what is theirs."""
        found = seen_set(self._sight, self._source.read())
        self._seen = frozenset(found.heads)
        return found

    def load(self, name: str) -> Desired:
        """Return one of the last reading's documents in full."""
        if name not in self._seen:
            raise KeyError(name)
        return self._source.load(name)

    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Return the labels of the last reading's documents, by name."""
        labels = self._source.labels()
        return {name: labels[name] for name in self._seen}

    def parse(self, text: str, *, file: str) -> Desired:
        """Return a document kept elsewhere; who has its text sees it already."""
        return self._source.parse(text, file=file)


class SeenStore:
    """The records that are somebody's; nothing can be written."""

    def __init__(self, store: StateStore, sight: Sight) -> None:
        self._store, self._sight = store, sight
        self._since: dict[str, datetime | None] = {}

    def info(self) -> StoreInfo:
        """Return where the store stands, with the number of these records."""
        return replace(self._store.info(), records=len(self.heads()))

    def heads(self) -> Mapping[str, Head]:
        """Return the heads of these records by name."""
        heads = self._store.heads().items()
        return {name: one for name, one in heads if self._sight.may_see(one.owner)}

    def get(self, name: str) -> Record | None:
        """Return one of these records, or None."""
        record = self._store.get(name)
        return record if record and self._sight.may_see(record.owner) else None

    def scan(self, *, after: str = "", limit: int = 1000) -> Sequence[Record]:
        """Return these records whose names follow `after`, sorted, at most `limit`."""
        found: list[Record] = []
        while len(found) < limit and (page := self._store.scan(after=after)):
            found += [one for one in page if self._sight.may_see(one.owner)]
            after = page[-1].name
        return found[:limit]

    def actions(self, name: str | None = None, *, limit: int = 100) -> Sequence[Action]:
        """Return the newest lines about these records, newest first.

        Not what was done under the same name before this record began.
        """
        asked = limit
        while True:
            lines = self._store.actions(name, limit=asked)
            seen = [line for line in lines if self._is_theirs(line)]
            if len(seen) >= limit or len(lines) < asked:
                return seen[:limit]
            asked *= _MORE

    def close(self) -> None:
        """Release files and connections."""
        self._store.close()

    def lock_info(self) -> LockInfo | None:
        """Return None: who works on the whole is not theirs to see."""
        return None

    def commit(self, *_: object, **__: object) -> Never:
        """Refuse: a part is only looked at."""
        raise StateError("with --as nothing is changed: what one login sees is a part")

    lock = unlock = backup = restore = commit

    def _is_theirs(self, line: Action) -> bool:
        if line.name not in self._since:
            record = self.get(line.name)
            self._since[line.name] = record.created_at if record else None
        since = self._since[line.name]
        return since is not None and line.at >= since
