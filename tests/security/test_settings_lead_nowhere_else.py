"""Settings are not bound to the key, so no symbol may choose where the key goes."""

from __future__ import annotations

import asyncio
import ssl
from types import SimpleNamespace

import aiohttp
import pytest

from reconciler.adapters.providers.custom_api.checks import check
from reconciler.adapters.providers.custom_api.rows import find
from reconciler.adapters.providers.custom_api.templates import fill_path, spell_symbol
from reconciler.adapters.providers.ladder.climbing import explain_any
from reconciler.adapters.providers.network.session import _Connector
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.rest import join_url
from reconciler.core.connection import Connection
from reconciler.core.errors import ProviderError

BASE = "https://good.test/v1"
HOSTILE = (
    *(
        "../../admin",
        "..",
        ".",
        "./.",
        "//evil.test",
        "https://evil.test",
        "@evil.test",
    ),
    *("\\\\evil.test", "..\\..\\admin", "a?b=c#d", "a;b", "%2e%2e", "..;/x", "\u2025"),
    *("x\r\nHost: evil.test", "\u3002.\u3002", "a b", "{limit}"),
)


@pytest.mark.parametrize("symbol", HOSTILE)
@pytest.mark.parametrize("template", ["{symbol}", "{base}{quote}"])
def test_a_symbol_stays_one_segment_of_the_path(symbol, template):
    spelt = spell_symbol(template, symbol)
    try:
        path = fill_path("/prices/{symbol}/candles", {"symbol": spelt})
    except ProviderError:
        return

    url = aiohttp.client_reqrep.URL(join_url(BASE, path))
    assert url.host == "good.test"
    assert len(url.parts) == 5
    assert url.parts[:3] == ("/", "v1", "prices")
    assert url.query_string == url.fragment == ""


PATHS = (
    *("https://evil.test/x", "//evil.test", "/../x", "/a/../../x", "/x?y=1", "/x#y"),
    *("x", "", "/{secret}", "/{symbol.__class__}", "\\\\evil.test", 7, None, ["/x"]),
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("section", ["test", "ohlcv", "ticker", "symbols", "account"])
def test_a_path_in_the_file_is_a_plain_path(section, path):
    config = {"endpoint": BASE, section: {"path": path}}

    assert [f for f in check(_feed(config)) if f.path[:2] == ("config", section)]


@pytest.mark.parametrize(
    "name", ["Host", "Authorization", "Cookie", "X-Api-Key", "a b"]
)
def test_a_file_cannot_set_a_header_that_carries_a_key_or_the_host(name):
    assert list(check(_feed({"endpoint": BASE, "headers": {name: "x"}})))


@pytest.mark.parametrize("text", ["a\r\nHost: evil.test", "a\nb", "a\x00b"])
def test_a_header_is_one_line(text):
    assert list(check(_feed({"endpoint": BASE, "headers": {"X-Desk": text}})))


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254"),
        *("::ffff:a9fe:a9fe", "fd00:ec2::254", "100.100.100.200"),
    ],
)
def test_no_host_leads_to_a_cloud_machines_own_credentials(host):
    async def resolve():
        connector = _Connector(ssl=ssl.create_default_context(), use_dns_cache=False)
        connector._resolver = SimpleNamespace(resolve=answer, close=nothing)
        try:
            await connector._resolve_host("name.test", 443)
        finally:
            await connector.close()

    async def nothing():
        return None

    async def answer(*_, **__):
        return [{"hostname": "name.test", "host": host, "port": 443}]

    with pytest.raises(aiohttp.InvalidUrlClientError):
        asyncio.run(resolve())


def test_what_an_expression_stumbles_over_is_not_repeated():
    key = "k3y-0123456789"
    with pytest.raises(ProviderError) as caught:
        find("abs(echo)", {"echo": key}, name="ticker.last")
    assert key in str(caught.value.diagnosis)

    told = explain_any(caught.value, Scrubber([key]), lambda _: None)

    assert key not in str(told)


def _feed(config):
    return Connection(
        name="feed", type="custom_api", provider="p", config=config, symbols=("A",)
    )
