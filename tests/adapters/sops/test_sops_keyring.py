"""Where identities come from, and what is said when none fits."""

from __future__ import annotations

import sys

import pytest

from reconciler.adapters.sops import (
    Recipients,
    generate_identity,
    load_keyring,
    seal,
    unseal,
)
from reconciler.adapters.sops.age import Kind, kind_of, unwrap, wrap
from reconciler.adapters.sops.keyring import default_key_file
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret
from tests.adapters.sops.sops_helpers import (
    IDENTITY,
    NOW,
    NOWHERE,
    PLAIN,
    RECIPIENT,
    keyring_of,
    sealed,
)

SEALED = sealed()
BARE = IDENTITY.reveal().splitlines()[-1]


def test_a_new_identity_is_a_key_file_that_sops_reads():
    secret, public = generate_identity(NOW)
    lines = secret.reveal().splitlines()

    assert lines[:2] == ["# created: 2026-11-22T12:00:00Z", f"# public key: {public}"]
    assert lines[2].startswith("AGE-SECRET-KEY-1")
    assert keyring_of(secret.reveal()).recipients == (public,)


def test_all_sources_are_merged(tmp_path):
    second, other = generate_identity(NOW)
    third, another = generate_identity(NOW)
    file = tmp_path / "mine.txt"
    file.write_text(second.reveal())
    default = tmp_path / ".config" / "sops" / "age" / "keys.txt"
    default.parent.mkdir(parents=True)
    default.write_bytes(third.reveal().replace("\n", "\r\n").encode())
    env = {"SOPS_AGE_KEY": BARE, "SOPS_AGE_KEY_FILE": str(file)}
    keyring = load_keyring(env, home=tmp_path)

    assert keyring.recipients == (RECIPIENT, other, another)
    assert not keyring.is_empty
    assert [line.rsplit(": ", 1)[1] for line in keyring.looked_in] == [
        "1 identity", "1 identity", "1 identity", "not set",
    ]  # fmt: skip


def test_several_identities_may_stand_on_one_line():
    other_identity, other = generate_identity(NOW)
    bare = other_identity.reveal().split()[-1]

    assert keyring_of(f"{BARE} {bare}").recipients == (RECIPIENT, other)


@pytest.mark.skipif(sys.platform != "linux", reason="paths differ per platform")
def test_the_default_file_follows_the_platform(tmp_path):
    assert default_key_file({}, home=tmp_path) == (
        tmp_path / ".config" / "sops" / "age" / "keys.txt"
    )
    env = {"XDG_CONFIG_HOME": str(tmp_path / "x")}
    assert default_key_file(env, home=NOWHERE) == (
        tmp_path / "x" / "sops" / "age" / "keys.txt"
    )


def test_without_any_source_the_keyring_is_empty_and_says_where_it_looked():
    keyring = load_keyring({}, home=NOWHERE)

    assert keyring.is_empty
    assert keyring.looked_in == (
        "SOPS_AGE_KEY: not set",
        "SOPS_AGE_KEY_FILE: not set",
        f"{default_key_file({}, home=NOWHERE)}: does not exist",
        "SOPS_AGE_KEY_CMD: not set",
    )


@pytest.mark.parametrize(
    ("line", "remark"),
    [
        ("AGE-SECRET-KEY-PQ-1ABC", "post-quantum"),
        ("AGE-PLUGIN-YUBIKEY-1ABC", "plug-in"),
        ("hunter2", "is not an age identity"),
        ("AGE-SECRET-KEY-1HUNTER2", "is not a valid age identity"),
    ],
)
def test_a_line_that_cannot_be_used_spoils_no_other_and_is_never_shown(line, remark):
    keyring = keyring_of(f"# mine\n{line}\n{BARE}\n")

    assert keyring.recipients == (RECIPIENT,)
    assert "1 identity; line 2 " in keyring.looked_in[0]
    assert remark in keyring.looked_in[0]
    assert "hunter2" not in repr(keyring).lower()


@pytest.mark.parametrize("start", ["age-encryption.org/v1\n", "-----BEGIN AGE ENCRY"])
def test_a_protected_identity_file_is_named(start, tmp_path):
    file = tmp_path / "keys"
    file.write_text(start)
    keyring = load_keyring({"SOPS_AGE_KEY_FILE": str(file)}, home=NOWHERE)

    assert "passphrase, which is not supported yet" in keyring.looked_in[1]


