"""The pipeline's tests use a store in memory: it must do what the real one does."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.core.errors import StaleError
from reconciler.core.record import Commit
from tests.adapters.stores.builders import FakeClock, action, record
from tests.fakes import FakeStore

NAMES = st.sampled_from("abc")
COMMITS = st.builds(
    lambda put, remove, expected, desired: Commit(
        put=tuple(record(name, provider=str(number)) for name, number in put.items()),
        remove=tuple(name for name in remove if name not in put),
        actions=(action("a"),),
        expected=expected,
        desired=desired,
    ),
    st.dictionaries(NAMES, st.integers(0, 9), max_size=2),
    st.sets(NAMES, max_size=1),
    st.dictionaries(NAMES, st.integers(0, 2), max_size=2),
    st.booleans(),
)


def outcome_of(store, commit):
    try:
        info = store.commit(commit)
    except StaleError:
        return "stale"
    return info.serial, info.sequence, info.records


@given(commits=st.lists(COMMITS, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_fake_and_the_real_store_agree_on_every_commit(commits):
    with tempfile.TemporaryDirectory() as folder:
        real = TinyDBStore(Path(folder, "state.json"), now=FakeClock().now)
        fake = FakeStore()
        for commit in commits:
            assert outcome_of(fake, commit) == outcome_of(real, commit)
            assert dict(fake.heads()) == dict(real.heads())
            assert list(fake.scan()) == list(real.scan())
            assert list(fake.actions()) == list(real.actions())
        real.close()
