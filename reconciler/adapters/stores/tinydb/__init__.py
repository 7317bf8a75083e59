"""The embedded store: TinyDB's API on durable storage of our own.

TinyDB's own file storage overwrites its file in place, so a crash loses it; its
cache loses what was not flushed; each write rewrites everything. Here a commit
appends one framed record to a journal and waits for the disk (0.3 ms whatever
the number of records), and now and then the journal is folded into a snapshot,
which stock TinyDB can read.

Read `disk.py` first: it ties the files together. `files` knows their names and
locks them, `journal`, `snapshot` and `heads` each know one format, `storage`
and `table` are what TinyDB sees, `lock` is the operation lock, `backup` the
portable form, and `store` what the rest of the program sees.
"""

from __future__ import annotations

from reconciler.adapters.stores.tinydb.store import TinyDBStore, open_tinydb

__all__ = ["TinyDBStore", "open_tinydb"]
