"""The store that the pipeline writes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reconciler.core.record import Action, Commit, Head, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """Which store this is and where it stands.

    `lineage` never changes over a store's life; `serial` counts changes of the
    recorded desired state; `sequence` counts every commit.
    """

    url: str
    lineage: str
    serial: int
    sequence: int
    format_version: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LockInfo:
    """Who holds the store's operation lock, since when and until when."""

    id: str
    operation: str
    who: str
    created_at: datetime
    expires_at: datetime


class StateStore(Protocol):
    """Records, action log and lock. Every commit is atomic and durable.

    Raises `StaleError` for a version or lock that is no longer right,
    `LockedError` when the lock is held, `DamagedError` when its files are damaged.
    """

    def info(self) -> StoreInfo:
        """Return where the store stands; cheap."""
        ...

    def heads(self) -> Mapping[str, Head]:
        """Return every record's head by name, without reading every record."""
        ...

    def get(self, name: str) -> Record | None:
        """Return one record, or None."""
        ...

    def scan(self, *, after: str = "", limit: int = 1000) -> Sequence[Record]:
        """Return the records whose names follow `after`, sorted, at most `limit`."""
        ...

    def commit(self, commit: Commit, *, lock_id: str | None = None) -> StoreInfo:
        """Write everything in `commit` or nothing; a given lock must still hold."""
        ...

    def actions(self, name: str | None = None, *, limit: int = 100) -> Sequence[Action]:
        """Return the newest lines of the action log, newest first."""
        ...

    def lock(
        self, *, operation: str, who: str, lease_s: float = 60.0, timeout_s: float = 0.0
    ) -> AbstractContextManager[LockInfo]:
        """Hold the operation lock; renewed in the background while held."""
        ...

    def lock_info(self) -> LockInfo | None:
        """Return the present holder, None when free or expired."""
        ...

    def unlock(self, lock_id: str) -> None:
        """Break the lock with exactly this id; another id is refused."""
        ...

    def backup(self) -> bytes:
        """Return everything as one portable JSON document."""
        ...

    def restore(self, data: bytes) -> StoreInfo:
        """Replace everything by a backup; keeps its lineage, raises the serial."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
