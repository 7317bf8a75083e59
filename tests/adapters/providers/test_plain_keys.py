"""Keys that cannot be sent are told as such, by every type, without their value."""

from __future__ import annotations

import pytest

from reconciler.adapters.providers.ccxt_crypto.keys import read_keys
from reconciler.adapters.providers.custom_api.checks import check
from reconciler.adapters.providers.custom_api.feed import read_feed
from reconciler.adapters.providers.plain_keys import read_plain_keys
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Secret

UNSENDABLE = ("key–with–dashes", "k\u200bey", "ключ", "ke\ny", "k\x00ey")  # noqa: RUF001


def credentials_of(**values):
    return {name: Secret(value) for name, value in values.items()}


def a_feed(method):
    config = {"endpoint": "https://x.example", "authentication_method": method}
    return Connection(
        name="x",
        type="custom_api",
        provider="p",
        credential_names=("api_key",),
        config=config,
    )


READERS = {
    "mtapi": lambda c: read_plain_keys(c, ("api_key",), in_header=True),
    "ccxt": read_keys,
    "bearer": lambda c: read_feed(a_feed("bearer"), c),
    "header": lambda c: read_feed(a_feed("header"), c),
}


@pytest.mark.parametrize("key", UNSENDABLE)
@pytest.mark.parametrize("reader", READERS)
def test_a_key_that_no_header_can_carry_is_an_invalid_key(reader, key):
    with pytest.raises(ProviderError) as caught:
        READERS[reader](credentials_of(api_key=key))

    found = caught.value.diagnosis
    assert found.category is Category.INVALID_CREDENTIALS
    assert "credentials.api_key" in found.summary
    assert key not in repr(found)


def test_a_key_in_a_url_may_be_any_text():
    feed = read_feed(a_feed("query"), credentials_of(api_key="ключ"))

    assert feed.keys.values["api_key"] == "ключ"


@pytest.mark.parametrize(
    "config", [{"headers": {"X-Desk": "Zürich"}}, {"auth": {"prefix": "Schlüssel "}}]
)
def test_headers_in_a_file_are_plain_ascii(config):
    feed = a_feed("bearer")
    found = check(
        Connection(
            name="x",
            type="custom_api",
            provider="p",
            credential_names=("api_key",),
            config={**feed.config, **config},
        )
    )

    assert [one.code for one in found] == ["R406"]
