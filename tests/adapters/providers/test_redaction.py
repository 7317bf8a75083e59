"""No spelling of a secret survives, and ordinary words do."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.providers.redaction import Scrubber, make_scrubber
from reconciler.core.secret import MASK, Secret

SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")),
    min_size=8,
    max_size=60,
)
FORMS = {
    "plain": lambda s: s,
    "url": lambda s: quote(s, safe=""),
    "lower url": lambda s: quote(s, safe="").lower(),
    "form": quote_plus,
    "json": lambda s: json.dumps(s)[1:-1],
    "hex": lambda s: s.encode().hex(),
    "HEX": lambda s: s.encode().hex().upper(),
    "base64": lambda s: base64.b64encode(s.encode()).decode().rstrip("="),
}


@given(secret=SECRETS, form=st.sampled_from(sorted(FORMS)))
def test_no_spelling_survives(secret, form):
    hidden = FORMS[form](secret)

    scrubbed = Scrubber([secret]).scrub(f"before {hidden} after")

    assert hidden.lower() not in scrubbed.lower().replace(MASK, "")


@given(secret=SECRETS, user=st.text("abcdefgh", max_size=9))
def test_basic_authentication_is_recognised_at_any_offset(secret, user):
    encoded = base64.b64encode(f"{user}:{secret}".encode()).decode()

    scrubbed = Scrubber([secret]).scrub(f"<{encoded}>")

    assert encoded not in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.example/x?timestamp=1&signature=0123abcdef",
        "{'X-MBX-APIKEY': 'abcdefgh'}",
        '{"KC-API-PASSPHRASE": "abcdefgh"}',
        "Authorization: Bearer abcdefgh.ijkl",
        "Authorization: Basic YWJjOmRlZg==",
        "OK-ACCESS-SIGN: abcdefgh=",
        '{"apiKey": "abcdefgh", "a": 1}',
        "https://user:abcdefgh@proxy.example:3128",
        "?apikey=abcdefgh&symbol=X",
        "password=abcdefgh",
    ],
)
def test_what_looks_like_a_credential_goes_even_if_it_is_unknown(text):
    scrubbed = Scrubber().scrub(text)

    assert MASK in scrubbed
    for part in ("abcdefgh", "0123abcdef", "YWJjOmRlZg"):
        assert part not in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "Invalid KC-API-PASSPHRASE",
        "API-key format invalid.",
        "Invalid API-key, IP, or permissions for action.",
        "Timestamp for this request is outside of the recvWindow.",
        "https://api.binance.com/api/v3/account",
    ],
)
def test_a_providers_sentence_is_left_alone(text):
    assert Scrubber(["a-quite-other-secret"]).scrub(text) == text


def test_text_is_scrubbed_before_it_is_cut():
    secret = "s3cr3t" * 20

    cut = Scrubber([secret]).clean("x" * 290 + secret)

    assert "s3cr3t" not in cut
    assert len(cut) <= 300


def test_a_pem_is_recognised_line_by_line_and_with_folded_ends():
    lines = ["-----BEGIN EC PRIVATE KEY-----", "MHcCAQEEIBabcdefgh", "AwEHoUQD0123456"]
    folded = "\\n".join(lines)

    scrubbed = Scrubber([folded]).scrub(f"a {lines[1]} b " + "\n".join(lines))

    assert lines[1] not in scrubbed
    assert lines[2] not in scrubbed


def test_a_timeout_among_the_credentials_is_no_secret():
    scrub = make_scrubber({"timeout": Secret("3000"), "api_key": Secret("k" * 9)})

    assert scrub.scrub(f"3000 ms {'k' * 9}") == f"3000 ms {MASK}"
    assert "k" not in repr(scrub).replace("Scrubber", "")
