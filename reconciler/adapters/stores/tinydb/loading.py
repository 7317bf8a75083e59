"""Builds the index from the files: sidecar if it fits, else the whole snapshot.

Refuses what is damaged, and tells how to get out; never starts over with an
empty store. Where the previous snapshot was put back by hand, the journals after
it are replayed, so that nothing is lost.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

from reconciler.adapters.stores.tinydb import heads, journal, snapshot
from reconciler.adapters.stores.tinydb.files import Paths, read_range
from reconciler.adapters.stores.tinydb.index import (
    JOURNAL,
    JOURNAL_BAK,
    SNAPSHOT,
    Index,
    Place,
)
from reconciler.core import codec
from reconciler.core.errors import DamagedError, StateError
from reconciler.core.record import Record, head_of

NEVER_SAVED = 1 << 30
NOTHING = {"lineage": "", "serial": 0, "sequence": 0, "next_action": 1}
_HEADER_BYTES = 1024
_AHEAD_BYTES = 1 << 16
_RESTORE = "restore a backup with: reconcile state restore FILE"


def way_out(paths: Paths) -> str:
    """Return what to do about a damaged snapshot."""
    if not paths.snapshot_bak.exists():
        return _RESTORE
    return (
        f"put the previous one back, which loses nothing while the journals are "
        f"whole: cp -p {paths.snapshot_bak} {paths.snapshot}; or {_RESTORE}"
    )


def way_out_of_journal(paths: Paths) -> str:
    """Return what to do about a damaged journal."""
    return (
        f"{_RESTORE}; or move {paths.journal} away, which loses the commits since "
        "the last snapshot"
    )


def last_known(paths: Paths) -> dict[str, Any]:
    """Return the highest counters that a damaged store's files still tell."""
    known = [NOTHING]
    if (sidecar := heads.read_sidecar(paths.heads)) is not None:
        known.append({name: getattr(sidecar[0], name) for name in NOTHING})
    for path in (paths.snapshot, paths.snapshot_bak):
        with contextlib.suppress(OSError, StateError), path.open("rb") as file:
            known.append(snapshot.read_meta(file.fileno(), file=path, way_out=""))
    return max(known, key=lambda counters: counters["sequence"])


