"""A backup stands in for an endpoint that is gone, and for nothing else."""

from __future__ import annotations

import pytest

from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.verdict import ProbeName, ProbeStatus
from tests.adapters.providers.custom_api_cases import (
    feed,
    paths_of,
    verdict_of,
    with_session,
)

BACKUP = "https://feed-backup.sandbox.example/v1"
GONE = ["refused", "reset", "unavailable", "maintenance", "tls_expired"]
HERE = ["html", "empty", "truncated", "redirect", "rate_limited", "geo_blocked"]
BAD_DATA = ["rubbish_candles", "stale_candles", "future_candles", "no_candles"]


def case(**config):
    return feed(backup_endpoints=[BACKUP], **config)


def rows(verdict):
    found = [p for p in verdict.probes if p.name is ProbeName.ENDPOINT]
    return [(p.status, p.detail.partition(" works")[0]) for p in found]


def test_every_endpoint_is_tested_and_reported(sandbox):
    sandbox.reset_requests()

    verdict = verdict_of(sandbox, case())

    assert verdict.passed
    assert verdict.degraded == ""
    assert rows(verdict) == [
        (ProbeStatus.PASSED, "the endpoint"),
        (ProbeStatus.PASSED, "the backup feed-backup.sandbox.example"),
    ]
    assert paths_of(sandbox, "feed") == paths_of(sandbox, "feed-backup")


@pytest.mark.parametrize("fault", GONE)
def test_a_backup_alone_passes_and_is_degraded(sandbox, fault):
    sandbox.set_fault("feed", fault)

    verdict = verdict_of(sandbox, case())

    assert verdict.passed
    assert verdict.degraded == "only the backup feed-backup.sandbox.example works"
    assert any("the endpoint failed" in text for text in verdict.warnings)
    assert [status for status, _ in rows(verdict)] == [
        ProbeStatus.UNPROVEN,
        ProbeStatus.PASSED,
    ]
    assert verdict.marks


def test_a_main_endpoint_that_hangs_is_gone_too(sandbox):
    sandbox.set_fault("feed", "timeout")

    verdict = verdict_of(sandbox, case(timeout=2))

    assert verdict.passed
    assert verdict.degraded


@pytest.mark.parametrize("fault", [*GONE, *HERE, *BAD_DATA, "bad_key"])
def test_a_broken_backup_is_a_warning(sandbox, fault):
    sandbox.set_fault("feed-backup", fault)

    verdict = verdict_of(sandbox, case())

    assert verdict.passed
    assert verdict.degraded == ""
    assert any("the backup" in text for text in verdict.warnings)


@pytest.mark.parametrize("fault", [*HERE, *BAD_DATA, "bad_key", "permission_denied"])
def test_what_the_main_endpoint_says_is_not_made_good_by_a_backup(sandbox, fault):
    sandbox.set_fault("feed", fault)

    verdict = verdict_of(sandbox, case())

    assert not verdict.passed
    assert verdict.degraded == ""


@pytest.mark.parametrize("fault", [*GONE, *HERE, *BAD_DATA, "bad_key"])
def test_two_broken_endpoints_fail(sandbox, fault):
    sandbox.set_fault("feed", "unavailable")
    sandbox.set_fault("feed-backup", fault)

    verdict = verdict_of(sandbox, case())

    assert not verdict.passed
    assert verdict.diagnosis.category is Category.EXCHANGE_UNAVAILABLE


@pytest.mark.parametrize("broken", [(), ("feed",), ("feed-backup",)])
def test_a_wrong_key_always_fails(sandbox, broken):
    for provider in broken:
        sandbox.set_fault(provider, "refused")
    wrong = feed({"api_key": "wrong"}, backup_endpoints=[BACKUP])

    assert not verdict_of(sandbox, wrong).passed


async def everything(session):
    return (
        len(await session.candles("BTC/USDT", "1m", limit=3)),
        (await session.ticker("BTC/USDT")).symbol,
        len(await session.symbols()) > 3,
        (await session.account()).balance,
    )


@pytest.mark.parametrize("fault", GONE)
def test_data_come_from_the_first_endpoint_that_answers(sandbox, fault):
    sandbox.set_fault("feed", fault)

    assert with_session(sandbox, case(), everything) == (3, "BTC/USDT", True, 250)


def test_an_endpoint_that_hangs_leaves_time_for_the_next(sandbox):
    sandbox.set_fault("feed", "timeout", endpoint="candles")

    async def candles(session):
        return await session.candles("BTC/USDT", "1m", limit=3)

    assert len(with_session(sandbox, case(timeout=2), candles)) == 3


def test_a_refusal_is_no_reason_to_ask_elsewhere(sandbox):
    sandbox.set_fault("feed", "permission_denied")
    sandbox.reset_requests()

    with pytest.raises(ProviderError):
        with_session(sandbox, case(), lambda session: session.account())
    assert paths_of(sandbox, "feed-backup") == []


def test_a_sealed_endpoint_is_not_named(sandbox):
    sealed = {
        "api_key": "sandbox-feed-reader-key",
        "endpoint": "https://feed.sandbox.example/v1",
    }
    connection, credentials = feed(sealed, backup_endpoints=[BACKUP])
    del connection.config["endpoint"]
    sandbox.set_fault("feed", "unavailable")

    verdict = verdict_of(sandbox, (connection, credentials))

    assert verdict.passed
    assert "//feed.sandbox" not in str(verdict)