def test_sources_that_cannot_be_read_are_notes(tmp_path):
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")

    for path in (tmp_path, binary):
        keyring = load_keyring({"SOPS_AGE_KEY_FILE": str(path)}, home=NOWHERE)
        assert keyring.is_empty
        assert str(path) in keyring.looked_in[1]


def test_no_key_is_ever_printed():
    keyring = keyring_of(IDENTITY.reveal())

    assert "AGE-SECRET" not in repr(keyring) + str(keyring.identities)


def command(tmp_path, code: str) -> dict[str, str]:
    script = tmp_path / "ask me.py"
    script.write_text(code)
    return {"SOPS_AGE_KEY_CMD": f'"{sys.executable}" "{script}"'}


def test_the_command_is_asked_for_the_recipient_without_a_shell(tmp_path):
    log = tmp_path / "log"
    code = (
        "import os, pathlib\n"
        f"log = pathlib.Path({str(log)!r})\n"
        "log.open('a').write(os.environ['SOPS_AGE_RECIPIENT'] + '\\n')\n"
        f"print({BARE!r})\n"
    )
    keyring = load_keyring(command(tmp_path, code), home=NOWHERE)

    assert not keyring.is_empty
    for _ in range(2):
        unseal(SEALED, file="f", keyring=keyring)
    assert log.read_text() == f"{RECIPIENT}\n"


def test_a_command_that_fails_is_told_when_nothing_opens_the_file(tmp_path):
    code = "import sys; print('hunter2'); sys.exit('hunter2')"
    keyring = load_keyring(command(tmp_path, code), home=NOWHERE)

    with pytest.raises(SecretError, match="exited with 1") as refusal:
        unseal(SEALED, file="f", keyring=keyring)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("text", ["/nonexistent/program", "'open"])
def test_a_command_that_cannot_run_is_a_note(text):
    keyring = load_keyring({"SOPS_AGE_KEY_CMD": text}, home=NOWHERE)

    with pytest.raises(SecretError, match="SOPS_AGE_KEY_CMD"):
        unseal(SEALED, file="f", keyring=keyring)


def test_our_own_stanza_is_tried_first_and_only():
    """Ten recipients must not cost ten attempts."""
    others = [generate_identity(NOW)[1] for _ in range(9)]
    text = seal(
        PLAIN, file="f", recipients=Recipients.of([*others, RECIPIENT]), now=NOW
    )
    from reconciler.adapters.sops.block import read_metadata
    from reconciler.adapters.sops.keyring import _attempts
    from tests.adapters.sops.sops_helpers import typed_documents

    metadata = read_metadata(typed_documents(text)[0], file="f")
    stanza, identities = next(_attempts(metadata.wrapped.stanzas, keyring_of(BARE)))
    assert stanza.recipient == RECIPIENT
    assert [one.recipient for one in identities] == [RECIPIENT]


def test_a_stanza_with_a_wrong_label_is_still_opened():
    text = SEALED.replace(f"recipient: {RECIPIENT}", "recipient: age1wrong")

    assert unseal(text, file="f", keyring=keyring_of(BARE)).credentials


def test_a_damaged_stanza_opens_nothing():
    text = SEALED.replace("YWdlLWVuY3J5cHRpb24", "YWdlLWVuY3J5cHRpb25")

    with pytest.raises(SecretError) as refusal:
        unseal(text, file="f", keyring=keyring_of(BARE))
    assert refusal.value.code == 128


def test_what_is_wrapped_is_unwrapped_also_when_indented():
    armoured = wrap(RECIPIENT, b"k" * 32)

    assert unwrap(f"\n{armoured}\n", [Secret(BARE)]) == b"k" * 32


@pytest.mark.parametrize(
    ("recipient", "kind"),
    [
        ("age1xyz", Kind.X25519), ("age1pq1xyz", Kind.POST_QUANTUM),
        ("age1yubikey1qxyz", Kind.PLUGIN), ("ssh-rsa AAAA", Kind.SSH),
        ("someone", Kind.UNKNOWN),
    ],
)  # fmt: skip
def test_kinds_of_recipients(recipient, kind):
    assert kind_of(recipient) is kind
