"""Identity files behind a passphrase, and who is asked for it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from contextlib import suppress

import pyrage
import pytest

from reconciler.adapters.sops import (
    Recipients,
    generate_identity,
    load_keyring,
    seal,
    unseal,
)
from reconciler.adapters.sops.age.passphrase import Protected
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import (
    IDENTITY,
    NOW,
    NOWHERE,
    PLAIN,
    VECTORS,
    Person,
    sealed,
)

PASSPHRASE = "open sesame"
LOCKED = pyrage.passphrase.encrypt(IDENTITY.reveal().encode(), PASSPHRASE, armored=True)
BINARY = pyrage.passphrase.encrypt(IDENTITY.reveal().encode(), PASSPHRASE)
SEALED = sealed()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "keys.age"
    path.write_bytes(LOCKED)
    return path


@pytest.mark.parametrize("raw", [LOCKED, BINARY, b"\n" + LOCKED])
def test_the_file_is_opened_when_nothing_else_fits_and_once(file, raw):
    file.write_bytes(raw)
    person = Person(PASSPHRASE)
    env = {"SOPS_AGE_KEY_FILE": str(file)}
    keyring = load_keyring(env, home=NOWHERE, ask_passphrase=person)

    assert person.questions == []
    assert not keyring.is_empty
    for _ in range(2):
        assert unseal(SEALED, file="f", keyring=keyring).credentials
    assert person.questions == [f"Passphrase of {file}"]
    assert f"SOPS_AGE_KEY_FILE={file}: is behind a passphrase" in keyring.looked_in


def test_the_variable_may_hold_it_too():
    env = {"SOPS_AGE_KEY": LOCKED.decode()}
    keyring = load_keyring(env, home=NOWHERE, ask_passphrase=Person(PASSPHRASE))

    assert unseal(SEALED, file="f", keyring=keyring).credentials


def test_nobody_is_asked_when_another_identity_fits(file):
    person = Person(PASSPHRASE)
    env = {"SOPS_AGE_KEY_FILE": str(file), "SOPS_AGE_KEY": IDENTITY.reveal()}
    keyring = load_keyring(env, home=NOWHERE, ask_passphrase=person)

    assert unseal(SEALED, file="f", keyring=keyring).credentials
    assert person.questions == []


@pytest.mark.parametrize(
    ("person", "remark"),
    [
        (None, "needs a passphrase, and no terminal is there to ask at"),
        (Person("wrong"), "needs a passphrase, which was not given"),
    ],
)
def test_a_passphrase_that_nobody_knows_is_told(file, person, remark):
    env = {"SOPS_AGE_KEY_FILE": str(file)}
    keyring = load_keyring(env, home=NOWHERE, ask_passphrase=person)

    for _ in range(2):
        with pytest.raises(SecretError, match=remark) as refusal:
            unseal(SEALED, file="f", keyring=keyring)
        assert refusal.value.code == 128
    assert not person or len(person.questions) == 2


def test_what_it_holds_need_not_fit(file):
    other = generate_identity(NOW)[1]
    text = seal(PLAIN, file="f", recipients=Recipients.of([other]), now=NOW)
    env = {"SOPS_AGE_KEY_FILE": str(file)}
    keyring = load_keyring(env, home=NOWHERE, ask_passphrase=Person(PASSPHRASE))

    with pytest.raises(SecretError, match="no identity opens it"):
        unseal(text, file="f", keyring=keyring)


def test_threads_share_one_question():
    person = Person(PASSPHRASE)
    shut = Protected("it", lambda _: object(), ask=person)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(shut.open())) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert len(found) == 8
    assert len(person.questions) == 1


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
def test_the_encrypted_identity_of_the_unit_test_of_sops_opens():
    folder = VECTORS / "getsops-age-unit"
    passphrase = (folder / "encrypted_identity_passphrase.txt").read_text().strip()
    env = {"SOPS_AGE_KEY_FILE": str(folder / "encrypted_identity.age")}
    keyring = load_keyring(env, home=NOWHERE, ask_passphrase=Person(passphrase))
    identities = keyring.locked[0].open()

    payload = (folder / "enc_x25519.age").read_text()
    recipient = (folder / "recipient.txt").read_text().strip()
    assert [one.recipient for one in identities] == [recipient]
    assert identities[0].unwrap(payload) == b"data"


def environment(file):
    return {
        "SOPS_AGE_KEY_FILE": str(file),
        "HOME": str(file.parent),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
    }


def test_a_terminal_is_asked_unseen(file, tmp_path):
    """The whole program at a terminal; the answer does not show on it."""
    (tmp_path / "f.yaml").write_text(SEALED)
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "decrypt", "f.yaml"],
        cwd=tmp_path,
        env=environment(file),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    while b"Passphrase of" not in said or not said.endswith(b": "):
        said += os.read(ours, 1024)
    os.write(ours, f"{PASSPHRASE}\n".encode())
    out = program.communicate(timeout=60)[0].decode()
    os.set_blocking(ours, False)
    with suppress(OSError):  # nothing more was said
        said += os.read(ours, 1024)
    os.close(ours)

    assert program.returncode == 0
    assert "k$%{}#:" in out
    assert PASSPHRASE.encode() not in said


def test_without_a_terminal_nobody_is_asked(file, tmp_path):
    (tmp_path / "f.yaml").write_text(SEALED)
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "decrypt", "f.yaml"],
        cwd=tmp_path,
        env=environment(file),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "needs a passphrase, and no terminal is there to ask at" in done.stderr
