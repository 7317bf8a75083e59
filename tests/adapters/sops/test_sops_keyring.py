"""Where identities come from, and what is said when none fits."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pyrage
import pytest

from reconciler.adapters.sops import (
    Recipients,
    generate_identity,
    load_keyring,
    seal,
    unseal,
)
from reconciler.adapters.sops.age import bech32
from reconciler.adapters.sops.age.identities import Identity
from reconciler.adapters.sops.age.key_groups import KeyGroup, Stanza, WrappedKey
from reconciler.adapters.sops.age.keyring import Keyring, data_key, default_key_file
from reconciler.adapters.sops.age.kinds import Kind, NotOursError, kind_of, shown
from reconciler.adapters.sops.age.wrapping import wrap
from reconciler.adapters.sops.block import Metadata, block_json, block_yaml
from reconciler.adapters.sops.rules import OURS, Rule, RuleKind
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import (
    IDENTITY,
    NOW,
    NOWHERE,
    PLAIN,
    RECIPIENT,
    Person,
    keyring_of,
    sealed,
    typed_documents,
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
        "does not exist", "does not exist", "not set", "not set",
    ]  # fmt: skip


def test_several_identities_may_stand_on_one_line():
    other_identity, other = generate_identity(NOW)
    bare = other_identity.reveal().split()[-1]

    assert keyring_of(f"{BARE} {bare}").recipients == (RECIPIENT, other)


@pytest.mark.parametrize(
    ("platform", "env", "folder"),
    [
        ("linux", {}, "home/.config"),
        ("linux", {"XDG_CONFIG_HOME": "x"}, "x"),
        ("darwin", {}, "home/Library/Application Support"),
        ("darwin", {"XDG_CONFIG_HOME": "x"}, "x"),
        ("win32", {"APPDATA": "roaming", "XDG_CONFIG_HOME": "x"}, "roaming"),
        ("win32", {}, "home/AppData/Roaming"),
    ],
)
def test_the_default_file_follows_the_platform(platform, env, folder):
    path = default_key_file(env, home=Path("home"), platform=platform)

    assert path == Path(folder) / "sops" / "age" / "keys.txt"


def test_without_any_source_the_keyring_is_empty_and_says_where_it_looked():
    keyring = load_keyring({}, home=NOWHERE)

    assert keyring.is_empty
    assert keyring.looked_in == (
        "SOPS_AGE_KEY: not set",
        "SOPS_AGE_KEY_FILE: not set",
        f"{default_key_file({}, home=NOWHERE)}: does not exist",
        "SOPS_AGE_SSH_PRIVATE_KEY_FILE: not set",
        f"{NOWHERE}/.ssh/id_ed25519: does not exist",
        f"{NOWHERE}/.ssh/id_rsa: does not exist",
        "SOPS_AGE_KEY_CMD: not set",
        "SOPS_AGE_SSH_PRIVATE_KEY_CMD: not set",
    )


@pytest.mark.parametrize(
    ("line", "remark"),
    [
        ("AGE-SECRET-KEY-PQ-1HUNTER2", "not a valid age identity"),
        ("AGE-PLUGIN-HUNTER2-1ABC", "not a valid age identity"),
        ("hunter2", "not an age identity"),
        ("AGE-SECRET-KEY-1HUNTER2", "not a valid age identity"),
    ],
)
def test_a_line_that_cannot_be_used_spoils_no_other_and_is_never_shown(line, remark):
    keyring = keyring_of(f"# mine\n{line}\n{BARE}\n")

    assert keyring.recipients == (RECIPIENT,)
    assert "1 identity; line 2: " in keyring.looked_in[0]
    assert remark in keyring.looked_in[0]
    assert "hunter2" not in repr(keyring).lower()


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


def test_a_command_that_failed_is_asked_again_after_a_minute(tmp_path):
    log, now = tmp_path / "log", [100.0]
    code = (
        "import pathlib, sys\n"
        f"log = pathlib.Path({str(log)!r})\n"
        "log.open('a').write('x')\n"
        f"print({BARE!r}) if len(log.read_text()) > 1 else sys.exit(1)\n"
    )
    keyring = load_keyring(command(tmp_path, code), home=NOWHERE, clock=lambda: now[0])
    for later in (0, 59.9):
        now[0] = 100 + later
        with pytest.raises(SecretError, match="exited with 1"):
            unseal(SEALED, file="f", keyring=keyring)
    assert log.read_text() == "x"

    for later in (60, 10_000):
        now[0] = 100 + later
        assert unseal(SEALED, file="f", keyring=keyring).credentials
    assert log.read_text() == "xx"


def test_a_command_may_print_a_protected_file(tmp_path):
    locked = pyrage.passphrase.encrypt(BARE.encode(), "open", armored=True).decode()
    env = command(tmp_path, f"print({locked!r})")
    person = Person("open")
    keyring = load_keyring(env, home=NOWHERE, ask_passphrase=person)

    assert unseal(SEALED, file="f", keyring=keyring).credentials
    assert person.questions == ["Passphrase of SOPS_AGE_KEY_CMD"]


def test_a_command_that_prints_the_same_for_all_is_asked_once(tmp_path):
    others = [generate_identity(NOW) for _ in range(3)]
    names = [public for _, public in others]
    log = tmp_path / "log"
    code = f"open({str(log)!r}, 'a').write('x'); print({others[2][0].reveal()!r})"
    keyring = load_keyring(command(tmp_path, code), home=NOWHERE)

    for wanted in (names, names[1:], names[::-1]):
        recipients = Recipients.of(wanted)
        text = seal(PLAIN, file="f", recipients=recipients, now=NOW)
        assert unseal(text, file="f", keyring=keyring).credentials
    assert log.read_text() == "x"


@pytest.mark.parametrize("text", ["/nonexistent/program", "'open"])
def test_a_command_that_cannot_run_is_a_note(text):
    keyring = load_keyring({"SOPS_AGE_KEY_CMD": text}, home=NOWHERE)

    with pytest.raises(SecretError, match="SOPS_AGE_KEY_CMD"):
        unseal(SEALED, file="f", keyring=keyring)


class Counting:
    """An identity that counts what is tried with it."""

    def __init__(self, recipient, opens):
        self.count, self.opens = 0, opens
        self.identity = Identity(
            recipient=recipient, kind=Kind.X25519, unwrap=self.unwrap
        )

    def unwrap(self, armoured):
        self.count += 1
        if armoured in self.opens:
            return b"k" * 32
        raise NotOursError


def metadata_of(*labels):
    """Return the metadata of a file with a stanza per label; the text is its place."""
    stanzas = [Stanza(recipient=one, enc=str(at)) for at, one in enumerate(labels)]
    return Metadata(
        wrapped=WrappedKey(groups=(KeyGroup(stanzas=tuple(stanzas)),)),
        rule=OURS, lastmodified="", mac="", mac_only_encrypted=True, version="",
    )  # fmt: skip


def test_our_own_stanza_is_tried_first_and_only():
    """Ten recipients must not cost ten attempts."""
    ours = [Counting(f"age1{at}", opens={"7"}) for at in range(5, 10)]
    keyring = Keyring(identities=tuple(one.identity for one in ours[2:]))
    metadata = metadata_of(*(f"age1{at}" for at in range(10)))

    assert data_key(metadata, keyring, file="f") == b"k" * 32
    assert [one.count for one in ours] == [0, 0, 1, 0, 0]


def test_no_pair_is_tried_twice():
    ours = [Counting(f"age1{at}", opens={"2"}) for at in (0, 1)]
    keyring = Keyring(identities=tuple(one.identity for one in ours))
    metadata = metadata_of("age1x", "age11", "age1y")

    assert data_key(metadata, keyring, file="f") == b"k" * 32
    assert [one.count for one in ours] == [3, 2]


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

    identity = keyring_of(BARE).identities[0]

    assert identity.unwrap(f"\n{armoured}\n") == b"k" * 32


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


def test_when_nothing_opens_the_message_says_who_could_and_what_helps(tmp_path):
    identity, other = generate_identity(NOW)
    env = {"SOPS_AGE_KEY": identity.reveal(), "SOPS_AGE_KEY_FILE": str(tmp_path)}
    keyring = load_keyring(env, home=NOWHERE)

    with pytest.raises(SecretError) as refusal:
        unseal(SEALED, file="a/b.yaml", keyring=keyring)
    text = str(refusal.value)
    assert refusal.value.code == 128
    assert f"a/b.yaml: no identity opens it. It is sealed for {RECIPIENT}." in text
    assert f"Identities found: {other}." in text
    assert f"SOPS_AGE_KEY_FILE={tmp_path}: cannot be read" in text
    assert f"{NOWHERE}/.ssh/id_rsa: does not exist" in text
    assert "'reconcile updatekeys a/b.yaml'" in text
    assert "AGE-SECRET" not in text


def test_long_keys_are_cut_in_messages():
    assert len(shown("age1pq1" + "q" * 2000)) < 100
    assert shown("ssh-ed25519 AAAA me@host") == "ssh-ed25519 AAAA"


PLUGIN = """\
#!{python}
# Wraps a file key by not wrapping it; speaks the age plug-in protocol.
import base64, sys

