"""hummingbot's sealed values: Ethereum's key files, and Keccak as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.importing.hummingbot import KeyFileError, open_key_file
from reconciler.adapters.importing.keccak import keccak_256
from tests.adapters.importing.hummingbot_writer import key_file

PUBLISHED = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e1"
        "6f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "version": 3,
}
"""The test vector of the Web3 Secret Storage Definition; its secret is 32 bytes."""


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        (
            b"The quick brown fox jumps over the lazy dog",
            "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15",
        ),
    ],
)
def test_keccak_gives_the_published_digests(data, digest):
    assert keccak_256(data).hex() == digest


def test_the_published_key_file_opens_and_a_wrong_password_does_not():
    text = json.dumps(PUBLISHED).encode()

    with pytest.raises(KeyFileError, match="what it holds is not text"):
        open_key_file(text, "testpassword")
    with pytest.raises(KeyFileError, match="the password is wrong"):
        open_key_file(text, "another")


@pytest.mark.parametrize("kdf", ["pbkdf2", "scrypt"])
@given(text=st.text(min_size=1, max_size=300))
@settings(max_examples=20, deadline=None)
def test_every_text_comes_back(kdf, text):
    assert open_key_file(key_file(text, "pä ss", kdf=kdf), "pä ss") == text


BROKEN = [
    lambda crypto: crypto.pop("mac"),
    lambda crypto: crypto.update(kdf="argon2"),
    lambda crypto: crypto.update(cipher="aes-128-cbc"),
    lambda crypto: crypto["kdfparams"].update(c=10**12),
    lambda crypto: crypto["kdfparams"].update(c="many"),
    lambda crypto: crypto.update(kdf="scrypt", kdfparams={"salt": "", "n": 2**30}),
    lambda crypto: crypto.update(
        kdf="scrypt", kdfparams={"salt": "", "n": 2**30, "r": 8, "p": 1}
    ),
    lambda crypto: crypto.update(
        kdf="scrypt", kdfparams={"salt": "", "n": 3, "r": 8, "p": 1}
    ),
    lambda crypto: crypto.update(ciphertext="zz"),
    lambda crypto: crypto.update(cipherparams=[]),
    lambda crypto: crypto["cipherparams"].update(iv="00" * 17),
]


@pytest.mark.parametrize("break_it", BROKEN, ids=map(str, range(len(BROKEN))))
def test_a_hostile_key_file_ends_in_a_sentence(break_it):
    data = json.loads(key_file("the-secret", "pw"))
    break_it(data["crypto"])

    with pytest.raises(KeyFileError) as caught:
        open_key_file(json.dumps(data).encode(), "pw")

    assert "the-secret" not in str(caught.value)
