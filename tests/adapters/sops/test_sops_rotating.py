"""Rotating: everything sealed is new, everything else is as it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from reconciler.adapters.sops import (
    Recipients,
    decrypt_document,
    generate_identity,
    rotate,
    unseal,
)
from reconciler.adapters.sops.rules import Rule, RuleKind
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_documents import (
    ENC,
    connections,
    each_body,
    masked,
    needs_sops,
    sops,
)
from tests.adapters.sops.sops_helpers import (
    LATER,
    NOW,
    RECIPIENT,
    VECTORS,
    keyring_of,
    open_all,
    own_keyring,
    sealed,
    typed_documents,
)
from tests.adapters.sops.test_sops_vectors import PAIRS, keyring_for, named

KEYRING = own_keyring()
IV = re.compile(r"iv:([^,]*),")


def rotated(text: str, keyring=KEYRING, **more) -> str:
    return rotate(text, file="f.yaml", keyring=keyring, now=LATER, **more)


def assert_all_new(before: str, after: str) -> None:
    # Several documents hold the same block: its MAC stands in each.
    old, new = (list(dict.fromkeys(ENC.findall(text))) for text in (before, after))
    ivs = [IV.search(one)[1] for one in new]
    assert len(old) == len(new)
    assert not set(old) & set(new)
    assert not set(IV.findall(before)) & set(ivs)
    assert len(set(ivs)) == len(ivs)


@each_body
def test_all_that_is_sealed_is_new_and_the_rest_as_it_was(body):
    before = sealed(body)
    after = rotated(before)

    assert_all_new(before, after)
    assert masked(before) == masked(after)
    assert open_all(before, KEYRING) == open_all(after, KEYRING)
    assert "2026-11-23T09:30:15Z" in after
    assert unseal(after, file="f", keyring=KEYRING).warning == ""


@settings(max_examples=40, deadline=None)
@given(connections())
def test_any_connection_rotates(body):
    before = sealed(body)
    after = rotated(before)

    assert_all_new(before, after)
    assert masked(before) == masked(after)
    assert open_all(before, KEYRING) == open_all(after, KEYRING)


def test_another_may_take_over():
    identity, other = generate_identity(NOW)
    before = sealed()
    after = rotated(before, recipients=Recipients.of([other]))

    assert f"recipient: {other}" in after
    assert RECIPIENT not in after
    opened = open_all(after, keyring_of(identity.reveal()))
    assert open_all(before, KEYRING) == opened


def test_quotes_around_a_sealed_value_stay():
    before = re.sub(r"api_key: (ENC\S+)", r"api_key: '\1'", sealed())

    assert re.search(r"api_key: 'ENC[^']+'   # keep me", rotated(before))


def test_the_file_is_verified_first():
    with pytest.raises(SecretError, match="MAC"):
        rotated(sealed().replace("12:00:00Z", "12:00:01Z"))


def test_without_the_key_nothing_is_rotated():
    with pytest.raises(SecretError, match="no identity opens it") as refusal:
        rotated(sealed(), keyring=keyring_of(""))

    assert refusal.value.code == 128


def test_who_cannot_be_sealed_for_again_is_not_locked_out():
    before = sealed().replace("sops:\n", "sops:\n    pgp:\n        - fp: abc\n")

    with pytest.raises(SecretError, match="also sealed for pgp"):
        rotated(before)


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
@pytest.mark.parametrize("path", [one for one, _ in PAIRS], ids=named)
def test_files_of_any_sops_rotate(path):
    keyring, name = keyring_for(path), path.name
    before = path.read_text()
    if typed_documents(before)[0]["sops"].get("pgp"):
        with pytest.raises(SecretError, match="also sealed for pgp"):
            rotated(before, keyring)
        return
    after = rotated(before, keyring)

    assert_all_new(before, after)
    assert open_all(before, keyring, name) == open_all(after, keyring, name)
    assert decrypt_document(before, file=name, keyring=keyring) == decrypt_document(
        after, file=name, keyring=keyring
    )


@needs_sops
@each_body
def test_real_sops_reads_and_rotates_what_we_rotate(tmp_path, body):
    path = tmp_path / "f.yaml"
    path.write_bytes(rotated(sealed(body)).encode())
    expected = open_all(path.read_text(encoding="utf-8"), KEYRING)

    assert typed_documents(sops("-d", path=path)) == expected
    sops("rotate", "-i", path=path)
    theirs = path.read_text(encoding="utf-8")
    assert open_all(theirs, KEYRING) == expected
    ours = rotated(theirs)
    assert masked(theirs) == masked(ours)
    path.write_text(ours)
    assert typed_documents(sops("-d", path=path)) == expected


COMMENTED = "# top\na: 1 # inline\nl:\n  # in a list\n  - one\nb:\n  # inside\n  c: 2\n"


@needs_sops
@pytest.mark.parametrize(
    "rule",
    [
        [], ["--encrypted-regex", "^b$"], ["--unencrypted-suffix", "a"],
        ["--encrypted-comment-regex", "inside"], ["--unencrypted-comment-regex", "top"],
    ],
    ids=str,
)  # fmt: skip
def test_files_of_real_sops_with_comments_rotate(tmp_path, rule):
    path = tmp_path / "f.yaml"
    path.write_text(f"{COMMENTED}---\nsecond: 2.50\n")
    sops("encrypt", "--age", RECIPIENT, *rule, "-i", path=path)
    before = path.read_text()
    shown = sops("-d", path=path)
    after = rotated(before)
    path.write_text(after)

    assert_all_new(before, after)
    assert sops("-d", path=path) == shown


WIDE = Rule(kind=RuleKind.ENCRYPTED_REGEX, pattern="^(credentials|binding|name)$")


@each_body
@pytest.mark.parametrize("only", [True, False, None])
def test_a_connection_follows_the_rule_it_is_given(body, only):
    before = sealed(body)
    after = rotated(before, rule=WIDE, only_encrypted=only)
    block = typed_documents(after)[0]["sops"]

    assert block["encrypted_regex"] == WIDE.pattern
    assert block.get("mac_only_encrypted", False) is (only is not False)
    assert open_all(after, KEYRING) == open_all(before, KEYRING)
    assert not set(ENC.findall(before)) & set(ENC.findall(after))
    assert not re.search(r"(?m)^name: main", after)
    assert masked(rotated(after, rule=WIDE, only_encrypted=only)) == masked(after)


def test_a_changed_destination_is_not_blessed_by_another_rule():
    before = sealed().replace("https://a.test", "https://b.test")

    assert rotated(before) != before
    with pytest.raises(SecretError, match="encrypt --rebind"):
        rotated(before, rule=WIDE)


@pytest.mark.parametrize("pattern", ["^credentials$", "."])
def test_a_rule_that_suits_no_connection_is_not_followed(pattern):
    before = sealed()
    rule = Rule(kind=RuleKind.ENCRYPTED_REGEX, pattern=pattern)

    assert masked(rotated(before, rule=rule)) == masked(rotated(before))


@needs_sops
@pytest.mark.parametrize("head", ["", "name: main\nprovider: feed\n"])
def test_only_connections_follow_and_their_comments_stay_sealed(tmp_path, head):
    path = tmp_path / "f.yaml"
    path.write_text(f"{head}# top\ncredentials:\n  # inside\n  k: v # beside\n")
    sops("encrypt", "--age", RECIPIENT, "-i", path=path)
    theirs = typed_documents(sops("-d", path=path))[0]
    after = rotated(path.read_text(), rule=WIDE)
    path.write_text(after)
    mine = typed_documents(sops("-d", path=path))[0]
    mine.pop("binding", None)

    assert mine == theirs
    assert ("encrypted_regex" in after, "# top" in after) == (bool(head), bool(head))
    assert "inside" not in after
    assert "beside" not in after
    assert "# inside" in sops("-d", path=path)
