"""Health is decided in one order; what we could not test is no news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.connection import HealthPolicy
from reconciler.core.diagnosis import KINDS, Category
from reconciler.core.health import Health, health_of
from reconciler.core.observing import observe
from reconciler.core.record import ActionName, Result
from reconciler.core.settle import Context, settle_test
from tests.fakes import START, failed, passed
from tests.records import running

HOUR = timedelta(hours=1)
OURS = sorted(category for category, kind in KINDS.items() if kind.ours)


def tested(record, *verdicts, at=START):  # noqa: PT028  # no test
    for verdict in verdicts:
        context = Context(now=at, who="me", workspace="w")
        record = settle_test(record, verdict, context=context).record
    return record


def health(record, after=timedelta()):
    return health_of(record, now=START + after)


@pytest.mark.parametrize("category", OURS)
def test_what_this_machine_cannot_test_is_unknown_and_no_failure(category):
    before = tested(running(), failed())

    after = tested(before, failed(category))

    assert health(after) is Health.UNKNOWN
    assert after.unable.diagnosis.category is category
    same = ("failures", "failing_since", "last_test", "status", "next_attempt_at")
    assert [getattr(after, name) for name in same] == [
        getattr(before, name) for name in same
    ]


def test_the_next_good_test_ends_the_unknown():
    record = tested(running(), failed(Category.OWN_NETWORK), passed())

    assert record.unable is None
    assert health(record) is Health.HEALTHY


def test_a_failure_of_the_connection_ends_the_unknown_too():
    record = tested(running(), failed(Category.OWN_NETWORK), failed())

    assert record.unable is None
    assert health(record) is Health.DEGRADED


def test_unknown_hides_an_error_while_it_lasts():
    broken = tested(running(), failed(Category.INVALID_CREDENTIALS))

    assert health(broken) is Health.ERROR
    assert health(tested(broken, failed(Category.NO_KEY))) is Health.UNKNOWN


def test_it_is_told_since_when_we_cannot_and_only_once():
    first = tested(running(), failed(Category.NO_KEY))
    again = tested(first, failed(Category.NO_KEY), at=START + HOUR)

    assert again is first
    lines = [(event.action, event.result) for event in first.history]
    assert lines == [(ActionName.TEST, Result.SKIPPED)]


def test_another_reason_is_told_of_anew():
    record = tested(running(), failed(Category.NO_KEY))
    record = tested(record, failed(Category.OWN_NETWORK), at=START + HOUR)

    assert record.unable.since == START + HOUR
    assert [event.category for event in record.history] == ["no_key", "own_network"]


def test_a_provider_that_asks_to_wait_says_until_when():
    record = tested(running(), failed(Category.POSTPONED, retry_after_s=600))

    assert record.unable.until == START + timedelta(minutes=10)


def test_time_without_a_network_counts_neither_as_up_nor_as_down():
    record = tested(running(), failed(Category.OWN_NETWORK))

    assert record.stats.up is None


def test_one_terminal_diagnosis_is_an_error_at_once():
    assert health(tested(running(), failed(Category.ACCOUNT_SUSPENDED))) is Health.ERROR


@pytest.mark.parametrize(("failures", "word"), [
    (1, Health.DEGRADED), (2, Health.DEGRADED), (3, Health.ERROR),
])  # fmt: skip
def test_the_threshold_decides_between_degraded_and_error(failures, word):
    assert health(tested(running(), *[failed()] * failures)) is word


def test_an_error_ends_only_after_two_successes():
    broken = tested(running(), failed(), failed(), failed())

    assert health(tested(broken, passed())) is Health.ERROR
    assert health(tested(broken, passed(), passed())) is Health.HEALTHY


def test_an_old_test_is_stale_by_the_clock():
    record = replace(running(), policy=HealthPolicy(stale_after_s=3_600))

    assert health(record, HOUR) is Health.HEALTHY
    assert health(record, HOUR + timedelta(seconds=1)) is Health.STALE


def test_old_data_is_stale_when_its_market_says_so():
    verdict = replace(passed(), stale_at=START + HOUR)
    record = tested(running(), verdict)

    assert health(record, HOUR) is Health.HEALTHY
    assert health(record, HOUR * 2) is Health.STALE


def test_stale_comes_before_degraded_and_after_error():
    verdict = replace(passed(), stale_at=START - HOUR)
    record = tested(running(), verdict, failed())

    assert health(record) is Health.STALE
    assert health(tested(record, failed(), failed())) is Health.ERROR


def test_a_test_that_broke_off_keeps_what_was_known_of_the_data():
    record = tested(running(), replace(passed(), stale_at=START + HOUR), failed())

    assert record.last_test.stale_at == START + HOUR


def test_the_first_failure_of_the_streak_is_remembered_until_it_is_over():
    first = observe(running(), failed(), now=START)
    later = observe(first, failed(at=START + HOUR), now=START + HOUR)

    assert (first.failing_since, later.failing_since) == (START, START)
    assert observe(later, passed(), now=START).failing_since is None
