"""Every exchange of the catalogue: constructed, checked, sent to loopback, explained.

Most of them nobody plays, so the server answers that it does not. What counts is
that nothing crashes, nothing passes, and nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.ccxt_crypto.catalogue import exchanges
from reconciler.adapters.providers.network.session import open_network
from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName, ProbeStatus
from reconciler.sandbox import SANDBOX_ACCOUNTS, sandbox_account

ADAPTER = find_adapters()["ccxt_crypto"]
PLAYED = sorted(set(SANDBOX_ACCOUNTS) & set(exchanges()))
OTHERS = sorted(set(exchanges()) - set(PLAYED))
MADE_UP = {
    "account_id": "1001",
    "api_uid": "1001",
    "login": "somebody",
    "private_key": "0x" + "1f" * 32,
    "wallet_address": "0x" + "2e" * 20,
}


class Watch:
    """Notes where sockets go while it is on; Python cannot take a hook away."""

    def __init__(self):
        self.on = False
        self.went = []
        sys.addaudithook(self._hear)

    def _hear(self, event, args):
        if self.on and event == "socket.connect":
            self.went.append(args[1])
        elif self.on and event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            self.went.append(args[:2])


@pytest.fixture(scope="module")
def watch():
    return Watch()


def connection_to(name):
    exchange = exchanges()[name]
    return Connection(
        name=name,
        type="ccxt_crypto",
        provider=name,
        credential_names=exchange.credentials,
        symbols=("BTC/USDT",),
        timeframes=exchange.timeframes[:1],
        config={"timeout": 5},
    )


def keys_of(name):
    wanted = exchanges()[name].credentials
    if name in PLAYED:
        account = sandbox_account(name)
        return {one: getattr(account, one) for one in wanted}
    return {one: MADE_UP.get(one, f"made-up-account-{one}") for one in wanted}


def tested(name, sandbox, watch):
    sealed = {one: Secret(value) for one, value in keys_of(name).items()}

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            ADAPTER.open(connection_to(name), sealed, network) as session,
        ):
            return await session.test()

    sandbox.reset_requests()
    watch.went.clear()
    watch.on = True
    try:
        return asyncio.run(run())
    finally:
        watch.on = False


def test_the_catalogue_is_what_ccxt_offers():
    import ccxt.async_support as ccxt

    assert set(exchanges()) == set(ccxt.exchanges)
    assert len(PLAYED) == 10


@pytest.mark.parametrize("name", sorted(exchanges()))
def test_a_connection_to_it_validates(name):
    assert [finding.code for finding in ADAPTER.check(connection_to(name))] == []


@pytest.mark.parametrize("name", OTHERS)
def test_what_nobody_plays_fails_on_loopback_with_a_diagnosis(name, sandbox, watch):
    verdict = tested(name, sandbox, watch)

    assert not verdict.passed
    assert verdict.diagnosis.category is not Category.INTERNAL, verdict.diagnosis
    assert verdict.diagnosis.fix
    assert not any(
        probe.status is ProbeStatus.PASSED
        for probe in verdict.probes
        if probe.name in {ProbeName.AUTH, ProbeName.DATA}
    )
    assert {where[0] for where in watch.went} <= {"127.0.0.1"}
    assert sandbox.requests


@pytest.mark.parametrize("name", ["alpaca", "mudrex"])
def test_markets_that_need_a_key_are_asked_for_with_it(name, sandbox, watch):
    verdict = tested(name, sandbox, watch)

    assert verdict.diagnosis.evidence["status"] == "421"
    told = repr(verdict)
    assert not any(value in told for value in keys_of(name).values())


@pytest.mark.parametrize("name", ["alpaca", "mudrex"])
def test_without_a_key_it_is_said_that_they_need_one(name, sandbox):
    public = replace(connection_to(name), credential_names=())

    async def run():
        async with (
            open_network(sandbox.file, clock=SystemClock()) as network,
            ADAPTER.open(public, {}, network),
        ):
            pass

    with pytest.raises(ProviderError) as raised:
        asyncio.run(run())

    assert {finding.code for finding in ADAPTER.check(public)} == {"R306"}
    diagnosis = raised.value.diagnosis
    assert diagnosis.category is Category.BAD_REQUEST
    assert "only to a key" in diagnosis.summary
    assert "api_secret" in diagnosis.fix


@pytest.mark.parametrize("name", PLAYED)
def test_what_is_played_passes_without_leaving_loopback(name, sandbox, watch):
    verdict = tested(name, sandbox, watch)

    assert verdict.passed, verdict
    assert {where[0] for where in watch.went} == {"127.0.0.1"}
    statuses = {probe.name: probe.status for probe in verdict.probes}
    assert statuses[ProbeName.AUTH] is ProbeStatus.PASSED


def test_spot_markets_of_htx_are_asked_for_by_its_own_switches(sandbox, watch):
    verdict = tested("htx", sandbox, watch)

    assert verdict.diagnosis.evidence["status"] == "421"
    assert {request.host for request in sandbox.requests} == {"api.huobi.pro"}
