"""The one way out: nothing leaves the sandbox, nothing is followed, all is timed."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.network.meter import Meter, metering
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.errors import InputError, ProviderError

HEALTH = "https://api.custom-data-provider.com/v1/public/health"


def on_network(sandbox, work, **options):
    async def run():
        async with open_network(
            sandbox.file if sandbox else None, clock=SystemClock(), **options
        ) as network:
            return await work(network)

    return asyncio.run(run())


@pytest.mark.parametrize(
    "host", ["nobody.invalid", "10.0.0.1", "169.254.169.254", "[::1]", "localhost"]
)
def test_every_host_leads_to_the_sandbox(sandbox, host):
    sandbox.reset_requests()
    url = f"https://{host}:8443/latest"

    async def work(network):
        async with network.session.get(url, ssl=False) as response:
            return response.status

    assert on_network(sandbox, work) == 421
    assert [r.path for r in sandbox.requests] == ["/latest"]


def test_only_the_sandboxs_authority_is_trusted(sandbox):
    async def work(network):
        return network.tls.get_ca_certs()

    assert len(on_network(sandbox, work)) == 1


def test_a_refused_host_is_refused_as_soon_as_the_file_says_so(sandbox):
    async def work(network):
        async with network.session.get(HEALTH) as response:
            first = response.status
        sandbox.set_fault("feed", "refused")
        with pytest.raises(aiohttp.ClientConnectorError) as caught:
            async with network.session.get(HEALTH):
                pass
        return first, caught.value

    first, error = on_network(sandbox, work)

    assert first == 200
    assert isinstance(error.os_error, ConnectionRefusedError)


def test_a_proxy_and_the_sandbox_exclude_each_other(sandbox):
    async def work(network):
        for open_one in (network.guarded, network.client):
            with pytest.raises(ProviderError):
                open_one("http://proxy.example:3128")

    on_network(sandbox, work)
    with pytest.raises(InputError):
        on_network(sandbox, work, proxy="http://proxy.example:3128")
    with pytest.raises(InputError):
        on_network(sandbox, work, trust_env=True)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"port": 1}', '{"port": "x"}'])
def test_a_bad_sandbox_file_is_a_clear_error(tmp_path, text):
    file = tmp_path / "sandbox.json"
    file.write_text(text)

    async def open_it():
        async with open_network(file):
            pass

    with pytest.raises(InputError, match="sandbox"):
        asyncio.run(open_it())


def test_no_library_can_follow_a_redirect(sandbox):
    sandbox.set_fault("feed", "redirect")
    sandbox.reset_requests()

    async def work(network):
        guarded, client = network.guarded(), network.client()
        async with guarded.get(HEALTH, allow_redirects=True) as response:
            first = response.status
        return first, (await client.get(HEALTH)).status_code

    assert on_network(sandbox, work) == (302, 302)
    assert {r.host for r in sandbox.requests} == {"api.custom-data-provider.com"}


def test_a_request_is_timed_alone_and_for_its_own_probe(sandbox):
    sandbox.set_fault("feed", "slow", seconds=0.2)

    async def one(network, meter):
        with metering(meter):
            async with network.guarded().get(HEALTH) as response:
                await response.read()

    async def work(network):
        meters = [Meter(), Meter(), Meter()]
        await asyncio.gather(*(one(network, meter) for meter in meters))
        return meters

    for meter in on_network(sandbox, work):
        assert len(meter.timings) == 1
        assert 200 <= meter.latency_ms < 1_500
        timing = meter.last
        assert timing.status == 200
        assert timing.dns_ms is not None
        assert timing.connect_ms > 0
        assert abs(timing.skew_ms) < 1_500


def test_waiting_for_a_free_connection_is_not_latency(sandbox):
    sandbox.set_fault("feed", "slow", seconds=0.5)

    async def one(network):
        with metering(Meter()) as meter:
            async with network.guarded().get(HEALTH) as response:
                await response.read()
        return meter.latency_ms

    async def work(network):
        return await asyncio.gather(*(one(network) for _ in range(3)))

    assert max(on_network(sandbox, work, limit=1)) < 950


def test_closing_an_httpx_client_leaves_the_session_open(sandbox):
    async def work(network):
        async with network.client() as client:
            await client.get(HEALTH)
        async with network.session.get(HEALTH) as response:
            return response.status

    assert on_network(sandbox, work) == 200


def test_libraries_do_not_log_urls(sandbox, caplog):
    caplog.set_level(logging.DEBUG)

    async def work(network):
        await network.client().get(HEALTH, params={"apikey": "canary-in-a-url"})

    on_network(sandbox, work)

    assert "canary" not in caplog.text


def test_the_environments_proxy_is_not_used(sandbox, monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def work(network):
        async with network.session.get(HEALTH) as response:
            return response.status, (await network.client().get(HEALTH)).status_code

    assert on_network(sandbox, work) == (200, 200)


def test_without_a_sandbox_the_systems_authorities_are_trusted():
    async def work(network):
        return network.is_sandbox, len(network.tls.get_ca_certs())

    is_sandbox, authorities = on_network(None, work)

    assert not is_sandbox
    assert authorities > 20


def test_a_request_that_is_given_up_leaves_nothing_open(sandbox):
    sandbox.set_fault("feed", "timeout")

    async def work(network):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await network.client().get(HEALTH, timeout=None)

    on_network(sandbox, work)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]"])
def test_a_machines_own_metadata_cannot_be_asked_for(host):
    async def work(network):
        with pytest.raises(aiohttp.InvalidURL, match=r"link-local|metadata"):
            async with network.session.get(f"http://{host}/latest/meta-data"):
                pass

    on_network(None, work)
