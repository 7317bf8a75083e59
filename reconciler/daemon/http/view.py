"""What there is to see: a row per connection in memory, kept up with the store.

The store tells by one number whether anything changed; only records that changed are
read again. Time alone changes health too, so all rows are judged anew now and then.
All of that happens in a thread of its own, and whoever asks meanwhile gets what was
there before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from reconciler.core.connectivity import Outage
from reconciler.core.errors import StateError
from reconciler.core.health import Health, Intent, Sync
from reconciler.core.ports import Clock, DesiredHead, DesiredSet, StateStore
from reconciler.core.query import Table
from reconciler.core.record import Record
from reconciler.core.renames import successors
from reconciler.core.run import Row, row_of
from reconciler.pipeline import all_records, is_known

CHECK_S: Final = 1.0
"""How long nobody asks the store again whether anything changed."""
JUDGE_S: Final = 15.0
"""How often health is judged anew although nothing changed."""
_SIGHTS_KEPT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen last: everything, and when all of it was judged.

    `sequence` is the store's. Rows of records that changed since were judged later.
    """

    at: datetime
    sequence: int
    table: Table = field(repr=False)
    records: Mapping[str, Record] = field(default_factory=dict, repr=False)
    desired: DesiredSet | None = field(default=None, repr=False)
    outage: Outage | None = None
    sights: dict[frozenset[str], Table] = field(default_factory=dict, repr=False)
    """Tables by owners, made when they are first asked for."""


class View:
    """The rows of all connections; may be asked by many at once.

    Args:
        store: Where the records are.
        clock: Says what time it is.
        executor: Runs what would hold up the loop.
        workspace: Whose records the files speak of, also by not naming them.
        desired: Returns what the files said when they were last read; None when they
            could not be read. Cheap, and called from the thread.
        outage: Returns that our own network is down, if it is; called on the loop.
    """

    def __init__(
        self,
        store: StateStore,
        clock: Clock,
        executor: Executor,
        *,
        workspace: str = "",
        desired: Callable[[], DesiredSet | None] = lambda: None,
        outage: Callable[[], Outage | None] = lambda: None,
    ) -> None:
        self._store, self._clock, self._executor = store, clock, executor
        self.workspace, self._desired = workspace, desired
        self._outage = outage
        self._seen: Seen | None = None
        self._checked_at: datetime | None = None
        self._refreshing = asyncio.Lock()
        self.error = ""
        """Why the store could not be read the last time; empty when it could."""

    async def seen(self, *, anew: bool = False) -> Seen:
        """Return what there is; `anew` takes in what was written until now.

        Raises:
            StateError: The store cannot be read, and never could.
        """
        if self._seen is not None and not anew and not self._is_due():
            return self._seen
        if self._seen is not None and not anew and self._refreshing.locked():
            return self._seen
        async with self._refreshing:
            if anew or self._seen is None or self._is_due():
                await self._refresh()
        if self._seen is None:
            raise StateError(self.error)
        return self._seen

    async def table(
        self, sees: frozenset[str] | None = None, *, anew: bool = False
    ) -> Table:
        """Return the rows of some owners' connections, None for everything."""
        seen = await self.seen(anew=anew)
        if sees is None:
            return seen.table
        if sees not in seen.sights:
            rows = [row for row in seen.table.rows if row.owner in sees]
            if len(seen.sights) >= _SIGHTS_KEPT:
                seen.sights.clear()
            seen.sights[sees] = Table(rows)
        return seen.sights[sees]

    def _is_due(self) -> bool:
        if self._checked_at is None:
            return True
        # A clock that was set back must not keep us from looking.
        passed = abs((self._clock.now() - self._checked_at).total_seconds())
        return passed >= CHECK_S

    async def _refresh(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._seen = await loop.run_in_executor(
                self._executor, self._look, self._outage()
            )
            self.error = ""
        except StateError as error:
            self.error = str(error)
        self._checked_at = self._clock.now()

    def _look(self, outage: Outage | None) -> Seen:
        """Return what there is now, reading no record twice that did not change."""
        before, now = self._seen, self._clock.now()
        desired = self._desired()
        sequence = self._store.info().sequence
        known = before.records if before else {}
        records = known
        if before is None or before.sequence != sequence:
            records = self._records(known)
        judge = _Judge(
            desired=desired, workspace=self.workspace, now=now, outage=outage
        )
        is_other = (
            before is None
            or before.desired is not desired
            or before.outage != outage
            or _is_old(before, now)
        )
        if before is None or is_other:
            rows, judged_at = judge.rows(records), now
        elif records is known:
            return before
        else:
            rows, judged_at = judge.rows_again(records, before), before.at
        return Seen(
            at=judged_at,
            sequence=sequence,
            table=Table(rows),
            records=records,
            desired=desired,
            outage=outage,
        )

    def _records(self, known: Mapping[str, Record]) -> Mapping[str, Record]:
        heads = self._store.heads()
        changed = [
            name
            for name, head in heads.items()
            if name not in known or known[name].version != head.version
        ]
        kept = {name: known[name] for name in heads if name in known}
        many = len(changed) > len(heads) // 2
        fresh = all_records(self._store) if many else map(self._store.get, changed)
        kept.update((record.name, _light(record)) for record in fresh if record)
        return kept


def _light(record: Record) -> Record:
    """Return a record without what no row needs: most of its size."""
    active = replace(record.active, text="") if record.active else None
    return replace(record, active=active, history=(), accepted=(), golden=())


def _is_old(seen: Seen, now: datetime) -> bool:
    # A clock that was set back must not keep us from judging either.
    return abs((now - seen.at).total_seconds()) >= JUDGE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Makes rows: what each record, and its file, amount to at this moment."""

    desired: DesiredSet | None
    workspace: str
    now: datetime
    outage: Outage | None

    def rows(self, records: Mapping[str, Record]) -> Iterator[Row]:
        """Yield every row."""
        heads = self._heads()
        for record in records.values():
            yield self._row(record, heads)
        yield from self._pending(records)

    def rows_again(self, records: Mapping[str, Record], before: Seen) -> Iterator[Row]:
        """Yield every row, made anew only where the record is another."""
        heads, rows = self._heads(), before.table.by_name
        for name, record in records.items():
            if record is before.records.get(name):
                yield rows[name]
            else:
                yield self._row(record, heads)
        yield from self._pending(records)

    def _heads(self) -> Mapping[str, DesiredHead]:
        return successors(self.desired) if self.desired else {}

    def _row(self, record: Record, heads: Mapping[str, DesiredHead]) -> Row:
        return row_of(
            record,
            desired=heads.get(record.name),
            known=is_known(record, self.desired, self.workspace),
            outcome=None,
            now=self.now,
            outage=self.outage,
        )

    def _pending(self, records: Mapping[str, Record]) -> Iterator[Row]:
        heads = self.desired.heads if self.desired else {}
        for name in heads.keys() - records.keys():
            yield _pending(heads[name])


def _pending(head: DesiredHead) -> Row:
    return Row(
        name=head.name,
        type="",
        provider=head.provider,
        owner=head.owner,
        intent=Intent.ACTIVE if head.active else Intent.INACTIVE,
        sync=Sync.PENDING,
        health=Health.UNKNOWN,
    )