class Sources:
    """The open files that documents are read from."""

    def __init__(self, paths: Paths) -> None:
        self._fds: dict[int, int] = {}
        self._paths = {
            SNAPSHOT: paths.snapshot,
            JOURNAL: paths.journal,
            JOURNAL_BAK: paths.journal_bak,
        }

    def __getitem__(self, source: int) -> int:
        return self._fds[source]

    def __contains__(self, source: int) -> bool:
        return source in self._fds

    def open(self, source: int, flags: int) -> bool:
        """Open one anew; tell whether it exists."""
        self.close(source)
        try:
            self._fds[source] = os.open(self._paths[source], flags | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        return True

    def read(self, place: Place) -> bytes:
        """Return the bytes of one document."""
        return read_range(self._fds[place.source], place.offset, place.length)

    def reader(self) -> Callable[[Place], bytes]:
        """Return a `read` that is fast for documents which follow one another."""
        blocks: dict[int, tuple[int, bytes]] = {}

        def read(place: Place) -> bytes:
            start, block = blocks.get(place.source, (0, b""))
            at = place.offset - start
            if at < 0 or at + place.length > len(block):
                size = max(place.length, _AHEAD_BYTES)
                block = read_range(self._fds[place.source], place.offset, size)
                blocks[place.source] = place.offset, block
                at = 0
            return block[at : at + place.length]

        return read

    def size(self, source: int) -> int:
        """Return the present size of one."""
        return os.fstat(self._fds[source]).st_size

    def close(self, source: int | None = None) -> None:
        """Close one, or all."""
        for key in [source] if source is not None else list(self._fds):
            if (fd := self._fds.pop(key, None)) is not None:
                os.close(fd)


def load(paths: Paths, sources: Sources) -> tuple[Index, dict[str, Any]]:
    """Build the index from the open snapshot; return it with the description.

    Raises:
        StateError: A newer version wrote the files.
        DamagedError: They are damaged or do not belong together.
    """
    fd = sources[SNAPSHOT]
    meta = snapshot.read_meta(fd, file=paths.snapshot, way_out=way_out(paths))
    with heads.collector_paused():
        sidecar = heads.read_sidecar(paths.heads)
        if sidecar is None or sidecar[0].fingerprint != snapshot.fingerprint(meta):
            sidecar = None
            snapshot.verify(fd, meta, file=paths.snapshot, way_out=way_out(paths))
        base = _open_journal(paths, sources, meta)
        if sidecar is not None and sidecar[0].journal_base == base:
            index = _from_sidecar(paths, sources, *sidecar)
        else:
            index = _from_snapshot(fd, meta)
            index.journal_base = base
            _replay_previous(paths, sources, index)
        replay(paths, sources, index)
    return index, meta


def refuse_remains(paths: Paths) -> None:
    """Refuse a store whose snapshot is gone: it is no new one.

    Raises:
        DamagedError: Other files of it are there.
    """
    for path in (paths.journal, paths.snapshot_bak):
        if path.exists():
            raise DamagedError(
                f"{paths.snapshot} is missing but {path} is there; {way_out(paths)}"
            )


def replay(
    paths: Paths, sources: Sources, index: Index, *, source: int = JOURNAL
) -> None:
    """Take over the commits that a journal holds beyond what is known.

    Raises:
        DamagedError: The journal is damaged, or a commit is missing.
    """
    if source not in sources:
        return
    start = index.journal_end if source == JOURNAL else 0
    data = read_range(sources[source], start, sources.size(source) - start)
    file = paths.journal if source == JOURNAL else paths.journal_bak
    for frame in journal.frames(
        data, at=start, file=file, way_out=way_out_of_journal(paths)
    ):
        _take(index, frame, source=source, paths=paths)
        if source == JOURNAL:
            index.journal_end = frame.end


def read_actions(
    paths: Paths, sources: Sources, index: Index, meta: dict[str, Any]
) -> dict[str, Place]:
    """Find the whole action log, oldest first."""
    found = _snapshot_actions(sources[SNAPSHOT], meta)
    if JOURNAL not in sources:
        return found
    data = read_range(sources[JOURNAL], 0, index.journal_end)
    for frame in journal.frames(
        data, at=0, file=paths.journal, way_out=way_out_of_journal(paths)
    ):
        if frame.head.get("sequence", 0) > meta["sequence"]:
            found.update(_frame_actions(frame))
    return found


def _open_journal(paths: Paths, sources: Sources, meta: dict[str, Any]) -> int:
    """Open the journal if it is this snapshot's; return its base, -1 without one."""
    if not sources.open(JOURNAL, os.O_RDONLY):
        return -1
    head = _journal_header(paths, sources, JOURNAL)
    snapshot.refuse_newer(int(head["journal"]), file=str(paths.journal))
    if head["lineage"] == meta["lineage"]:
        return int(head["base"])
    sources.close(JOURNAL)
    if head["lineage"] == meta.get("replaces"):
        return -1  # a restore was killed before it put this journal aside
    raise DamagedError(
        f"{paths.journal} belongs to another store (lineage {head['lineage']}) than "
        f"{paths.snapshot} ({meta['lineage']}); {way_out_of_journal(paths)}"
    )


def _journal_header(paths: Paths, sources: Sources, source: int) -> dict[str, Any]:
    data = read_range(sources[source], 0, _HEADER_BYTES)
    file = paths.journal if source == JOURNAL else paths.journal_bak
    hint = way_out_of_journal(paths)
    first = next(journal.frames(data, at=0, file=file, way_out=hint), None)
    if first is None or "journal" not in first.head:
        raise DamagedError(f"{file} is damaged at byte 0: no journal header; {hint}")
    return first.head


def _from_sidecar(
    paths: Paths, sources: Sources, stamp: heads.Stamp, rows: list[heads.Row]
) -> Index:
    size = sources.size(JOURNAL) if JOURNAL in sources else 0
    if size < stamp.journal_end:
        raise DamagedError(
            f"{paths.journal} has {size} bytes, {stamp.journal_end} were written: "
            f"commits are lost; {_RESTORE}; or accept the loss: rm {paths.heads}"
        )
    return Index(
        lineage=stamp.lineage,
        serial=stamp.serial,
        sequence=stamp.sequence,
        next_action=stamp.next_action,
        rows={row[heads.NAME]: row for row in rows},
        journal_base=stamp.journal_base,
        journal_end=stamp.journal_end,
    )


def _from_snapshot(fd: int, meta: dict[str, Any]) -> Index:
    rows = {}
    for line in snapshot.lines(fd, start=snapshot.records_at()):
        head = head_of(codec.from_json(Record, line.data))
        place = (SNAPSHOT, line.offset, len(line.data), crc32(line.data))
        rows[head.name] = heads.row_of(head) + place
    return Index(
        lineage=meta["lineage"],
        serial=meta["serial"],
        sequence=meta["sequence"],
        next_action=meta["next_action"],
        rows=rows,
        actions=_snapshot_actions(fd, meta),
        uncovered=NEVER_SAVED,
    )


def _snapshot_actions(fd: int, meta: dict[str, Any]) -> dict[str, Place]:
    return {
        line.id: Place(SNAPSHOT, line.offset, len(line.data))
        for line in snapshot.lines(fd, start=meta["actions_at"])
    }


def _frame_actions(frame: journal.Frame) -> Iterator[tuple[str, Place]]:
    offset = frame.body + sum(change[-2] + 1 for change in frame.head["put"])
    for doc_id, length in frame.head["actions"]:
        yield doc_id, Place(JOURNAL, offset, length)
        offset += length + 1


def _replay_previous(paths: Paths, sources: Sources, index: Index) -> None:
    """Bridge the gap to the journal, after an older snapshot was put back."""
    if 0 <= index.journal_base <= index.sequence:
        return
    if not sources.open(JOURNAL_BAK, os.O_RDONLY):
        return
    header = _journal_header(paths, sources, JOURNAL_BAK)
    if header["lineage"] == index.lineage:
        replay(paths, sources, index, source=JOURNAL_BAK)
    else:
        sources.close(JOURNAL_BAK)


def _take(index: Index, frame: journal.Frame, *, source: int, paths: Paths) -> None:
    if "journal" in frame.head:
        _refuse_gap(index, int(frame.head["base"]), source=source, paths=paths)
        return
    sequence = frame.head["sequence"]
    if sequence <= index.sequence:
        return
    _refuse_gap(index, sequence - 1, source=source, paths=paths)
    index.apply(frame, source=source)


def _refuse_gap(index: Index, after: int, *, source: int, paths: Paths) -> None:
    if after > index.sequence:
        file = paths.journal if source == JOURNAL else paths.journal_bak
        raise DamagedError(
            f"{file} continues after commit {after}, but {paths.snapshot} "
            f"and what follows it end with commit {index.sequence}; {_RESTORE}"
        )
