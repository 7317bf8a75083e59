"""How a record moves through tests and changes."""

from dataclasses import replace
from datetime import timedelta

from reconciler.core.diagnosis import Category
from reconciler.core.observing import observe
from reconciler.core.plan import ActionKind, Change
from reconciler.core.record import (
    EVENTS_KEPT,
    PASSES_KEPT,
    Result,
    Status,
)
from reconciler.core.settle import Context, settle, settle_test
from tests.fakes import START, desired, failed, passed

CONTEXT = Context(now=START, who="me@here", workspace="w", commit="c0ffee")


def change(action=ActionKind.CREATE, document=None, *, test=True, orphan=False):
    return Change(
        name="a",
        action=action,
        reason="because",
        after=document.revision if document else "",
        test=test,
        orphan=orphan,
    )


def created(verdict=None, document=None):
    document = document or desired("a")
    return settle(
        change(document=document),
        desired=document,
        record=None,
        verdict=verdict or passed(),
        context=CONTEXT,
    )


def updated(record, document, verdict):
    return settle(
        change(ActionKind.UPDATE, document, test=verdict is not None),
        desired=document,
        record=record,
        verdict=verdict,
        context=CONTEXT,
    )


def test_a_passed_test_makes_the_new_revision_active():
    settled = created()

    record = settled.record
    assert record.status is Status.ACTIVE
    assert record.active.revision == desired("a").revision
    assert (record.active.commit, record.generation) == ("c0ffee", 1)
    assert settled.outcome.result is Result.APPLIED
    assert settled.outcome.running


def test_a_first_revision_that_fails_leaves_an_error_and_nothing_active():
    settled = created(failed())

    assert settled.record.status is Status.ERROR
    assert settled.record.active is None
    assert settled.outcome.result is Result.REJECTED
    assert not settled.outcome.running


def test_a_rejected_update_keeps_the_last_good_revision_and_its_health():
    before = created().record

    settled = updated(before, desired("a", version="2"), failed())

    after = settled.record
    assert (after.active, after.status) == (before.active, Status.ACTIVE)
    assert (after.failures, after.last_test) == (before.failures, before.last_test)
    assert after.attempted.result is Result.REJECTED
    assert after.attempted.diagnosis.category is Category.TIMEOUT
    assert settled.outcome.running


def test_a_terminal_diagnosis_has_no_next_attempt():
    record = created(failed(Category.INVALID_CREDENTIALS)).record

    assert record.next_attempt_at is None


def test_waiting_grows_with_each_try_of_one_revision():
    document = desired("a")
    first = created(failed(), document).record
    second = updated(first, document, failed()).record
    other = updated(second, desired("a", version="2"), failed()).record

    waits = [r.next_attempt_at - START for r in (first, second, other)]
    assert waits == [timedelta(seconds=s) for s in (60, 120, 60)]
    assert [r.attempted.tries for r in (first, second, other)] == [1, 2, 1]


def test_a_test_of_what_runs_leaves_the_refused_revision_its_waiting_time():
    refused = updated(created().record, desired("a", version="2"), failed()).record

    passed_later = observe(refused, passed(), now=START + timedelta(seconds=5))
    failed_later = observe(refused, failed(), now=START + timedelta(seconds=5))

    assert refused.next_attempt_at == START + timedelta(seconds=60)
    assert passed_later.next_attempt_at == refused.next_attempt_at
    assert failed_later.next_attempt_at == refused.next_attempt_at


def test_a_change_that_needs_no_test_swaps_the_text_and_keeps_the_test():
    before = created().record
    document = desired("a", labels={"desk": "spot"})

    after = updated(before, document, None).record

    assert after.active.revision == document.revision
    assert after.last_test == before.last_test
    assert after.labels == {"desk": "spot"}


def test_a_lost_file_deactivates_and_keeps_the_record():
    before = created().record
    gone = change(ActionKind.DEACTIVATE, test=False, orphan=True)

    settled = settle(gone, desired=None, record=before, verdict=None, context=CONTEXT)

    assert settled.record.status is Status.INACTIVE
    assert settled.record.orphaned
    assert settled.record.active == before.active


def test_a_deleted_record_is_gone():
    gone = change(ActionKind.DELETE, test=False)

    settled = settle(
        gone, desired=None, record=created().record, verdict=None, context=CONTEXT
    )

    assert settled.record is None
    assert settled.actions[0].action == "delete"


def test_one_hiccup_does_not_drop_a_working_connection():
    record = observe(created().record, failed(), now=START)

    assert (record.status, record.failures) == (Status.ACTIVE, 1)


def test_three_failures_are_an_error_and_two_successes_bring_it_back():
    record = created().record
    seen = []
    for verdict in (failed(), failed(), failed(), passed(), passed()):
        record = observe(record, verdict, now=START)
        seen.append(record.status.value)

    assert seen == ["active", "active", "error", "error", "active"]
    assert record.failures == 0


def test_a_bad_key_is_an_error_at_once():
    verdict = failed(Category.INVALID_CREDENTIALS)

    record = observe(created().record, verdict, now=START)

    assert record.status is Status.ERROR
    assert record.next_attempt_at is None


def test_the_history_keeps_failures_longer_than_passing_tests():
    record = observed = created().record
    for verdict in (failed(), *[passed()] * (PASSES_KEPT + 5)):
        observed = settle_test(observed, verdict, context=CONTEXT).record

    results = [event.result for event in observed.history]
    assert observed.history[0] == record.history[0]
    assert results == [Result.APPLIED, Result.REJECTED, *[Result.APPLIED] * PASSES_KEPT]


def test_the_history_is_bounded():
    record = created().record
    for verdict in [passed(), failed()] * (EVENTS_KEPT + 5):
        record = settle_test(record, verdict, context=CONTEXT).record

    assert len(record.history) == PASSES_KEPT + EVENTS_KEPT


def test_adopting_takes_over_the_management_only():
    before = replace(created().record, managed_by="")
    document = desired("a")

    after = settle(
        change(ActionKind.ADOPT, document, test=False),
        desired=document,
        record=before,
        verdict=None,
        context=CONTEXT,
    ).record

    assert after.managed_by == "w"
    assert (after.active, after.status) == (before.active, before.status)
