"""While our own network is down, what needs it is seen as unknown, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.connectivity import Outage
from reconciler.core.diagnosis import Category
from reconciler.core.health import Health
from reconciler.core.observing import observe, unable_to_test
from reconciler.core.record import Status
from reconciler.core.run import row_of
from reconciler.core.verdict import Verdict
from tests.fakes import START, failed, passed
from tests.records import running

HOUR = timedelta(hours=1)
DOWN = Outage(since=START + HOUR)
NOW = START + 2 * HOUR


def tested(verdict: Verdict, at=START):  # noqa: PT028  # no test
    return observe(running(), replace(verdict, at=at), now=at)


def seen(record, outage=DOWN):
    return row_of(
        record, desired=None, known=False, outcome=None, now=NOW, outage=outage
    )


@pytest.mark.parametrize("verdict", [passed(), failed(), failed(Category.TIMEOUT)])
def test_what_was_tested_before_is_unknown_since_the_network_is_down(verdict):
    row = seen(tested(verdict))

    assert row.health is Health.UNKNOWN
    assert row.unable.since == DOWN.since
    assert row.unable.diagnosis.category is Category.OWN_NETWORK


def test_what_was_tested_since_speaks_for_itself():
    record = tested(passed(), at=DOWN.since + timedelta(seconds=1))

    assert seen(record).health is Health.HEALTHY


def test_what_is_inside_needs_no_network_outside():
    record = tested(replace(passed(), inside=True))

    assert seen(record).health is Health.HEALTHY


def test_what_is_switched_off_stays_so():
    record = replace(tested(passed()), status=Status.INACTIVE)

    assert seen(record).health is Health.INACTIVE


def test_another_reason_for_not_testing_stays_the_one_that_is_told():
    diagnosis = failed(Category.NO_KEY).diagnosis
    record = unable_to_test(tested(passed()), diagnosis, now=START)

    assert seen(record).unable == record.unable


def test_no_time_of_an_outage_counts_for_the_uptime():
    record = tested(passed())
    before = seen(record, None).uptime.day

    assert before == seen(record).uptime.day == 1.0
    assert seen(tested(failed())).uptime.day == 0.0


def test_with_the_network_back_the_record_says_what_it_said():
    record = tested(passed())

    assert seen(record, None).health is Health.HEALTHY
    assert seen(record, None).unable is None
