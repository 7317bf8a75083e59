"""Keys that a quantum computer does not break either, which pyrage cannot use."""

from __future__ import annotations

import importlib.util
import shutil
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.sops import (
    Recipients,
    generate_identity,
    load_keyring,
    seal,
    unseal,
)
from reconciler.adapters.sops.age import bech32, post_quantum
from reconciler.adapters.sops.age.age_file import (
    HeaderStanza,
    open_payload,
    read_age,
    write_age,
)
from reconciler.adapters.sops.age.kinds import NotOursError
from reconciler.adapters.sops.age.wrapping import wrap
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret
from tests.adapters.sops.sops_helpers import (
    NOW,
    NOWHERE,
    PLAIN,
    RECIPIENT,
    VECTORS,
    keyring_of,
    typed_documents,
)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("cryptography.hazmat.primitives.hpke") is None,
    reason="cryptography is too old",
)
KEY = bytes(range(32))
vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")


@pytest.fixture(scope="module")
def pair():
    text, public = generate_identity(NOW, post_quantum_key=True)
    return text.reveal(), public


def test_a_new_identity_is_a_key_file(pair):
    text, public = pair
    lines = text.splitlines()

    assert lines[:2] == ["# created: 2026-11-22T12:00:00Z", f"# public key: {public}"]
    assert lines[2].startswith("AGE-SECRET-KEY-PQ-1")
    assert public.startswith("age1pq1")
    assert keyring_of(text).recipients == (public,)


def test_keygen_writes_it_where_only_its_owner_reads(tmp_path):
    file = tmp_path / "key"
    command = [sys.executable, "-m", "reconciler", "keygen", "--post-quantum"]
    done = subprocess.run(
        [*command, "--output", file], capture_output=True, text=True, check=True
    )

    assert keyring_of(file.read_text()).recipients == (done.stdout.strip(),)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "AGE-SECRET" not in done.stdout + done.stderr


def test_what_is_sealed_for_it_opens_with_it_and_says_what_it_needs(pair):
    text, public = pair
    sealed = seal(
        PLAIN, file="f", recipients=Recipients.of([RECIPIENT, public]), now=NOW
    )

    assert unseal(sealed, file="f", keyring=keyring_of(text)).credentials
    assert "    version: 3.12.0\n" in sealed


def test_another_key_or_a_changed_file_opens_nothing(pair):
    text, public = pair
    key = post_quantum.read_identity(Secret(text.split()[-1]))
    other = post_quantum.read_identity(post_quantum.generate())
    armoured = post_quantum.wrap(public, KEY)
    lines = armoured.splitlines()

    assert post_quantum.unwrap(key, armoured) == KEY
    with pytest.raises(NotOursError):
        post_quantum.unwrap(other, armoured)
    for number in range(1, len(lines) - 1):
        first = "A" if lines[number][5] != "A" else "B"
        line = lines[number][:5] + first + lines[number][6:]
        changed = "\n".join([*lines[:number], line, *lines[number + 1 :]])
        with pytest.raises(NotOursError):
            post_quantum.unwrap(key, changed)


def test_a_file_for_another_kind_of_key_is_not_ours(pair):
    key = post_quantum.read_identity(Secret(pair[0].split()[-1]))

    for text in (wrap(RECIPIENT, KEY), "", "-----BEGIN AGE ENCRYPTED FILE-----"):
        with pytest.raises(NotOursError):
            post_quantum.unwrap(key, text)


@pytest.mark.parametrize(
    "recipient", ["age1pq1abc", "age1pq1", bech32.encode("age1pq", b"x" * 1216)]
)
def test_a_mistyped_recipient_is_named_in_short(recipient):
    with pytest.raises(SecretError, match="not a valid age recipient") as refusal:
        post_quantum.wrap(recipient + "q", KEY)
    assert len(str(refusal.value)) < 200


def test_an_old_library_is_named(pair, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.hpke", None)

    with pytest.raises(SecretError, match="cryptography >= 50"):
        post_quantum.wrap(pair[1], KEY)
    keyring = keyring_of(pair[0])
    assert "line 3: post-quantum keys need the Python package" in keyring.looked_in[0]


@given(st.text("abcdefghij-", min_size=1), st.binary(max_size=60))
def test_bech32_reads_back_what_it_writes(prefix, data):
    text = bech32.encode(prefix, data)

    assert bech32.decode(text) == bech32.decode(text.upper()) == (prefix, data)


@given(st.binary(max_size=40), st.data())
def test_bech32_notices_a_changed_character(data, draw):
    text = bech32.encode("age", data)
    at = draw.draw(st.integers(4, len(text) - 1))
    other = draw.draw(st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
    changed = text[:at] + other + text[at + 1 :]

    if changed != text:
        with pytest.raises(ValueError, match="checksum"):
            bech32.decode(changed)


@pytest.mark.parametrize("text", ["", "1", "age1", "age1Qq", "noseparator", "age1bio"])
def test_what_is_no_bech32_is_refused(text):
    with pytest.raises(ValueError, match=r"bech32|mixed"):
        bech32.decode(text)


@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16))
def test_an_age_file_reads_back_as_written(body, file_key):
    stanza = HeaderStanza(kind="x", arguments=("a", "b"), body=body)
    file = read_age(write_age(stanza, file_key, KEY))

    assert file.stanzas == (stanza,)
    assert open_payload(file, file_key) == KEY
    with pytest.raises(ValueError, match="header was changed"):
        open_payload(file, bytes(byte ^ 1 for byte in file_key))


@vectors
def test_the_identity_of_the_unit_test_of_sops_is_read():
    line = (VECTORS / "getsops-age-unit" / "identity_pq.txt").read_text().strip()

    assert post_quantum.read_identity(Secret(line)).recipient.startswith("age1pq1")


@vectors
@pytest.mark.parametrize(
    "name", ["generated/key_pq.txt", "flux-kustomize-controller/keys__age-pq.txt"]
)
def test_the_public_key_is_the_one_that_age_wrote_down(name):
    text = (VECTORS / name).read_text()

    assert keyring_of(text).recipients == (text.splitlines()[1].split(": ")[1],)


@pytest.mark.skipif(not shutil.which("sops"), reason="sops is not installed")
def test_real_sops_opens_what_we_sealed_and_we_what_it_sealed(pair, tmp_path):
    text, public = pair
    (tmp_path / "keys.txt").write_text(text)
    env = {"SOPS_AGE_KEY_FILE": str(tmp_path / "keys.txt"), "HOME": str(tmp_path)}
    file = tmp_path / "f.yaml"
    file.write_text(seal(PLAIN, file="f", recipients=Recipients.of([public]), now=NOW))
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


@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed")
def test_age_itself_opens_and_writes_the_same(pair, tmp_path):
    text, public = pair
    (tmp_path / "key").write_text(text)
    key = post_quantum.read_identity(Secret(text.split()[-1]))

    ours = post_quantum.wrap(public, KEY).encode()
    command = ["age", "--decrypt", "--identity", tmp_path / "key"]
    done = subprocess.run(command, input=ours, capture_output=True, check=True)
    assert done.stdout == KEY
    command = ["age", "--armor", "--recipient", public]
    done = subprocess.run(command, input=KEY, capture_output=True, check=True)
    assert post_quantum.unwrap(key, done.stdout.decode()) == KEY
