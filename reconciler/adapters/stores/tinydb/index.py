"""What a process knows of the store: its counters, and a row for every record.

Documents stay on disk. The index is built from the sidecar or the snapshot and
kept up to date by the frames of the journal, our own and other processes'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.adapters.stores.tinydb.heads import HEAD_WIDTH, NAME, Row, heads_in
from reconciler.adapters.stores.tinydb.journal import Frame
from reconciler.core.record import Head

SNAPSHOT, JOURNAL, JOURNAL_BAK = 0, 1, 2


class Place(NamedTuple):
    """Where one document lies."""

    source: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One atomic write: documents as JSON lines, heads with their new versions."""

    puts: Mapping[str, tuple[Head, bytes]] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    actions: tuple[tuple[str, bytes], ...] = ()
    desired: bool = False


@dataclass(slots=True, kw_only=True)
class Index:
    """The store as of `sequence`; changed only by `apply`.

    `actions` is None until somebody asks for them. `uncovered` counts rows that
    differ from the sidecar on disk.
    """

    lineage: str
    serial: int
    sequence: int
    next_action: int
    rows: dict[str, Row]
    actions: dict[str, Place] | None = None
    journal_base: int = -1
    journal_end: int = 0
    uncovered: int = 0

    def heads(self) -> dict[str, Head]:
        """Return every head by name."""
        return heads_in(self.rows.values())

    def counters(self) -> dict[str, Any]:
        """Return what a snapshot and a sidecar tell of the whole."""
        return {
            "lineage": self.lineage,
            "serial": self.serial,
            "sequence": self.sequence,
            "next_action": self.next_action,
        }

    def apply(self, frame: Frame, *, source: int) -> None:
        """Take over what one commit changed."""
        head = frame.head
        offset = frame.body
        for change in head["put"]:
            *fields, length, checksum = change
            row = (*fields, source, offset, length, checksum)
            self.rows[row[NAME]] = row
            offset += length + 1
        for name in head["remove"]:
            self.rows.pop(name, None)
        for doc_id, length in head["actions"]:
            if self.actions is not None:
                self.actions[doc_id] = Place(source, offset, length)
            offset += length + 1
        self.sequence = head["sequence"]
        self.serial = head["serial"]
        self.next_action = head["next_action"]
        self.uncovered += len(head["put"]) + len(head["remove"])


def frame_head(index: Index, batch: Batch, rows: list[Row]) -> dict[str, Any]:
    """Return the first line of the frame that carries a batch."""
    return {
        "sequence": index.sequence + 1,
        "serial": index.serial + batch.desired,
        "next_action": index.next_action + len(batch.actions),
        "put": rows,
        "remove": list(batch.removes),
        "actions": [[doc_id, len(data)] for doc_id, data in batch.actions],
    }


def located(row: Row, *, source: int, offset: int) -> Row:
    """Return a row whose document has moved."""
    return (*row[:HEAD_WIDTH], source, offset, *row[HEAD_WIDTH + 2 :])