def read():
    line = sys.stdin.readline()
    words, body = line.split()[1:], ""
    while line:
        line = sys.stdin.readline().rstrip("\\n")
        body += line
        if len(line) < 64:
            break
    return words, base64.b64decode(body + "=" * (-len(body) % 4))

def write(*words, body=b""):
    text = base64.b64encode(body).decode().rstrip("=")
    print(" ".join(("->", *words)) + "\\n" + text, flush=True)

mode, received = sys.argv[1].split("=")[1], []
while not received or received[-1][0] != ["done"]:
    received.append(read())
for words, body in received:
    if mode == "recipient-v1" and words[0] == "wrap-file-key":
        write("recipient-stanza", "0", "toy", body=body)
        read()
    if mode == "identity-v1" and words[0] == "recipient-stanza":
        write("file-key", words[1], body=body)
        read()
write("done")
"""
TOY_RECIPIENT = bech32.encode("age1toy", b"")
TOY_IDENTITY = bech32.encode("age-plugin-toy-", b"").upper()


@pytest.fixture
def toy(tmp_path, monkeypatch):
    program = tmp_path / "age-plugin-toy"
    program.write_text(PLUGIN.format(python=sys.executable))
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


@pytest.mark.usefixtures("toy")
def test_a_plug_in_that_asks_nobody_seals_and_opens():
    text = seal(PLAIN, file="f", recipients=Recipients.of([TOY_RECIPIENT]), now=NOW)
    keyring = keyring_of(TOY_IDENTITY)

    assert unseal(text, file="f", keyring=keyring).credentials
    assert "version: 3.10.0" in text


def test_a_missing_plug_in_is_named():
    with pytest.raises(SecretError, match="'age-plugin-toy', which is not on PATH"):
        wrap(TOY_RECIPIENT, b"k" * 32)


def test_two_identities_of_a_plug_in_are_both_kept():
    other = bech32.encode("age-plugin-toy-", b"other").upper()

    assert len(keyring_of(f"{TOY_IDENTITY}\n{other}\n{BARE}\n{BARE}").identities) == 3


@pytest.mark.usefixtures("toy")
def test_a_plug_in_that_went_away_is_named(monkeypatch):
    text = seal(PLAIN, file="f", recipients=Recipients.of([TOY_RECIPIENT]), now=NOW)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(SecretError, match="age-plugin-toy: the program is not on"):
        unseal(text, file="f", keyring=keyring_of(TOY_IDENTITY))


def test_a_plug_in_is_not_started_for_what_cannot_be_its_own():
    with pytest.raises(SecretError) as refusal:
        unseal(SEALED, file="f", keyring=keyring_of(TOY_IDENTITY))
    assert "age-plugin-toy: " not in str(refusal.value)


BLOCK = {"stamp": "2026-11-22T12:00:00Z", "mac": "ENC[AES256_GCM,data:a,type:str]"}


@pytest.mark.parametrize(
    ("recipients", "version"),
    [
        (["age1a"], "3.9.0"),
        (["age1a", "ssh-rsa AAAA"], "3.10.0"),
        (["ssh-rsa AAAA", "age1pq1x", "age1a"], "3.12.0"),
    ],
)
def test_the_version_is_the_oldest_that_knows_the_recipients(recipients, version):
    stanzas = tuple(Stanza(recipient=one, enc="x") for one in recipients)
    wrapped = WrappedKey(groups=(KeyGroup(stanzas=stanzas),))

    assert f"\n    version: {version}" in block_yaml(wrapped, OURS, **BLOCK)
    assert f'"version": "{version}"' in block_json(wrapped, OURS, indent=2, **BLOCK)


@pytest.mark.parametrize("only", [True, False])
def test_whether_the_mac_covers_plain_values_is_written(only):
    wrapped = WrappedKey(groups=(KeyGroup(),))
    more = {**BLOCK, "only_encrypted": only}

    assert ("mac_only_encrypted: true" in block_yaml(wrapped, OURS, **more)) is only
    assert ("mac_only" in block_json(wrapped, OURS, indent=None, **more)) is only


@pytest.mark.parametrize(
    "pattern",
    ["^(a|b)$", "[a-z]+", ".*", "true", "1.5", "a: b", "x #y", " x", "é", "*"],
)
@pytest.mark.parametrize("kind", [RuleKind.UNENCRYPTED_REGEX, RuleKind.ENCRYPTED_REGEX])
def test_any_rule_reads_back_as_it_was_and_stands_in_order(pattern, kind):
    stanza = Stanza(recipient="ssh-rsa AAAA me: #1", enc="x\ny\n")
    wrapped = WrappedKey(groups=(KeyGroup(stanzas=(stanza,)),))
    rule = Rule(kind=kind, pattern=pattern)
    block = typed_documents(block_yaml(wrapped, rule, **BLOCK))[0]["sops"]

    assert block[kind.value] == pattern
    assert block["age"] == [{"enc": "x\ny\n", "recipient": "ssh-rsa AAAA me: #1"}]
    assert list(block) == sorted(block)
