"""SSH keys as recipients and identities."""

from __future__ import annotations

import shutil
import subprocess
import sys
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    generate_private_key as generate_rsa,
)

from reconciler.adapters.sops import Recipients, load_keyring, seal, unseal
from reconciler.adapters.sops.age.kinds import NotOursError
from reconciler.adapters.sops.age.ssh import read_private_key
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import (
    NOW,
    NOWHERE,
    PLAIN,
    RECIPIENT,
    VECTORS,
    Person,
    own_keyring,
    sealed,
    typed_documents,
)

PASSPHRASE = "open sesame"
ED25519 = Ed25519PrivateKey.generate()
RSA = generate_rsa(65537, 2048)
KEYS = {"id_ed25519": ED25519, "id_rsa": RSA}
both = pytest.mark.parametrize("name", KEYS)


def public_of(key) -> str:
    raw = key.public_key().public_bytes(
        form.Encoding.OpenSSH, form.PublicFormat.OpenSSH
    )
    return raw.decode()


def private_of(key, passphrase="", shape=form.PrivateFormat.OpenSSH) -> bytes:
    shut = (
        form.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else form.NoEncryption()
    )
    return key.private_bytes(form.Encoding.PEM, shape, shut)


def sealed_for(*keys, others=()) -> str:
    names = [*others, *(f"{public_of(key)} me@host" for key in keys)]
    return seal(PLAIN, file="f", recipients=Recipients.of(names), now=NOW)


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".ssh").mkdir()
    return tmp_path


@both
def test_the_keys_of_the_home_folder_open_what_is_sealed_for_them(home, name):
    (home / ".ssh" / name).write_bytes(private_of(KEYS[name]))
    keyring = load_keyring({}, home=home)

    assert unseal(sealed_for(KEYS[name]), file="f", keyring=keyring).credentials
    assert f"{home / '.ssh' / name}: 1 SSH key" in keyring.looked_in
    assert not keyring.is_empty


@both
def test_a_file_can_be_named(tmp_path, name):
    file = tmp_path / "mine"
    file.write_bytes(private_of(KEYS[name]))
    env = {"SOPS_AGE_SSH_PRIVATE_KEY_FILE": str(file)}
    keyring = load_keyring(env, home=NOWHERE)

    assert unseal(sealed_for(KEYS[name]), file="f", keyring=keyring).credentials
    assert f"SOPS_AGE_SSH_PRIVATE_KEY_FILE={file}: 1 SSH key" in keyring.looked_in


def test_a_command_is_asked_only_for_ssh_keys(tmp_path):
    log, key = tmp_path / "log", tmp_path / "key"
    key.write_bytes(private_of(ED25519))
    code = (
        "import os, pathlib, sys\n"
        f"log = pathlib.Path({str(log)!r})\n"
        "log.open('a').write(os.environ['SOPS_AGE_RECIPIENT'] + '\\n')\n"
        f"sys.stdout.write(pathlib.Path({str(key)!r}).read_text())\n"
    )
    script = tmp_path / "ask.py"
    script.write_text(code)
    env = {"SOPS_AGE_SSH_PRIVATE_KEY_CMD": f"'{sys.executable}' '{script}'"}
    keyring = load_keyring(env, home=NOWHERE)
    text = sealed_for(ED25519, others=[RECIPIENT])

    for _ in range(2):
        assert unseal(text, file="f", keyring=keyring).credentials
    assert log.read_text() == f"{public_of(ED25519)} me@host\n"


@both
def test_a_passphrase_is_asked_for_once_and_only_when_the_key_fits(home, name):
    path = home / ".ssh" / name
    path.write_bytes(private_of(KEYS[name], PASSPHRASE))
    person = Person(PASSPHRASE)
    keyring = load_keyring({}, home=home, ask_passphrase=person)

    other = Ed25519PrivateKey.generate()
    with pytest.raises(SecretError):
        unseal(sealed_for(other), file="f", keyring=keyring)
    with pytest.raises(SecretError):
        unseal(sealed(), file="f", keyring=keyring)
    assert person.questions == []
    for _ in range(2):
        assert unseal(sealed_for(KEYS[name]), file="f", keyring=keyring).credentials
    assert person.questions == [f"Passphrase of {path}"]
    assert f"{path}: 1 SSH key, with a passphrase" in keyring.looked_in


def test_nobody_is_asked_when_another_key_opens_the_file(home):
    (home / ".ssh" / "id_ed25519").write_bytes(private_of(ED25519, PASSPHRASE))
    (home / ".ssh" / "id_rsa").write_bytes(private_of(RSA))
    person = Person(PASSPHRASE)
    keyring = load_keyring({}, home=home, ask_passphrase=person)

    assert unseal(sealed_for(ED25519, RSA), file="f", keyring=keyring).credentials
    assert person.questions == []


def test_of_one_key_in_two_forms_the_bare_one_is_used(home):
    (home / "mine").write_bytes(private_of(ED25519, PASSPHRASE))
    (home / ".ssh" / "id_ed25519").write_bytes(private_of(ED25519))
    env = {"SOPS_AGE_SSH_PRIVATE_KEY_FILE": str(home / "mine")}
    keyring = load_keyring(env, home=home)

    assert unseal(sealed_for(ED25519), file="f", keyring=keyring).credentials


