"""What every state store must do. A store's own test module subclasses this.

The subclass provides the fixture `open_store`, a function that opens the *same*
store anew each time it is called, with a given clock, and `opener`, Python source
that does the same in another process (it defines `store`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from reconciler.core.connection import OnRemove
from reconciler.core.errors import LockedError, StaleError, StateError
from reconciler.core.record import Commit, head_of
from tests.adapters.stores.builders import FakeClock, action, record, rejected_record

RACERS = 4


class StoreConformance:
    @pytest.fixture
    def clock(self):
        return FakeClock()

    @pytest.fixture
    def store(self, open_store, clock):
        store = open_store(clock)
        yield store
        store.close()

    def test_a_new_store_is_empty_and_has_no_lineage(self, store):
        info = store.info()

        assert (info.records, info.serial, info.sequence) == (0, 0, 0)
        assert info.lineage == ""
        assert (dict(store.heads()), store.scan(), store.actions()) == ({}, (), ())
        assert store.get("a") is None
        assert store.lock_info() is None

    def test_a_record_comes_back_as_it_was(self, store, open_store, clock):
        store.commit(Commit(put=(rejected_record("a"),)))

        assert store.get("a") == rejected_record("a", version=1)
        store.close()
        assert open_store(clock).get("a") == rejected_record("a", version=1)

    def test_a_returned_record_is_no_alias(self, store):
        store.commit(Commit(put=(rejected_record("a"),)))

        store.get("a").labels["desk"] = "changed"
        store.scan()[0].labels["desk"] = "changed"

        assert store.get("a").labels["desk"] == "spot"

    def test_the_given_record_may_change_afterwards(self, store):
        labels = {"desk": "spot"}
        store.commit(Commit(put=(record("a", labels=labels),)))

        labels["desk"] = "changed"

        assert store.get("a").labels == {"desk": "spot"}

    def test_each_put_raises_the_version(self, store):
        for _ in range(3):
            store.commit(Commit(put=(record("a", version=40),)))

        assert store.get("a").version == 3

    def test_the_expected_version_is_checked(self, store):
        store.commit(Commit(put=(record("a"),), expected={"a": 0}))
        store.commit(Commit(put=(record("a"),), expected={"a": 1}))

        with pytest.raises(StaleError, match=r"'a' is at version 2.*1 was"):
            store.commit(Commit(put=(record("a"),), expected={"a": 1}))
        with pytest.raises(StaleError):
            store.commit(Commit(put=(record("b"),), expected={"b": 4}))

    def test_expecting_absence_refuses_a_record_that_is_there(self, store):
        store.commit(Commit(put=(record("a"),)))

        with pytest.raises(StaleError):
            store.commit(Commit(put=(record("a"),), expected={"a": 0}))

    def test_a_refused_commit_changes_nothing(self, store):
        before = store.commit(Commit(put=(record("a"), record("c"))))

        stale = Commit(
            put=(record("a"), record("b")),
            remove=("c",),
            actions=(action("a"),),
            expected={"b": 1},
            desired=True,
        )
        with pytest.raises(StaleError):
            store.commit(stale)

        assert store.info() == before
        assert [found.name for found in store.scan()] == ["a", "c"]
        assert store.get("a").version == 1
        assert store.actions() == ()

    def test_expected_may_name_records_that_are_not_written(self, store):
        store.commit(Commit(put=(record("a"),)))

        with pytest.raises(StaleError):
            store.commit(Commit(put=(record("b"),), expected={"a": 2}))

    def test_one_commit_cannot_name_a_record_twice(self, store):
        with pytest.raises(ValueError, match="twice"):
            store.commit(Commit(put=(record("a"), record("a"))))
        with pytest.raises(ValueError, match="twice"):
            store.commit(Commit(put=(record("a"),), remove=("a",)))

        assert store.info().records == 0

    def test_the_serial_follows_desired_state_the_sequence_every_commit(self, store):
        first = store.commit(Commit(put=(record("a"),), desired=True))
        second = store.commit(Commit(put=(record("a"),)))
        third = store.commit(Commit(actions=(action("a"),)))

        assert (first.serial, second.serial, third.serial) == (1, 1, 1)
        assert (first.sequence, second.sequence, third.sequence) == (1, 2, 3)

    def test_the_lineage_is_made_once(self, store, open_store, clock):
        lineage = store.commit(Commit()).lineage

        assert len(lineage) == 36
        assert open_store(clock).commit(Commit()).lineage == lineage

    def test_removing_is_final_and_removing_nothing_is_no_error(self, store):
        store.commit(Commit(put=(record("a"), record("b"))))

        info = store.commit(Commit(remove=("a", "zz", "a"), expected={"a": 1}))

        assert info.records == 1
        assert store.get("a") is None
        assert set(store.heads()) == {"b"}

    def test_a_record_under_a_new_name_is_one_commit(self, store, open_store, clock):
        store.commit(Commit(put=(rejected_record("a"),)))
        (old,) = store.scan()
        new = replace(old, name="b")

        with pytest.raises(StaleError):
            store.commit(Commit(put=(new,), remove=("a",), expected={"a": 7, "b": 0}))
        store.commit(Commit(put=(new,), remove=("a",), expected={"a": 1, "b": 0}))

        store.close()
        assert list(open_store(clock).scan()) == [new]

    def test_heads_are_those_of_the_records(self, store, open_store, clock):
        orphan = record("c", on_remove=OnRemove.ORPHAN, orphaned=True)
        store.commit(Commit(put=(record("a"), rejected_record("b"), orphan)))
        store.commit(Commit(put=(replace(rejected_record("b"), protected=False),)))

        expected = {found.name: head_of(found) for found in store.scan()}
        assert store.heads() == expected
        store.close()
        assert open_store(clock).heads() == expected

    def test_heads_are_a_snapshot(self, store):
        store.commit(Commit(put=(record("a"),)))
        heads = store.heads()

        store.commit(Commit(remove=("a",)))

        assert set(heads) == {"a"}

    def test_scan_pages_through_all_records_by_name(self, store):
        names = [f"c{number:02}" for number in range(25)]
        store.commit(Commit(put=tuple(record(name) for name in reversed(names))))

        found, after = [], ""
        while page := store.scan(after=after, limit=10):
            assert len(page) <= 10
            found += [each.name for each in page]
            after = found[-1]

        assert found == names
        assert store.scan(limit=0) == ()

    def test_the_action_log_is_newest_first(self, store):
        store.commit(Commit(actions=(action("a", "1"), action("b", "2"))))
        store.commit(Commit(actions=(action("a", "3"),)))

        assert [line.detail for line in store.actions()] == ["3", "2", "1"]
        assert [line.detail for line in store.actions("a")] == ["3", "1"]
        assert [line.detail for line in store.actions("a", limit=1)] == ["3"]
        assert store.actions("zz") == ()

    def test_the_action_log_outlives_the_record(self, store, open_store, clock):
        store.commit(Commit(put=(record("a"),), actions=(action("a", "made"),)))
        store.commit(Commit(remove=("a",)))
        store.close()

        assert open_store(clock).actions("a") == (action("a", "made"),)

    def test_two_handles_see_each_other(self, store, open_store, clock):
        other = open_store(clock)
        store.commit(Commit(put=(record("a"),)))
        other.commit(Commit(put=(record("a"),), actions=(action("a"),)))

        assert store.get("a").version == other.get("a").version == 2
        assert store.info() == other.info()
        assert store.heads() == other.heads()
        assert store.actions() == other.actions()

    def test_threads_share_a_store(self, store):
        def work():
            for _ in range(10):
                store.commit(Commit(put=(record("a"),)))

        threads = [threading.Thread(target=work) for _ in range(RACERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert store.get("a").version == 10 * RACERS

    def test_the_lock_tells_who_holds_it(self, store, clock):
        with store.lock(operation="apply", who="alice", lease_s=30) as held:
            assert store.lock_info() == held
            assert (held.operation, held.who) == ("apply", "alice")
            assert held.created_at == clock.at
            assert (held.expires_at - held.created_at).total_seconds() == 30

        assert store.lock_info() is None

    def test_a_second_holder_is_refused_and_told_how_to_get_out(
        self, store, open_store, clock
    ):
        other = open_store(clock)
        with store.lock(operation="apply", who="alice") as held:
            bobs = other.lock(operation="apply", who="bob")
            with pytest.raises(LockedError) as refused:
                bobs.__enter__()

        text = str(refused.value)
        for part in ("alice", "apply", "2026-03-04", held.id):
            assert part in text
        assert f"reconcile state unlock {held.id}" in text

    def test_waiting_for_the_lock_backs_off(self, store, open_store, clock):
        other = open_store(clock)
        with store.lock(operation="apply", who="alice", lease_s=600):
            bobs = other.lock(operation="test", who="bob", timeout_s=40)
            with pytest.raises(LockedError) as refused:
                bobs.__enter__()

        assert "waited 40 s" in str(refused.value)
        assert clock.slept == [1, 2, 4, 8, 16, 9]

    def test_a_waiter_gets_a_lock_that_expires(self, store, open_store, clock):
        other = open_store(clock)
        dead = store.lock(operation="apply", who="dead", lease_s=2)
        dead.__enter__()

        with other.lock(operation="apply", who="bob", timeout_s=60) as held:
            assert other.lock_info() == held

        assert clock.slept == [1, 2]
        dead.__exit__(None, None, None)

    def test_the_lock_is_released_after_an_error(self, store):
        held = store.lock(operation="apply", who="alice")
        with pytest.raises(KeyboardInterrupt), held:
            raise KeyboardInterrupt

        assert store.lock_info() is None

    def test_the_lock_is_renewed_while_held(self, store, clock):
        with store.lock(operation="apply", who="alice", lease_s=0.06) as held:
            clock.at = held.expires_at
            renewed = self.wait_for(store.lock_info)

        assert renewed.id == held.id
        assert renewed.expires_at > held.expires_at

    def test_unlock_needs_the_exact_id(self, store, open_store, clock):
        with store.lock(operation="apply", who="alice") as held:
            with pytest.raises(StateError, match=held.id):
                open_store(clock).unlock("another")
            assert store.lock_info() == held
            open_store(clock).unlock(held.id)
            assert store.lock_info() is None

        with pytest.raises(StateError, match="not locked"):
            store.unlock(held.id)

    def test_releasing_leaves_a_successors_lock(self, store, open_store, clock):
        other = open_store(clock)
        with store.lock(operation="apply", who="alice") as held:
            other.unlock(held.id)
            bobs = other.lock(operation="apply", who="bob")
            successor = bobs.__enter__()

        assert store.lock_info() == successor
        bobs.__exit__(None, None, None)

    def test_a_commit_under_a_held_lock_is_written(self, store):
        with store.lock(operation="apply", who="alice") as held:
            info = store.commit(Commit(put=(record("a"),)), lock_id=held.id)

        assert info.records == 1

    def test_a_commit_under_a_lost_lock_is_refused(self, store, open_store, clock):
        other = open_store(clock)
        with store.lock(operation="apply", who="alice", lease_s=600) as held:
            other.unlock(held.id)
            with pytest.raises(StaleError, match="no longer holds"):
                store.commit(Commit(put=(record("a"),)), lock_id=held.id)
            bobs = other.lock(operation="apply", who="bob")
            with bobs, pytest.raises(StaleError, match="bob"):
                store.commit(Commit(put=(record("a"),)), lock_id=held.id)

        assert store.info().records == 0

    def test_a_commit_after_the_lease_is_refused(self, store, clock):
        with store.lock(operation="apply", who="alice", lease_s=600) as held:
            clock.at = held.expires_at
            with pytest.raises(StaleError, match="expired"):
                store.commit(Commit(put=(record("a"),)), lock_id=held.id)

    def test_a_commit_without_a_lock_does_not_wait_for_one(self, store, open_store):
        with store.lock(operation="apply", who="alice"):
            assert store.commit(Commit(put=(record("a"),))).records == 1

    def test_a_backup_restores_everything(self, store):
        store.commit(Commit(put=(record("a"), rejected_record("b")), desired=True))
        before = store.commit(Commit(actions=(action("a", "1"), action("b", "2"))))
        data, records, actions = store.backup(), store.scan(), store.actions()
        store.commit(Commit(put=(record("a"), record("c")), remove=("b",)))

        info = store.restore(data)

        assert (store.scan(), store.actions()) == (records, actions)
        assert store.heads() == {found.name: head_of(found) for found in records}
        assert info.lineage == before.lineage
        assert info.serial > before.serial
        assert info.sequence > before.sequence + 1
        assert store.info() == info

    def test_a_restored_store_goes_on(self, store, open_store, clock):
        store.commit(Commit(put=(record("a"),), actions=(action("a", "1"),)))
        store.restore(store.backup())

        store.commit(Commit(put=(record("a"),), actions=(action("a", "2"),)))

        reopened = open_store(clock)
        assert reopened.get("a").version == 2
        assert [line.detail for line in reopened.actions()] == ["2", "1"]

    def test_a_backup_says_what_it_is(self, store):
        info = store.commit(Commit(put=(record("a"),), actions=(action("a"),)))

        data = json.loads(store.backup())

        assert data["kind"] == "reconcile-state-backup"
        assert data["format_version"] == 1
        assert (data["lineage"], data["serial"]) == (info.lineage, info.serial)
        assert [found["name"] for found in data["records"]] == ["a"]
        assert len(data["actions"]) == 1

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"kind": "other"}, "not a backup"),
            ({"format_version": 99}, "version 99.*up to 1"),
            ({"lineage": None}, "'lineage'"),
            ({"records": [{"name": "a"}]}, "record 1"),
            ({"actions": [{}]}, "action 1"),
        ],
    )
    def test_a_bad_backup_replaces_nothing(self, store, change, why):
        before = store.commit(Commit(put=(record("a"),), actions=(action("a"),)))
        data = json.loads(store.backup())

        with pytest.raises(StateError, match=why):
            store.restore(json.dumps(data | change).encode())
        with pytest.raises(StateError, match="cut off"):
            store.restore(store.backup()[:-20])
        twice = {"records": data["records"] * 2}
        with pytest.raises(StateError, match="twice"):
            store.restore(json.dumps(data | twice).encode())

        assert store.info() == before

    def test_four_processes_lose_no_update(self, store, opener):
        code = """
