"""An operator takes a connection out of service, and puts it back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.errors import InputError, StaleError
from reconciler.core.health import Health, Intent, Sync, health_of, intent_of, sync_of
from reconciler.core.record import ActionName, Commit, Status, head_of, suspension_of
from reconciler.core.suspension import Suspension
from reconciler.suspending import COMMIT_TRIES, resume, suspend
from tests.core.test_plan import file_head
from tests.core.test_values import record_of
from tests.fakes import START, FakeStore, desired

HOUR = timedelta(hours=1)
INCIDENT = Suspension(who="alice", reason="incident 7", at=START, until=START + HOUR)


class BusyStore(FakeStore):
    """A store whose record a test moves just before every commit, `moves` times."""

    moves = 0

    def commit(self, commit, *, lock_id=None):
        if commit.expected and self.moves:
            self.moves -= 1
            super().commit(Commit(put=tuple(self.records.values())))
        return super().commit(commit, lock_id=lock_id)


@pytest.fixture
def store():
    made = BusyStore()
    made.commit(Commit(put=(record_of(),)))
    return made


def test_a_suspended_connection_keeps_what_was_active(store):
    before = store.get("a")

    after = suspend(store, "a", INCIDENT)

    assert (after.active, after.status) == (before.active, before.status)
    assert suspension_of(store.get("a"), now=START) == INCIDENT
    assert head_of(store.get("a")).suspended
    assert intent_of(after, now=START) is Intent.SUSPENDED
    assert health_of(after, now=START) is Health.INACTIVE


def test_a_suspension_ends_by_itself(store):
    record = suspend(store, "a", INCIDENT)

    assert suspension_of(record, now=START + HOUR) is None
    assert intent_of(record, now=START + HOUR) is Intent.ACTIVE
    assert health_of(record, now=START + HOUR) is Health.HEALTHY


def test_who_why_and_until_are_logged_and_kept_in_the_history(store):
    suspend(store, "a", INCIDENT)
    resume(store, "a", who="bob", now=START + HOUR / 2)

    resumed, suspended = store.actions("a", limit=2)

    assert (suspended.action, suspended.who) == (ActionName.SUSPEND, "alice")
    assert suspended.detail == "until 2026-01-01T01:00:00Z: incident 7"
    assert (resumed.action, resumed.who) == (ActionName.RESUME, "bob")
    assert resumed.detail.startswith(
        "was suspended by alice until 2026-01-01T01:00:00Z"
    )
    assert [one.action for one in store.get("a").history[-2:]] == [
        ActionName.SUSPEND,
        ActionName.RESUME,
    ]


def test_suspending_makes_no_saved_plan_stale(store):
    serial = store.info().serial

    suspend(store, "a", INCIDENT)

    assert store.info().serial == serial


def test_a_resumed_connection_is_as_it_was(store):
    before = store.get("a")
    suspend(store, "a", INCIDENT)

    after = resume(store, "a", who="bob", now=START)

    assert (after.active, after.status, after.suspension) == (
        before.active,
        before.status,
        None,
    )


@pytest.mark.parametrize("now", [START, START + 2 * HOUR])
def test_only_what_is_suspended_can_be_resumed(store, now):
    if now > START:
        suspend(store, "a", INCIDENT)

    with pytest.raises(InputError, match="'a' is not suspended"):
        resume(store, "a", who="bob", now=now)


def test_what_a_file_suspends_is_resumed_in_the_file(store):
    declared = Suspension(who="", reason="moves", at=START, declared=True)
    store.commit(Commit(put=(replace(record_of(), declared_suspension=declared),)))

    with pytest.raises(InputError, match="remove 'suspend' there"):
        resume(store, "a", who="bob", now=START)


def test_a_name_that_is_not_recorded_is_told(store):
    with pytest.raises(InputError, match="'b' is not recorded"):
        suspend(store, "b", INCIDENT)


def test_an_end_in_the_past_is_refused(store):
    with pytest.raises(InputError, match="a time that is over"):
        suspend(store, "a", replace(INCIDENT, until=START))


def test_a_record_that_moves_meanwhile_is_suspended_all_the_same(store):
    store.moves = COMMIT_TRIES - 1

    suspend(store, "a", INCIDENT)

    assert store.get("a").suspension == INCIDENT


def test_a_record_that_never_stands_still_is_told(store):
    store.moves = COMMIT_TRIES

    with pytest.raises(StaleError):
        suspend(store, "a", INCIDENT)


def test_what_its_file_suspended_is_wanted_again_when_that_has_ended():
    declared = Suspension(who="", reason="moves", until=START + HOUR, declared=True)
    record = replace(record_of(), status=Status.INACTIVE, declared_suspension=declared)
    same = file_head(desired("a").revision)

    def axes(now):
        return intent_of(record, now=now), sync_of(record, same, known=True, now=now)

    assert axes(START) == (Intent.SUSPENDED, Sync.IN_SYNC)
    assert axes(START + HOUR) == (Intent.ACTIVE, Sync.PENDING)
