"""Commit one result among many records: our store against SQLite, in one run.

Run it as `python benchmarks/commit_one_of_100k.py [RECORDS] [PAIRS]`. The two take
turns, so that a busy machine slows both; quote the ratio, not the milliseconds.
"""

from __future__ import annotations

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.core import codec
from reconciler.core.record import (
    Action,
    ActionName,
    Attempt,
    Commit,
    Deployed,
    Record,
    Result,
    Status,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DOCUMENT_BYTES = 960
ROUND = 200
HEADS_RECORDS = 10_000


def make_record(number: int) -> Record:
    revision = f"{number:064x}"
    text = "x" * DOCUMENT_BYTES
    file = f"connections.d/c{number:06}.yaml"
    return Record(
        name=f"c{number:06}",
        type="ccxt_crypto",
        provider="binance",
        owner="admin",
        managed_by="bench",
        status=Status.ACTIVE,
        created_at=NOW,
        updated_at=NOW,
        active=Deployed(revision=revision, text=text, file=file, commit=None, at=NOW),
        attempted=Attempt(
            revision=revision, result=Result.APPLIED, file=file, commit=None, at=NOW
        ),
    )


def make_action(record: Record) -> Action:
    return Action(
        at=NOW,
        name=record.name,
        action=ActionName.TEST,
        result=Result.APPLIED,
        who="bench",
    )


def fill_ours(folder: Path, count: int) -> None:
    store = TinyDBStore(folder / "state.json", now=lambda: NOW)
    for start in range(0, count, 10_000):
        batch = range(start, min(count, start + 10_000))
        store.commit(Commit(put=tuple(make_record(n) for n in batch)))
    store.close()


def fill_sqlite(folder: Path, count: int) -> None:
    with sqlite(folder) as db:
        db.execute("create table records(name primary key, revision, document)")
        db.execute("create table actions(id integer primary key, document)")
        records = (make_record(n) for n in range(count))
        rows = ((r.name, r.active.revision, codec.to_json(r)) for r in records)
        db.executemany("insert into records values(?, ?, ?)", rows)
        db.commit()


@contextmanager
def sqlite(folder: Path) -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(folder / "state.sqlite")
    db.execute("pragma journal_mode=wal")
    db.execute("pragma synchronous=full")
    try:
        yield db
    finally:
        db.close()


def commit_ours(store: TinyDBStore, record: Record) -> None:
    store.commit(
        Commit(put=(record,), actions=(make_action(record),)),
    )


def commit_sqlite(db: sqlite3.Connection, record: Record) -> None:
    row = (record.active.revision, codec.to_json(record), record.name)
    with db:
        db.execute("update records set revision=?, document=? where name=?", row)
        action = codec.to_json(make_action(record))
        db.execute("insert into actions(document) values(?)", (action,))


def median_ms(commit: Callable[[Record], None], count: int, seed: int) -> float:
    times = []
    for turn in range(ROUND):
        record = make_record((seed * 7919 + turn * 104_729) % count)
        started = time.perf_counter()
        commit(record)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def timed_ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def compare_commits(folder: Path, count: int, pairs: int) -> None:
    store = TinyDBStore(folder / "state.json", now=lambda: NOW)
    print(f"open and heads of {count:,} records: {timed_ms(store.heads):.0f} ms")
    ratios = []
    with sqlite(folder) as db:
        commit_ours(store, make_record(0))
        for pair in range(pairs):
            ours = median_ms(lambda r: commit_ours(store, r), count, pair)
            theirs = median_ms(lambda r: commit_sqlite(db, r), count, pair)
            ratios.append(ours / theirs)
            print(f"  ours {ours:.3f} ms  sqlite {theirs:.3f} ms  x{ratios[-1]:.2f}")
    print(f"commit one of {count:,}: x{statistics.median(ratios):.2f} (target 2)")
    print(f"compact {count:,}: {timed_ms(store.compact):.0f} ms")
    store.close()


OURS = """
import sys, time
from datetime import datetime, UTC
from pathlib import Path
started = time.perf_counter()
from reconciler.adapters.stores import open_store
imported = time.perf_counter()
store = open_store("tinydb:state.json", base=Path(sys.argv[1]), now=datetime.now)
heads = store.heads()
print(time.perf_counter() - imported, imported - started, len(heads))
assert "tinydb" not in sys.modules and "pydantic" not in sys.modules
"""
THEIRS = """
import sys, time
started = time.perf_counter()
import sqlite3
imported = time.perf_counter()
db = sqlite3.connect(sys.argv[1] + "/state.sqlite")
heads = dict(db.execute("select name, revision from records"))
print(time.perf_counter() - imported, imported - started, len(heads))
"""


def compare_heads(folder: Path, pairs: int) -> None:
    reads = []
    for _ in range(pairs):
        ours, theirs = (run(code, folder) for code in (OURS, THEIRS))
        reads.append((ours[0], theirs[0], sum(ours) - sum(theirs)))
        print(f"  ours {ours[0]:.1f} ms  sqlite {theirs[0]:.1f} ms")
    ratio = statistics.median(ours / theirs for ours, theirs, _ in reads)
    print(f"heads of {HEADS_RECORDS:,}, fresh process: x{ratio:.2f}")
    extra = statistics.median(extra for _, _, extra in reads)
    print(f"  with imports {extra:+.0f} ms over sqlite's")


def run(code: str, folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took_s, imports_s, _ = done.stdout.split()
    return float(took_s) * 1000, float(imports_s) * 1000


def main(count: int = 100_000, pairs: int = 7) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for total in (count, HEADS_RECORDS):
            place = folder / str(total)
            place.mkdir()
            fill_ours(place, total)
            fill_sqlite(place, total)
            if total == count:
                compare_commits(place, total, pairs)
        compare_heads(folder / str(HEADS_RECORDS), pairs)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