@pytest.mark.parametrize(
    ("person", "remark", "asked"),
    [
        (None, "needs a passphrase, and no terminal is there to ask at", 0),
        (Person(), "needs a passphrase, which was not given", 1),
        (Person("a", "b", "c", "d"), "the passphrase was wrong", 3),
    ],
)
def test_a_passphrase_that_nobody_knows_is_told(home, person, remark, asked):
    path = home / ".ssh" / "id_ed25519"
    path.write_bytes(private_of(ED25519, PASSPHRASE))
    keyring = load_keyring({}, home=home, ask_passphrase=person)

    for _ in range(2):
        with pytest.raises(SecretError, match=remark) as refusal:
            unseal(sealed_for(ED25519), file="f", keyring=keyring)
        assert f"{path}: {remark}" in str(refusal.value)
    if person:
        assert len(person.questions) == asked


def test_a_wrong_passphrase_is_asked_for_again(home):
    path = home / ".ssh" / "id_ed25519"
    path.write_bytes(private_of(ED25519, PASSPHRASE))
    person = Person("wrong", PASSPHRASE)
    keyring = load_keyring({}, home=home, ask_passphrase=person)

    assert unseal(sealed_for(ED25519), file="f", keyring=keyring).credentials
    assert person.questions[1] == f"That was wrong. Passphrase of {path}"


OLD = form.PrivateFormat.TraditionalOpenSSL
PKCS8 = form.PrivateFormat.PKCS8


@pytest.mark.parametrize("shape", [OLD, PKCS8])
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_old_forms_of_keys_are_read(home, shape, passphrase):
    (home / ".ssh" / "id_rsa").write_bytes(private_of(RSA, passphrase, shape))
    (home / ".ssh" / "id_rsa.pub").write_text(f"{public_of(RSA)} me@host\n")
    keyring = load_keyring({}, home=home, ask_passphrase=Person(PASSPHRASE))

    assert unseal(sealed_for(RSA), file="f", keyring=keyring).credentials


def test_an_old_form_without_its_public_key():
    bare = read_private_key(private_of(RSA, shape=OLD), name="k", ask=None, public="")

    assert bare.recipient == public_of(RSA)
    with pytest.raises(SecretError, match=r"\.pub\) is not beside it"):
        read_private_key(private_of(RSA, "x", OLD), name="k", ask=None, public="")


@pytest.mark.parametrize(
    ("raw", "remark"),
    [
        (b"hunter2", "not an SSH private key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2", "not an SSH private key"),
        (private_of(ED25519)[:80], "not an SSH private key"),
        (private_of(generate_private_key(SECP256R1())), "ecdsa-sha2-nistp256, which"),
    ],
)
def test_what_cannot_be_used_is_a_remark(home, raw, remark):
    (home / ".ssh" / "id_rsa").write_bytes(raw)
    keyring = load_keyring({}, home=home)

    assert keyring.is_empty
    assert any(remark in line for line in keyring.looked_in)
    assert "hunter2" not in repr(keyring)


def test_a_damaged_key_is_told_when_it_is_needed(home):
    first, *lines, last = private_of(ED25519).splitlines()
    body = bytearray(b64decode(b"".join(lines)))
    public = b64decode(public_of(ED25519).split()[1])
    body[body.index(public) + len(public) + 4] ^= 1  # the first of two equal numbers
    damaged = b"\n".join([first, b64encode(body), last])
    (home / ".ssh" / "id_ed25519").write_bytes(damaged)

    with pytest.raises(SecretError, match="id_ed25519: the SSH key is damaged"):
        unseal(sealed_for(ED25519), file="f", keyring=load_keyring({}, home=home))


def test_ssh_keys_are_no_recipients_of_new_files_by_themselves(home):
    (home / ".ssh" / "id_ed25519").write_bytes(private_of(ED25519))

    assert load_keyring({}, home=home).recipients == ()
    assert own_keyring().recipients == (RECIPIENT,)


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
def test_the_payload_of_the_unit_test_of_sops_opens():
    folder = VECTORS / "getsops-age-unit"
    raw = b64decode((folder / "ssh_identity.b64").read_bytes())
    key = read_private_key(raw, name="k", ask=None, public="")

    assert key.recipient in (folder / "ssh_recipient.txt").read_text()
    assert key.unwrap((folder / "enc_ssh_ed25519.age").read_text()) == b"data"
    with pytest.raises(NotOursError):
        key.unwrap((folder / "enc_x25519.age").read_text())


@pytest.mark.skipif(not shutil.which("sops"), reason="sops is not installed")
@both
def test_real_sops_opens_what_we_sealed_and_we_what_it_sealed(home, name):
    (home / ".ssh" / name).write_bytes(private_of(KEYS[name]))
    file = home / "f.yaml"
    file.write_text(sealed_for(KEYS[name]))
    sops, env = shutil.which("sops"), {"HOME": str(home)}

    shown = subprocess.run(
        [sops, "-d", file], env=env, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    opened = typed_documents(shown.stdout)[0]["credentials"]
    assert opened == typed_documents(PLAIN)[0]["credentials"]
    subprocess.run([sops, "rotate", "-i", file], env=env, check=True)
    keyring = load_keyring({}, home=home)
    assert unseal(file.read_text(), file="f", keyring=keyring).credentials


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not here")
def test_a_key_that_openssh_protected_opens(home):
    path = home / ".ssh" / "id_ed25519"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", path]
    subprocess.run(command, check=True)
    public = path.with_name("id_ed25519.pub").read_text().strip()
    text = seal(PLAIN, file="f", recipients=Recipients.of([public]), now=NOW)
    keyring = load_keyring({}, home=home, ask_passphrase=Person(PASSPHRASE))

    assert unseal(text, file="f", keyring=keyring).credentials
