"""Any sequence of calls, closing, killing and folding leaves what a dict would."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.core.errors import StaleError
from reconciler.core.record import Commit, head_of
from tests.adapters.stores.builders import FakeClock, action, record, rejected_record

NAMES = st.sampled_from(["a", "b", "c-ü", "d"])
MAKERS = st.sampled_from([record, rejected_record])


class AgainstADict(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "state.json"
        self.stores = [self.opened(), self.opened()]
        self.records, self.actions = {}, []
        self.serial = self.sequence = 0
        self.saved = None

    def opened(self):
        return TinyDBStore(self.path, now=FakeClock().now, fold_floor_bytes=4_000)

    def teardown(self):
        for store in self.stores:
            store.close()
        self.folder.cleanup()

    @rule(
        which=st.integers(0, 1),
        make=MAKERS,
        put=st.sets(NAMES),
        remove=st.sets(NAMES),
        lines=st.integers(0, 2),
        desired=st.booleans(),
    )
    def commit(self, which, make, put, remove, lines, desired):
        written = [make(name, provider=f"p{self.sequence}") for name in sorted(put)]
        noted = [action("a", f"{self.sequence}.{line}") for line in range(lines)]
        removed = tuple(remove - put)
        self.stores[which].commit(
            Commit(
                put=tuple(written),
                remove=removed,
                actions=tuple(noted),
                expected={name: self.version(name) for name in put | remove},
                desired=desired,
            )
        )
        for each in written:
            versioned = replace(each, version=self.version(each.name) + 1)
            self.records[each.name] = versioned
        for name in removed:
            self.records.pop(name, None)
        self.actions += noted
        self.serial += desired
        self.sequence += 1

    @rule(which=st.integers(0, 1), name=NAMES, ahead=st.integers(1, 3))
    def commit_stale(self, which, name, ahead):
        wrong = {name: self.version(name) + ahead}
        try:
            self.stores[which].commit(Commit(put=(record(name),), expected=wrong))
        except StaleError:
            return
        raise AssertionError("a stale commit was accepted")

    @rule(which=st.integers(0, 1))
    def compact(self, which):
        self.stores[which].compact()

    @rule(which=st.integers(0, 1), kindly=st.booleans())
    def reopen(self, which, kindly):
        if kindly:
            self.stores[which].close()
        self.stores[which] = self.opened()

    @rule()
    def lose_the_sidecar(self):
        self.path.with_name("state.json.heads").unlink(missing_ok=True)

    @rule()
    def tear(self):
        journal = self.path.with_name("state.json.journal")
        if journal.exists():
            with journal.open("ab") as file:
                file.write(b'%R1 00000000 300\n{"sequence":')

    @rule(which=st.integers(0, 1))
    def back_up(self, which):
        if self.sequence:
            kept = dict(self.records), list(self.actions)
            self.saved = self.stores[which].backup(), kept

    @rule(which=st.integers(0, 1))
    def restore(self, which):
        if self.saved:
            data, (records, actions) = self.saved
            info = self.stores[which].restore(data)
            assert (info.serial, info.sequence) > (self.serial, self.sequence)
            self.records, self.actions = dict(records), list(actions)
            self.serial, self.sequence = info.serial, info.sequence

    @invariant()
    def both_equal_the_dict(self):
        expected = [self.records[name] for name in sorted(self.records)]
        for store in self.stores:
            info = store.info()
            assert (info.serial, info.sequence) == (self.serial, self.sequence)
            assert info.records == len(expected)
            assert list(store.scan()) == expected
            assert store.heads() == {each.name: head_of(each) for each in expected}
            assert list(store.actions(limit=10**6)) == self.actions[::-1]

    def version(self, name):
        return self.records[name].version if name in self.records else 0


TestAgainstADict = AgainstADict.TestCase
TestAgainstADict.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
