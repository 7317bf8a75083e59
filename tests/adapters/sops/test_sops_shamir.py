"""Data keys that only several groups open together."""

from __future__ import annotations

import shutil
import subprocess
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.sops import (
    Recipients,
    decrypt_document,
    generate_identity,
    load_keyring,
    seal,
    unseal,
)
from reconciler.adapters.sops.age.key_groups import wrap_key
from reconciler.adapters.sops.age.keyring import data_key
from reconciler.adapters.sops.age.shamir import combine, split
from reconciler.adapters.sops.block import block_json, block_yaml, read_metadata
from reconciler.adapters.sops.rules import OURS
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import (
    NOW,
    NOWHERE,
    PLAIN,
    VECTORS,
    keyring_of,
    typed_documents,
)

PEOPLE = [generate_identity(NOW) for _ in range(4)]
KEYS = [identity.reveal() for identity, _ in PEOPLE]
NAMES = [public for _, public in PEOPLE]
TWO_OF_THREE = Recipients(
    groups=((NAMES[0],), (NAMES[1], NAMES[3]), (NAMES[2],)), threshold=2
)
KEY = bytes(range(32))
BLOCK = {"stamp": "2026-11-22T12:00:00Z", "mac": "ENC[AES256_GCM,data:a,type:str]"}


@st.composite
def schemes(draw):
    shares = draw(st.integers(2, 12))
    return shares, draw(st.integers(2, shares))


@given(schemes(), st.binary(min_size=1, max_size=40), st.randoms())
@settings(deadline=None)
def test_any_threshold_of_shares_gives_the_secret_back(scheme, secret, random):
    count, threshold = scheme
    shares = split(secret, shares=count, threshold=threshold)
    some = random.sample(shares, random.randint(threshold, count))

    assert combine(some) == secret
    assert [share[-1] for share in shares] == list(range(1, count + 1))


@given(schemes().filter(lambda scheme: scheme[1] > 2), st.randoms())
@settings(deadline=None)
def test_fewer_shares_give_something_else(scheme, random):
    count, threshold = scheme
    shares = split(KEY, shares=count, threshold=threshold)

    # 32 bytes by chance: once in 2**256.
    assert combine(random.sample(shares, threshold - 1)) != KEY


def test_one_share_less_says_nothing_about_a_byte():
    """With one of two shares, every value of the secret is equally likely."""
    seen = {combine((b"\x07\x01", bytes([y, 2]))) for y in range(256)}

    assert len(seen) == 256


@pytest.mark.parametrize(
    ("shares", "threshold"), [(1, 1), (3, 1), (3, 4), (256, 2), (2, 0)]
)
def test_impossible_schemes_are_refused(shares, threshold):
    with pytest.raises(ValueError, match="impossible"):
        split(KEY, shares=shares, threshold=threshold)


@pytest.mark.parametrize(
    "shares", [[], [b"a\x01"], [b"a\x01", b"b\x01"], [b"a\x01", b"ab\x02"], [b"", b""]]
)
def test_shares_that_do_not_belong_together_are_refused(shares):
    with pytest.raises(ValueError, match="do not belong together"):
        combine(shares)


@pytest.mark.parametrize("people", [*combinations(range(4), 2), (0, 1, 2)])
def test_two_of_three_groups_open_a_file(people):
    text = seal(PLAIN, file="f", recipients=TWO_OF_THREE, now=NOW)
    keyring = keyring_of("\n".join(KEYS[one] for one in people))

    if set(people) == {1, 3}:  # of the same group
        with pytest.raises(SecretError, match="1 more is needed"):
            unseal(text, file="f", keyring=keyring)
    else:
        assert unseal(text, file="f", keyring=keyring).credentials


def test_no_more_groups_are_opened_than_needed():
    text = seal(PLAIN, file="f", recipients=TWO_OF_THREE, now=NOW)
    damaged = text.replace(f"recipient: {NAMES[2]}", "recipient: age1wrong")

    assert unseal(damaged, file="f", keyring=keyring_of("\n".join(KEYS))).credentials


def test_what_is_missing_is_told_by_group():
    text = seal(PLAIN, file="f", recipients=TWO_OF_THREE, now=NOW)

    with pytest.raises(SecretError) as refusal:
        unseal(text, file="f", keyring=keyring_of(KEYS[3]))
    said = str(refusal.value)
    assert refusal.value.code == 128
    assert "split over 3 key groups, of which 2 must come together; 1 more is" in said
    assert f"Groups: 1 does not open ({NAMES[0]}); 2 opens ({NAMES[1]}," in said
    assert f"3 does not open ({NAMES[2]})." in said


