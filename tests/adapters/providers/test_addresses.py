"""A connection leads to public addresses only, unless the operator allows more."""

from __future__ import annotations

import asyncio
import socket
import ssl

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.answers.transport import transport_diagnosis
from reconciler.adapters.providers.network.addresses import (
    AddressNotAllowedError,
    read_ranges,
    require_allowed,
    require_literal_allowed,
)
from reconciler.adapters.providers.network.session import open_network
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.diagnosis import Category

PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1"),
    *(
        "0.1.2.3",
        "100.64.0.1",
        "169.254.1.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
    ),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1"),
    *("2002:7f00:1::", "2001:0:7f00:1::", "ff02::1", "198.18.0.1", "64:ff9b:1::1"),
)
METADATA = (
    *("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "168.63.129.16"),
    *("100.100.100.200", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "192.0.0.192"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
ODD = ("2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0x7f000001", "10.1")
EVERYTHING = read_ranges(["0.0.0.0/0", "::/0"])


@pytest.mark.parametrize("address", [*PRIVATE, *METADATA])
def test_what_is_not_public_is_refused(address):
    with pytest.raises(AddressNotAllowedError):
        require_allowed("name.test", address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address):
    require_allowed("name.test", address, ())


@pytest.mark.parametrize("address", PRIVATE)
def test_the_operator_may_allow_what_is_private(address):
    require_allowed("name.test", address, EVERYTHING)


@pytest.mark.parametrize("address", METADATA)
def test_nobody_may_allow_a_clouds_metadata(address):
    with pytest.raises(AddressNotAllowedError) as caught:
        require_allowed("name.test", address, EVERYTHING)

    assert not caught.value.can_be_allowed


@pytest.mark.parametrize("host", ODD)
def test_an_odd_spelling_is_refused_even_where_its_address_is_allowed(host):
    with pytest.raises(AddressNotAllowedError):
        require_literal_allowed(host, EVERYTHING)


def test_only_the_allowed_network_is_allowed():
    ranges = read_ranges(["10.20.0.0/16"])

    require_allowed("name.test", "10.20.3.4", ranges)
    require_allowed("name.test", "::ffff:10.20.3.4", ranges)
    with pytest.raises(AddressNotAllowedError):
        require_allowed("name.test", "10.21.0.1", ranges)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_ipv6s_clothes(address):
    def refused(text):
        try:
            require_allowed("name.test", text, ())
        except AddressNotAllowedError:
            return True
        return False

    assert refused(str(address)) == refused(f"::ffff:{address}")


class Answering(AbstractResolver):
    """Answers each question with the next address: rebinding, as attackers do it."""

    def __init__(self, *addresses):
        self._addresses = iter(addresses)
        self.asked = 0

    async def resolve(self, host, port=0, family=socket.AF_INET):
        self.asked += 1
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in next(self._addresses)
        ]

    async def close(self):
        pass


def get(url, *, resolver=None, allow=(), proxy=None):
    """Return a real server's answer (or what is raised) and how many it has seen."""
    seen = []

    async def run():
        async def answer(request):
            seen.append(request.path)
            return web.Response(text="private")

        server = web.AppRunner(web.Application())
        server.app.router.add_get("/{tail:.*}", answer)
        await server.setup()
        site = web.TCPSite(server, "127.0.0.1", 0)
        await site.start()
        port = server.addresses[0][1]
        try:
            async with open_network(clock=SystemClock(), allow=allow) as network:
                if resolver is not None:
                    network.session.connector._resolver = resolver
                via = proxy and proxy.format(port=port)
                async with network.guarded(via).get(url.format(port=port)) as response:
                    return await response.text()
        finally:
            await server.cleanup()

    try:
        return asyncio.run(run()), len(seen)
    except aiohttp.ClientError as error:
        return error, len(seen)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"]
)
def test_a_literal_address_is_never_connected_to(host):
    error, seen = get(f"http://{host}:{{port}}/admin")

    assert isinstance(error, aiohttp.InvalidURL)
    assert seen == 0


def test_a_name_is_judged_by_what_it_resolves_to():
    error, seen = get("http://x.test:{port}/", resolver=Answering(["127.0.0.1"]))

    assert isinstance(error, AddressNotAllowedError)
    assert seen == 0


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    resolver = Answering(["8.8.8.8", "127.0.0.1"])

    error, seen = get("http://x.test:{port}/", resolver=resolver)

    assert isinstance(error, AddressNotAllowedError)
    assert seen == 0


def test_the_address_that_was_judged_is_the_one_that_is_connected_to():
    resolver = Answering(["127.0.0.1"], ["127.0.0.9"])

    answer = get("http://x.test:{port}/", resolver=resolver, allow=["127.0.0.1/32"])

    assert answer == ("private", 1)
    assert resolver.asked == 1


def test_an_allowed_network_can_be_reached():
    assert get("http://127.0.0.1:{port}/", allow=["127.0.0.0/8"]) == ("private", 1)


def test_a_proxys_address_is_judged_too():
    error, seen = get("http://8.8.8.8/", proxy="http://127.0.0.1:{port}")

    assert isinstance(error, AddressNotAllowedError)
    assert seen == 0


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "0x7f.1"])
def test_a_proxy_is_never_asked_for_a_private_address(host):
    error, seen = get(
        f"http://{host}/", proxy="http://127.0.0.1:{port}", allow=["127.0.0.1/32"]
    )

    assert isinstance(error, AddressNotAllowedError)
    assert seen == 0


