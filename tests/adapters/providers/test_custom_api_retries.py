"""A read is tried again where that may help, within the test's own time."""

from __future__ import annotations

import asyncio
import time

import pytest

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.custom_api.caller import Retry, make_retry
from reconciler.adapters.providers.settings import Pacer, pacer_of
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from tests.adapters.providers.custom_api_cases import (
    feed,
    paths_of,
    verdict_of,
    with_session,
)

RETRY = {"attempts": 3, "after": ["timeout", 429, 500, 503], "max": "2s"}


def account(sandbox, case):
    sandbox.reset_requests()
    try:
        return with_session(sandbox, case, lambda session: session.account())
    except ProviderError as error:
        return error.diagnosis.category


@pytest.mark.parametrize("fault", ["unavailable", "maintenance"])
def test_trouble_that_passes_is_sat_out(sandbox, fault):
    sandbox.set_fault("feed", fault, times=1, seconds=1)

    assert account(sandbox, feed(retry=RETRY)).balance == 250
    assert len(paths_of(sandbox, "feed")) == 2


def test_without_retry_nothing_is_tried_again(sandbox):
    sandbox.set_fault("feed", "unavailable", times=1)

    assert account(sandbox, feed()) is Category.EXCHANGE_UNAVAILABLE
    assert len(paths_of(sandbox, "feed")) == 1


def test_the_number_of_attempts_is_the_end(sandbox):
    sandbox.set_fault("feed", "unavailable")
    retry = {**RETRY, "backoff": "constant", "max": "1s"}

    assert account(sandbox, feed(retry=retry)) is Category.EXCHANGE_UNAVAILABLE
    assert len(paths_of(sandbox, "feed")) == 3


@pytest.mark.parametrize("fault", ["bad_key", "ip_not_allowed", "permission_denied"])
def test_a_refusal_of_the_key_is_never_tried_again(sandbox, fault):
    sandbox.set_fault("feed", fault)

    assert isinstance(account(sandbox, feed(retry=RETRY)), Category)
    assert len(paths_of(sandbox, "feed")) == 1


def test_a_rule_that_makes_it_final_is_believed(sandbox):
    sandbox.set_fault("feed", "unavailable")
    rules = [{"status": 503, "category": "account_suspended"}]

    case = feed(retry=RETRY, error_rules=rules)

    assert account(sandbox, case) is Category.ACCOUNT_SUSPENDED
    assert len(paths_of(sandbox, "feed")) == 1


def test_the_wait_that_is_asked_for_is_kept(sandbox):
    sandbox.set_fault("feed", "rate_limited", times=1, seconds=1)
    began = time.monotonic()

    assert account(sandbox, feed(retry=RETRY)).balance == 250
    assert time.monotonic() - began >= 1


def test_a_wait_that_is_too_long_is_not_begun(sandbox):
    sandbox.set_fault("feed", "rate_limited", seconds=30)
    began = time.monotonic()

    assert account(sandbox, feed(retry=RETRY)) is Category.RATE_LIMITED
    assert time.monotonic() - began < 5
    assert len(paths_of(sandbox, "feed")) == 1


def test_a_wait_that_does_not_fit_the_test_leaves_its_answer(sandbox):
    sandbox.set_fault("feed", "rate_limited", seconds=2)

    verdict = verdict_of(sandbox, feed(retry=RETRY, timeout=1.5))

    assert verdict.diagnosis.category is Category.RATE_LIMITED
    assert verdict.diagnosis.retry_after_s == 2


def test_an_answer_that_does_not_come_is_asked_for_again(sandbox):
    sandbox.set_fault("feed", "timeout", times=1)
    case = feed(retry={**RETRY, "attempts": 2}, timeout=3)

    assert account(sandbox, case).balance == 250


def test_all_attempts_together_take_no_longer_than_the_test_may(sandbox):
    sandbox.set_fault("feed", "timeout")
    began = time.monotonic()

    assert account(sandbox, feed(retry=RETRY, timeout=0.9)) is Category.TIMEOUT
    assert time.monotonic() - began < 3


def test_waits_grow_up_to_the_longest():
    retry = Retry(attempts=5, longest_s=3)
    constant = make_retry({"attempts": 3, "backoff": "constant", "max": "9s"})

    assert [retry.wait_s(n, None, now_s=0) for n in (1, 2, 3, 4)] == [0.5, 1, 2, 3]
    assert [constant.wait_s(n, None, now_s=0) for n in (1, 2)] == [0.5, 0.5]


# The rate


class Network:
    def __init__(self):
        self.shared = {}


@pytest.mark.parametrize(
    ("value", "sent"),
    [(None, 9), (4, 4), ({"requests": 2, "per": "10s"}, 2), ({"requests": 3}, 3)],
)
def test_a_rate_is_a_number_a_minute_or_per_time(value, sent):
    connection, _ = feed(**({} if value is None else {"rate_limit": value}))
    pacer = pacer_of(Network(), connection, ticks=lambda: 0.0)

    async def burst():
        for n in range(9):
            try:
                await asyncio.wait_for(pacer.turn(), 0.01)
            except TimeoutError:
                return n
        return 9

    assert asyncio.run(burst()) == sent


def test_a_window_is_as_long_as_the_file_says():
    times = iter([0.0, 1.0, 10.5, 10.5, 10.5])
    pacer = Pacer(2, ticks=lambda: next(times), window_s=10)

    async def three():
        for _ in range(3):
            await pacer.turn()

    asyncio.run(asyncio.wait_for(three(), 1))


def test_a_provider_that_has_nothing_left_is_given_its_time():
    now = [100.0]
    pacer = Pacer(None, ticks=lambda: now[0])
    last = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}

    async def waits():
        try:
            await asyncio.wait_for(pacer.turn(), 0.05)
        except TimeoutError:
            return True
        return False

    pacer.heed(Answer(status=200, headers={**last, "X-RateLimit-Remaining": "1"}))
    assert not asyncio.run(waits())
    pacer.heed(Answer(status=200, headers={**last, "X-RateLimit-Reset": "3600"}))
    assert not asyncio.run(waits())
    pacer.heed(Answer(status=200, headers=last))
    assert asyncio.run(waits())
    now[0] = 102.0
    assert not asyncio.run(waits())
