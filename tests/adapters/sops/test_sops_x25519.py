"""The quick way to open the common kind of key agrees with pyrage's."""

from __future__ import annotations

import hmac

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.sops.age import x25519
from reconciler.adapters.sops.age.age_file import hmac_sha256
from reconciler.adapters.sops.age.kinds import NotOursError
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret
from tests.adapters.sops.sops_helpers import IDENTITY, RECIPIENT, VECTORS

LINE = Secret(IDENTITY.reveal().split()[-1])
KEY = x25519.read_identity(LINE)
OURS = pyrage.x25519.Recipient.from_str(RECIPIENT)
OTHER = pyrage.x25519.Identity.generate().to_public()


def encrypted(plain, *recipients):
    return pyrage.encrypt(plain, list(recipients), armored=True).decode()


TEXT = encrypted(b"k" * 32, OURS)


@given(st.binary(min_size=1, max_size=100))
@settings(deadline=None)
def test_what_pyrage_writes_opens_without_it(plain):
    assert x25519._opened(KEY, encrypted(plain, OURS)) == plain


def test_the_recipient_is_the_one_that_pyrage_tells():
    assert KEY.recipient == RECIPIENT
    assert LINE.reveal() not in repr(KEY)


def test_a_file_for_another_key_is_not_ours():
    with pytest.raises(NotOursError):
        x25519.unwrap(KEY, encrypted(b"k" * 32, OTHER))


@pytest.mark.parametrize("order", [(OURS, OTHER), (OTHER, OURS)])
def test_files_of_another_form_are_left_to_pyrage(order):
    assert x25519.unwrap(KEY, encrypted(b"k" * 32, *order)) == b"k" * 32


def test_a_long_payload_is_left_to_pyrage():
    plain = bytes(70_000)

    assert x25519.unwrap(KEY, encrypted(plain, OURS)) == plain


@given(st.data())
@settings(deadline=None)
def test_a_changed_file_that_opens_there_opens_here_as_well(data):
    at = data.draw(st.integers(0, len(TEXT) - 1))
    letter = data.draw(st.sampled_from("ABab01+/=- \n"))
    changed = TEXT[:at] + letter + TEXT[at + 1 :]
    identity = pyrage.x25519.Identity.from_str(LINE.reveal())

    try:
        theirs = pyrage.decrypt(changed.strip().encode(), [identity])
    except pyrage.DecryptError:
        theirs = None
    try:
        ours = x25519.unwrap(KEY, changed)
    except NotOursError:
        ours = None
    assert theirs in (ours, None)
    assert ours in (None, b"k" * 32)


@pytest.mark.parametrize("line", ["AGE-SECRET-KEY-1HUNTER2", "", "age1x"])
def test_what_is_no_identity_is_refused_without_showing_it(line):
    with pytest.raises(SecretError) as refusal:
        x25519.read_identity(Secret(line))

    assert str(refusal.value) == "not a valid age identity"


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
def test_the_payload_of_the_unit_test_of_sops_opens():
    folder = VECTORS / "getsops-age-unit"
    key = x25519.read_identity(Secret((folder / "identity.txt").read_text().strip()))

    assert x25519.unwrap(key, (folder / "enc_x25519.age").read_text()) == b"data"


@given(st.binary(max_size=140), st.binary(max_size=200))
def test_the_quick_hmac_is_that_of_the_standard_library(key, text):
    assert hmac_sha256(key, text) == hmac.digest(key, text, "sha256")