for turn in range(15):
    while True:
        found = store.get("shared")
        version = found.version if found else 0
        one = Commit(put=(record("shared"), record(f"{sys.argv[1]}-{turn}")),
                     actions=(action("shared", f"{sys.argv[1]}-{turn}"),),
                     expected={"shared": version})
        try:
            info = store.commit(one)
            break
        except StaleError:
            pass
print(info.lineage, flush=True)
"""
        assert set(self.race(opener, code)) == {store.info().lineage}
        assert store.get("shared").version == 15 * RACERS
        assert store.info().sequence == 15 * RACERS
        assert store.info().records == 15 * RACERS + 1
        details = [line.detail for line in store.actions(limit=1000)]
        assert len(set(details)) == len(details) == 15 * RACERS

    def test_of_four_processes_one_gets_the_lock(self, store, opener):
        code = """
try:
    held = store.lock(operation="apply", who=sys.argv[1])
    held.__enter__()
    print("got it", flush=True)
    sys.stdin.readline()  # comes when all have tried
    os._exit(0)  # without releasing
except LockedError:
    print("locked", flush=True)
"""
        assert sorted(self.race(opener, code)) == ["got it"] + ["locked"] * 3

    @staticmethod
    def race(opener, code):
        """Run `code` in four processes at the same moment; return a line of each.

        Who has said its line may wait for another: it comes when all have said theirs.
        """
        head = """
import os, sys, time
from reconciler.core.errors import LockedError, StaleError
from reconciler.core.record import Commit
from tests.adapters.stores.builders import action, record
"""
        # They wait for a line, so that none starts before all are loaded.
        start = 'print("ready", flush=True)\nsys.stdin.readline()\n'
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", head + opener + start + code, f"racer{number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(RACERS)
        ]
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            racer.stdin.write("\n")
            racer.stdin.flush()
        outputs = [racer.stdout.readline().strip() for racer in racers]
        for racer in racers:
            racer.communicate("\n", timeout=60)
            assert racer.returncode == 0
        return outputs

    @staticmethod
    def wait_for(probe):
        """Return what `probe` answers as soon as it answers something."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if found := probe():
                return found
            time.sleep(0.005)
        raise AssertionError("nothing came within 10 s")
