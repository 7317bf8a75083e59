"""Laravel's payloads, however the panel made them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.importing.laravel import (
    PayloadError,
    WrongKeyError,
    looks_like_payload,
    open_payload,
    read_keys,
)
from reconciler.adapters.importing.php_values import PhpError, unserialize
from reconciler.core.errors import InputError
from tests.adapters.importing.laravel_writer import (
    APP_KEY,
    KEY,
    OTHER_KEY,
    WAYS,
    cbc_payload,
    gcm_payload,
    php,
    sealed,
)

CREDENTIALS = {"api_key": "k\"'é漢", "timeout": 30}
BY_NODE_CBC = (
    "eyJpdiI6Im9LR2lvNlNscHFlb3FhcXJySzJ1cnc9PSIsInZhbHVlIjoiS24zUVViTHF0c1NFa2VHVWc0"
    "QWVKV1drSWZ4akQzbm5HVWZVNm1NL005SGluUjlFbUpwcEJRRTliUlhqWExhNiIsIm1hYyI6ImE4ZGUx"
    "MjhkMTlhNzA4MmE4YzIxM2RkMjZkZTFlNjliODljY2MxZTdhOTYwYmZjYjZjOWY0MTI4YTQ2MGJkMmIi"
    "LCJ0YWciOiIifQ=="
)
BY_NODE_GCM = (
    "eyJpdiI6InNMR3lzN1MxdHJlNHVicTciLCJ2YWx1ZSI6IjRuYzcyNFdTMERvKzJxMkFwbkJMYTZZUWE3"
    "dzNGTHdGSXc9PSIsIm1hYyI6IiIsInRhZyI6IlJuc2NPcVpyUUhiaGVTTnMvNk1EaWc9PSJ9"
)
"""Made with Node's crypto module and the key 00 01 … 1f."""


def opened(payload, *keys):
    found = open_payload(payload, read_keys(keys or (APP_KEY,)))
    return json.loads(found) if isinstance(found, str) else found


@pytest.mark.parametrize("how", WAYS)
def test_every_way_of_sealing_opens(how):
    assert opened(sealed(CREDENTIALS, how=how)) == CREDENTIALS


@pytest.mark.parametrize("payload", [BY_NODE_CBC, BY_NODE_GCM])
def test_payloads_of_another_program_open(payload):
    assert opened(payload) == {"api_key": "k-é", "n": 30}


def test_a_key_of_sixteen_bytes_is_aes_128():
    key = b"sixteen bytes!!!"

    assert opened(sealed(CREDENTIALS, key=key), key.decode()) == CREDENTIALS


@pytest.mark.parametrize("how", WAYS)
def test_previous_keys_are_tried_in_order(how):
    payload = sealed(CREDENTIALS, how=how)

    assert opened(payload, OTHER_KEY, APP_KEY) == CREDENTIALS
    with pytest.raises(WrongKeyError):
        opened(payload, OTHER_KEY)


@pytest.mark.parametrize("make", [cbc_payload, gcm_payload])
@pytest.mark.parametrize("part", ["iv", "value", "mac", "tag"])
def test_a_changed_payload_does_not_open(make, part):
    data = json.loads(base64.b64decode(make(b"{}")))
    if not data[part]:
        return
    data[part] = ("B" if data[part][0] == "A" else "A") + data[part][1:]
    payload = base64.b64encode(json.dumps(data).encode()).decode()

    with pytest.raises(PayloadError):
        opened(payload)


@pytest.mark.parametrize(
    "text", ["", "x", "base64:", "base64:AAAA", "base64:é", "0123456789abcdef0"]
)
def test_what_is_no_key_is_refused_without_showing_it(text):
    if not text:
        assert read_keys([text]).keys == ()
        return
    with pytest.raises(InputError, match="the APP_KEY is no Laravel key") as caught:
        read_keys([text])

    assert text not in str(caught.value).replace("'base64:'", "")


def test_keys_do_not_show_themselves():
    assert repr(read_keys([APP_KEY])) == "AppKeys()"
    assert read_keys([f' "{APP_KEY}" ']).keys == (KEY,)


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_rubbish_raises_our_error_only(text):
    keys = read_keys([APP_KEY])
    assert not looks_like_payload(text) or isinstance(text, str)
    for payload in (text, base64.b64encode(text.encode("utf-8", "replace")).decode()):
        with pytest.raises(PayloadError):
            open_payload(payload, keys)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(st.text("abcé", min_size=1, max_size=4), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(plain)
@settings(max_examples=200, deadline=None)
def test_serialised_values_come_back(value):
    assert unserialize(php(value)) == value


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_broken_serialised_values_raise_our_error_only(data):
    for text in (data, b"a:2:{" + data, b's:3:"' + data):
        try:
            unserialize(text)
        except PhpError:
            continue


@pytest.mark.parametrize(
    "text",
    [
        b'O:8:"stdClass":1:{s:1:"a";i:1;}',
        b'C:3:"Foo":2:{xx}',
        b'a:1:{s:1:"a";O:8:"stdClass":0:{}}',
        b"a:1:{i:0;r:1;}",
        b"a:1:{i:0;R:1;}",
        b'E:7:"Foo:Bar";',
        b"a:1:{i:0;" * 40 + b"N;" + b"}" * 40,
        b's:2:"abc";',
        b"a:999999:{}",
        b"i:1;i:2;",
    ],
)
def test_objects_references_and_nests_stay_shut(text):
    with pytest.raises(PhpError):
        unserialize(text)
    with pytest.raises(PayloadError):
        open_payload(cbc_payload(text), read_keys([APP_KEY]))