def test_the_diagnosis_names_the_address_and_the_setting():
    mine, _ = get("http://127.0.0.1:{port}/")
    clouds, _ = get("http://169.254.169.254/", allow=["0.0.0.0/0"])

    allowable = transport_diagnosis(mine, Scrubber())
    never = transport_diagnosis(clouds, Scrubber())

    assert allowable.category is never.category is Category.ADDRESS_NOT_ALLOWED
    assert allowable.is_terminal
    assert "network.allow" in allowable.fix
    assert allowable.evidence["address"] == "127.0.0.1"
    assert "network.allow" not in never.fix


@pytest.mark.parametrize("text", ["10.0.0.5/8", "everything", "10.0.0.0/99", ""])
def test_a_range_is_a_network(text):
    with pytest.raises(ValueError, match=r"not appear|host bits"):
        read_ranges([text])


def test_every_type_is_guarded(tmp_path):
    from reconciler.adapters.providers.registry import find_adapters
    from reconciler.core.connection import Connection
    from reconciler.core.secret import Secret

    cases = {
        "custom_api": ({"endpoint": "https://127.0.0.1:1"}, ("api_key",)),
        "mtapi": ({"base_url": "https://127.0.0.1:1"}, ("api_key", "account_id")),
        "ccxt_crypto": ({"proxy": "http://127.0.0.1:1"}, ("api_key", "api_secret")),
    }

    async def test(kind, config, names):
        connection = Connection(
            name="x",
            type=kind,
            provider="binance",
            credential_names=names,
            config=config,
            symbols=("BTC/USDT",),
        )
        sealed = dict.fromkeys(names, Secret("k" * 64))
        async with (
            open_network(clock=SystemClock()) as network,
            find_adapters()[kind].open(connection, sealed, network) as session,
        ):
            return (await session.test()).diagnosis.category

    for kind, (config, names) in cases.items():
        assert asyncio.run(test(kind, config, names)) is Category.ADDRESS_NOT_ALLOWED


def test_tls_contexts_of_ones_own_trust_what_they_are_given():
    async def contexts():
        async with open_network(clock=SystemClock()) as network:
            return network.make_tls("").verify_mode, network.tls.check_hostname

    assert asyncio.run(contexts()) == (ssl.CERT_REQUIRED, True)


def test_what_the_repository_allows_reaches_every_way_out(tmp_path):
    from reconciler.wiring import App, Choices

    text = "network: {allow: [10.20.0.0/16]}\n"
    (tmp_path / "reconcile.yaml").write_text(text)
    app = App(Choices(directory=tmp_path))

    allowed = ("10.20.0.0/16",)
    assert app._make_tester().allow == app.sampler.tester.allow == allowed
    assert app.settings.network.allow == allowed
