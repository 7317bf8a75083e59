"""The store and the files as one login sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.errors import StateError
from reconciler.core.policy import Grant, Policy, User
from reconciler.core.record import Action, ActionName, Commit, Result
from reconciler.core.sight import sight_of
from reconciler.pipeline import all_records
from reconciler.seeing import SeenSource, SeenStore
from tests.core.test_values import record_of
from tests.fakes import START, FakeSource, FakeStore, desired

POLICY = Policy(
    admins=("anna",),
    users={"alice": User(logins=("al",))},
    owners={"user:alice": Grant(paths=("c/alice/**",))},
)
ALICE = sight_of(POLICY, "al")


def action(name, at=START):
    return Action(
        at=at, name=name, action=ActionName.TEST, result=Result.APPLIED, who="w"
    )


@pytest.fixture
def store():
    """Eight records in turns: `admin` has those with even numbers."""
    made = FakeStore()
    owners = ["admin", "user:alice"] * 4
    made.commit(
        Commit(
            put=tuple(
                replace(record_of(), name=f"n{at}", owner=owner)
                for at, owner in enumerate(owners)
            ),
            actions=tuple(action(f"n{at}") for at in range(8)),
        )
    )
    return made


def test_only_their_records_are_there(store):
    seen = SeenStore(store, ALICE)

    assert [one.name for one in all_records(seen)] == ["n1", "n3", "n5", "n7"]
    assert list(seen.heads()) == ["n1", "n3", "n5", "n7"]
    assert seen.info().records == 4
    assert (seen.get("n0"), seen.get("n1").name) == (None, "n1")


def test_a_page_is_as_long_as_asked_for(store):
    seen = SeenStore(store, ALICE)

    assert [one.name for one in seen.scan(limit=2)] == ["n1", "n3"]
    assert [one.name for one in seen.scan(after="n3", limit=9)] == ["n5", "n7"]


def test_the_log_is_read_further_until_enough_of_it_is_theirs(store):
    seen = SeenStore(store, ALICE)

    assert [one.name for one in seen.actions(limit=3)] == ["n7", "n5", "n3"]
    assert [one.name for one in seen.actions("n0")] == []
    assert len(seen.actions(limit=100)) == 4


def test_what_was_done_before_their_record_began_is_not_theirs(store):
    store.commit(Commit(actions=(action("n1", START - timedelta(days=1)),)))

    assert [one.at for one in SeenStore(store, ALICE).actions("n1")] == [START]


def test_an_admin_sees_the_store_as_it_is(store):
    seen = SeenStore(store, sight_of(POLICY, "anna"))

    assert list(all_records(seen)) == list(all_records(store))
    assert list(seen.actions()) == list(store.actions())


@pytest.mark.parametrize("call", ["commit", "lock", "unlock", "backup", "restore"])
def test_nothing_is_written_through_it(store, call):
    with pytest.raises(StateError, match="nothing is changed"):
        getattr(SeenStore(store, ALICE), call)()


def test_only_their_documents_are_there():
    documents = [desired("a"), desired("b", owner="user:alice", labels={"x": "y"})]
    seen = SeenSource(FakeSource.of(*documents), ALICE)

    found = seen.read()

    assert (list(found.heads), found.files) == (["b"], 1)
    assert seen.labels() == {"b": {"x": "y"}}
    assert seen.load("b") == documents[1]
    with pytest.raises(KeyError):
        seen.load("a")
