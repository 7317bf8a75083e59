"""The digest that ties credentials to the place they may be sent to."""

from __future__ import annotations

import hashlib
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.binding import BOUND_FIELDS, binding_digest, bound_fields
from reconciler.core.errors import InputError

DATA = {
    "version": 1,
    "type": "custom_api",
    "provider": "feed",
    "owner": "user:alice",
    "config": {"endpoint": "https://a.test", "rate_limit": 10},
    "settings": {"symbols": ["AAPL"]},
}
OTHER = {
    "type": "mtapi",
    "provider": "other",
    "owner": "admin",
    "config": {"endpoint": "https://evil.test", "rate_limit": 10},
}


def test_the_digest_is_sha256_of_the_canonical_json_of_the_four_fields():
    canonical = (
        '{"config":{"endpoint":"https://a.test","rate_limit":10},'
        '"owner":"user:alice","provider":"feed","type":"custom_api"}'
    )

    assert hashlib.sha256(canonical.encode()).hexdigest() == binding_digest(DATA)


def test_left_out_fields_equal_their_defaults():
    short = {"type": "ccxt_crypto", "provider": "binance"}
    full = {**short, "owner": "admin", "config": {}}

    assert binding_digest(full) == binding_digest(short)
    assert binding_digest(full) == binding_digest({**full, "owner": None})


@pytest.mark.parametrize("name", BOUND_FIELDS)
def test_every_bound_field_changes_the_digest(name):
    assert binding_digest(DATA) != binding_digest({**DATA, name: OTHER[name]})


@pytest.mark.parametrize("name", ["settings", "labels", "active", "credentials"])
def test_other_fields_do_not(name):
    assert binding_digest(DATA) == binding_digest({**DATA, name: "changed"})


@settings(deadline=None)
@given(st.dictionaries(st.text(string.ascii_letters, min_size=1), st.integers(0, 99)))
def test_the_order_of_keys_does_not_matter(config):
    backwards = dict(reversed(config.items()))

    assert binding_digest({"config": config}) == binding_digest({"config": backwards})


@pytest.mark.parametrize("value", [2**60, float("inf"), "\ud800"])
def test_a_value_without_portable_form_is_an_input_error(value):
    with pytest.raises(InputError, match="quoted text"):
        binding_digest({**DATA, "config": {"x": value}})


def test_messages_can_name_the_fields():
    assert bound_fields() == "type, provider, owner and config"
