"""The embedded store does what every store must; with folding at every turn too."""

from __future__ import annotations

import pytest

from reconciler.adapters.stores.tinydb import TinyDBStore
from tests.adapters.stores.conformance import StoreConformance

OPENER = """
from datetime import datetime, UTC
from pathlib import Path
from reconciler.adapters.stores.tinydb import TinyDBStore
store = TinyDBStore(
    Path({path!r}), now=lambda: datetime.now(UTC), fold_floor_bytes={floor}
)
"""


class TestTinyDB(StoreConformance):
    floor = 1 << 20

    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "state" / "state.json"

    @pytest.fixture
    def open_store(self, path):
        opened = []

        def open_one(clock):
            opened.append(
                TinyDBStore(
                    path, now=clock.now, sleep=clock.sleep, fold_floor_bytes=self.floor
                )
            )
            return opened[-1]

        yield open_one
        for store in opened:
            store.close()

    @pytest.fixture
    def opener(self, path):
        return OPENER.format(path=str(path), floor=self.floor)


class TestTinyDBThatFoldsAllTheTime(TestTinyDB):
    floor = 0

    # Folding has no part in the lock; a race is slow to start.
    test_of_four_processes_one_gets_the_lock = None