def test_the_block_is_laid_out_as_sops_does():
    wrapped = wrap_key(TWO_OF_THREE, KEY)
    block = typed_documents(block_yaml(wrapped, OURS, **BLOCK))[0]["sops"]
    same = typed_documents(block_json(wrapped, OURS, indent=None, **BLOCK))[0]

    assert list(block) == [
        "encrypted_regex", "key_groups", "lastmodified", "mac", "mac_only_encrypted",
        "shamir_threshold", "version",
    ]  # fmt: skip
    assert [list(group) for group in block["key_groups"]] == [["age", "hc_vault"]] * 3
    assert block["shamir_threshold"] == 2
    assert same == block


def test_what_is_written_is_read_back():
    wrapped = wrap_key(TWO_OF_THREE, KEY)
    document = typed_documents(block_yaml(wrapped, OURS, **BLOCK))[0]

    assert Recipients.in_file(read_metadata(document, file="f").wrapped) == TWO_OF_THREE


def test_without_a_threshold_every_group_is_needed():
    everybody = Recipients(groups=((NAMES[0],), (NAMES[1],)))
    wrapped = wrap_key(everybody, KEY)

    assert wrapped.threshold == 2
    document = typed_documents(block_yaml(wrapped, OURS, **BLOCK))[0]
    del document["sops"]["shamir_threshold"]
    metadata = read_metadata(document, file="f")
    with pytest.raises(SecretError, match="1 more is needed"):
        data_key(metadata, keyring_of(KEYS[0]), file="f")
    assert data_key(metadata, keyring_of("\n".join(KEYS[:2])), file="f") == KEY


@pytest.mark.parametrize(
    ("recipients", "match"),
    [
        (Recipients(groups=(("a",), ())), "key group 2 names no age key"),
        (Recipients(groups=(("a",), ("b",)), threshold=3), "must be from 2 to 2"),
        (Recipients(groups=(("a",), ("b",)), threshold=1), "must be from 2 to 2"),
    ],
)
def test_groups_that_nobody_could_open_are_refused(recipients, match):
    with pytest.raises(SecretError, match=match):
        wrap_key(recipients, KEY)


@pytest.mark.parametrize("threshold", ["1", "4", "two", "true"])
def test_a_damaged_threshold_is_refused(threshold):
    text = block_yaml(wrap_key(TWO_OF_THREE, KEY), OURS, **BLOCK)
    text = text.replace("shamir_threshold: 2", f"shamir_threshold: {threshold}")

    with pytest.raises(SecretError, match="'shamir_threshold' is not from 2 to 3"):
        read_metadata(typed_documents(text)[0], file="f")


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
@pytest.mark.parametrize("names", [*combinations(("1", "2", "3"), 2), "123"])
def test_any_two_keys_open_what_sops_split(names):
    folder = VECTORS / "generated"
    text = (folder / "config_shamir2of3.v3.12.2.enc.yaml").read_text()
    keys = "\n".join((folder / f"key{name}.txt").read_text() for name in names)

    assert "token: " in decrypt_document(text, file="f", keyring=keyring_of(keys))


@pytest.mark.skipif(not shutil.which("sops"), reason="sops is not installed")
def test_real_sops_opens_and_rewrites_what_we_split(tmp_path):
    file = tmp_path / "f.yaml"
    file.write_text(seal(PLAIN, file="f", recipients=TWO_OF_THREE, now=NOW))
    keys = tmp_path / "keys.txt"
    keys.write_text(KEYS[0] + KEYS[3])
    env = {"SOPS_AGE_KEY_FILE": str(keys), "HOME": str(tmp_path), "PATH": ""}
    sops = shutil.which("sops")

    shown = subprocess.run(
        [sops, "-d", file], env=env, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    opened = typed_documents(shown.stdout)[0]["credentials"]
    assert opened == typed_documents(PLAIN)[0]["credentials"]
    subprocess.run([sops, "rotate", "-i", file], env=env, check=True)
    keyring = load_keyring(env, home=NOWHERE)
    assert unseal(file.read_text(), file="f", keyring=keyring).credentials
