"""Name, connection and encryption: told apart without a request of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.adapters.providers.ccxt_crypto import ADAPTER
from reconciler.adapters.providers.ladder.reach import (
    broken_rung,
    first_to_end,
    reach_probes,
)
from reconciler.adapters.providers.network.meter import Timing, Tls
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.verdict import Certificate, ProbeName, ProbeStatus
from reconciler.sandbox import sandbox_account
from tests.adapters.providers.conformance import Subject, with_session

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DNS, CONNECT, TLS = ProbeName.DNS, ProbeName.CONNECT, ProbeName.TLS
PASSED, FAILED, SKIPPED = ProbeStatus.PASSED, ProbeStatus.FAILED, ProbeStatus.SKIPPED


def tested(sandbox, *, times=1):  # noqa: PT028  # no test
    account = sandbox_account("kraken")
    credentials = {"api_key": account.api_key, "api_secret": account.api_secret}
    connection = Connection(
        name="x", type="ccxt_crypto", provider="kraken", symbols=("BTC/USDT",),
        timeframes=("1h",), credential_names=tuple(credentials),
    )  # fmt: skip
    subject = Subject(
        adapter=ADAPTER, connection=connection, credentials=credentials,
        provider="kraken", proofs=(),
    )  # fmt: skip

    async def work(session):
        return [await session.test() for _ in range(times)][-1]

    return with_session(subject, sandbox, work)


def statuses(verdict):
    return {probe.name: probe.status for probe in verdict.probes}


def test_a_first_test_times_each_of_them(sandbox):
    verdict = tested(sandbox)

    assert [probe.name for probe in verdict.probes[:3]] == [DNS, CONNECT, TLS]
    assert all(probe.status is PASSED for probe in verdict.probes[:3])
    assert all(probe.latency_ms is not None for probe in verdict.probes[:3])
    assert verdict.probes[2].detail.startswith("TLSv1.3, certificate until ")


def test_a_later_test_of_a_run_says_that_the_connection_was_there(sandbox):
    verdict = tested(sandbox, times=2)

    assert [probe.latency_ms for probe in verdict.probes[:3]] == [None] * 3
    assert "open already" in verdict.probes[0].detail


@pytest.mark.parametrize(("fault", "rung", "category"), [
    ("refused", CONNECT, Category.CONNECTION_REFUSED),
    ("tls_expired", TLS, Category.TLS_CERTIFICATE),
    ("tls_wrong_host", TLS, Category.TLS_CERTIFICATE),
])  # fmt: skip
def test_what_breaks_is_the_rung_that_fails(sandbox, fault, rung, category):
    sandbox.set_fault("kraken", fault)

    verdict = tested(sandbox)
    found = statuses(verdict)

    assert found[rung] is FAILED
    assert verdict.diagnosis.category is category
    assert found[ProbeName.PUBLIC] is SKIPPED
    timed = {p.name for p in verdict.probes if p.latency_ms is not None}
    assert ProbeName.PUBLIC not in timed
    assert [name for name, status in found.items() if status is FAILED] == [rung]
    assert list(found)[:3] == [DNS, CONNECT, TLS]


def test_the_address_that_a_provider_names_is_recorded(sandbox):
    sandbox.set_fault("okx", "ip_not_allowed")
    account = sandbox_account("okx")
    names = ("api_key", "api_secret", "api_passphrase")
    credentials = {name: getattr(account, name) for name in names}
    connection = Connection(
        name="x", type="ccxt_crypto", provider="okx", symbols=("BTC/USDT",),
        timeframes=("1h",), credential_names=names,
    )  # fmt: skip
    subject = Subject(
        adapter=ADAPTER, connection=connection, credentials=credentials,
        provider="okx", proofs=(),
    )  # fmt: skip

    async def work(session):
        return await session.test()

    verdict = with_session(subject, sandbox, work)

    assert verdict.diagnosis.category is Category.IP_RESTRICTED
    assert verdict.egress_ip == verdict.diagnosis.evidence["seen_ip"]


def test_an_answer_that_is_an_error_fails_higher_up(sandbox):
    sandbox.set_fault("kraken", "unavailable")

    found = statuses(tested(sandbox))

    assert found[TLS] is not FAILED
    assert found[ProbeName.PUBLIC] is FAILED


NEW = {"host": "h", "is_encrypted": True, "is_new": True}
SECURE = Tls(version="TLSv1.3", ends_at=NOW + timedelta(days=3))


@pytest.mark.parametrize(("timing", "category", "rung"), [
    (Timing(**NEW), Category.DNS_FAILURE, DNS),
    (Timing(**NEW, dns_ms=3.0), Category.TIMEOUT, CONNECT),
    (Timing(**NEW, dns_ms=3.0, connect_ms=9.0), Category.TIMEOUT, TLS),
    (Timing(**NEW, connect_ms=9.0, tls=SECURE), Category.TIMEOUT, None),
    (Timing(**NEW, connect_ms=9.0), Category.CONNECTION_RESET, TLS),
    (Timing(**NEW, status=502, connect_ms=9.0), Category.DNS_FAILURE, None),
    (Timing(**{**NEW, "is_new": False}), Category.TIMEOUT, None),
    (None, Category.CONNECTION_REFUSED, CONNECT),
    (None, Category.RATE_LIMITED, None),
])  # fmt: skip
def test_the_rung_is_told_from_how_far_the_request_came(timing, category, rung):
    assert broken_rung(timing, diagnose(category)) is rung


def test_nothing_broke_without_a_diagnosis():
    assert broken_rung(Timing(**NEW), None) is None


def test_plain_http_has_no_encryption_to_climb():
    probes = reach_probes(Timing(host="h", is_new=True, connect_ms=1.0), None)

    assert [probe.status for probe in probes] == [PASSED, PASSED, SKIPPED]


def test_the_certificate_that_ends_first_is_told_of():
    later = Timing(host="z", tls=Tls(version="x", ends_at=NOW + timedelta(days=90)))
    soon = Timing(**NEW, tls=SECURE)

    assert first_to_end([later, soon]) == Certificate(host="h", ends_at=SECURE.ends_at)


def test_a_connection_that_was_open_already_shows_no_certificate():
    assert first_to_end([Timing(), Timing(tls=Tls(version="x", ends_at=None))]) is None
