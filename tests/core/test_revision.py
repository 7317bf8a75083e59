import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.documents import parse
from reconciler.core.revision import canonical_json, revision_of, short_revision

TEXT = """\
type: ccxt_crypto
provider: binance
credentials: {api_key: "ENC[one]"}
binding: "ENC[bound]"
sops: {mac: "ENC[mac]"}
"""
PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    ),
)


def revision(text):
    return revision_of(parse(text, file="x.yaml")[0].data, name="x")


def test_a_revision_is_a_sha256_and_people_see_twelve_digits():
    assert len(revision(TEXT)) == 64
    assert short_revision(revision(TEXT)) == revision(TEXT)[:12]
    assert short_revision(f"{'a1b2' * 10}-dirty") == "a1b2a1b2a1b2-dirty"


def test_the_digest_of_a_known_document_never_moves():
    assert revision("type: mtapi\nprovider: demo\n") == (
        "8703505d4f8bfd16ec1b6482f8b8f985ce5b5fad80fb56712005cfbcb032afa1"
    )


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("mac]", "other]"),
        TEXT.replace("type:", "# a comment\ntype:   "),
        "\n".join(reversed(TEXT.splitlines())),
        TEXT.replace("binance", "'binance'"),
        TEXT + "name: x\n",
        TEXT + "version: 1\n",
    ],
)
def test_what_does_not_change_the_connection_keeps_the_revision(text):
    assert revision(text) == revision(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("ENC[one]", "ENC[two]"),
        TEXT.replace("ENC[bound]", "ENC[else]"),
        TEXT.replace("binance", "kraken"),
        TEXT + "active: true\n",
        TEXT + "labels: {a: b}\n",
    ],
)
def test_what_the_author_wrote_otherwise_is_another_revision(text):
    assert revision(text) != revision(TEXT)


@given(PLAIN)
def test_the_fast_way_writes_the_same_bytes_as_the_standard(data):
    assert canonical_json(data) == rfc8785.dumps(data)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53])
def test_what_json_cannot_carry_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        canonical_json({"a": value})
