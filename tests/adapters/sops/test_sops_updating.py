"""Changing who may open a file: keys change, nothing else does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from reconciler.adapters.sops import (
    Recipients,
    generate_identity,
    key_change,
    update_keys,
)
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_documents import (
    connections,
    each_body,
    masked,
    needs_sops,
    sops,
)
from tests.adapters.sops.sops_helpers import (
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
IDENTITY_2, SECOND = generate_identity(NOW)
BOTH = Recipients.of([RECIPIENT, SECOND])


def updated(text: str, recipients=BOTH, keyring=KEYRING):
    return update_keys(text, file="f.yaml", keyring=keyring, recipients=recipients)


def without_keys(text: str):
    documents = typed_documents(text)
    for document in documents:
        for name in ("age", "key_groups", "shamir_threshold"):
            document["sops"].pop(name, None)
    return documents


@each_body
def test_only_the_keys_change(body):
    before = sealed(body)
    change = updated(before)

    assert (change.added, change.removed) == ((SECOND,), ())
    assert without_keys(before) == without_keys(change.text)
    assert re.findall(r"ENC\[[^\]]*\]", before) == re.findall(
        r"ENC\[[^\]]*\]", change.text
    )
    opened = open_all(change.text, keyring_of(IDENTITY_2.reveal()))
    assert opened == open_all(before, KEYRING)


@settings(max_examples=30, deadline=None)
@given(connections())
def test_text_outside_the_keys_is_kept(body):
    before = sealed(body)
    after = updated(before).text
    there_and_back = updated(after, Recipients.of([RECIPIENT])).text

    assert masked(before) == masked(after) == masked(there_and_back)


@each_body
def test_with_the_same_recipients_nothing_is_opened_or_changed(body):
    before = sealed(body)
    change = updated(before, Recipients.of([RECIPIENT]), keyring_of(""))

    assert change.is_empty
    assert change.text == before


def test_the_order_of_recipients_does_not_matter():
    two = updated(sealed()).text

    assert updated(two, Recipients.of([SECOND, RECIPIENT])).is_empty


def test_a_removed_recipient_cannot_open_the_new_text():
    two = updated(sealed()).text
    change = updated(two, Recipients.of([SECOND]))

    assert (change.added, change.removed) == ((), (RECIPIENT,))
    with pytest.raises(SecretError):
        open_all(change.text, KEYRING)


def test_the_difference_is_known_without_a_key():
    before = sealed()
    change = key_change(before, file="f", recipients=Recipients.of([SECOND]))

    assert (change.added, change.removed) == ((SECOND,), (RECIPIENT,))
    assert change.text == before
    assert not change.is_empty


def test_groups_and_their_threshold_are_compared():
    wanted = Recipients(groups=((RECIPIENT,), (SECOND,)), threshold=2)
    change = key_change(updated(sealed()).text, file="f", recipients=wanted)

    assert change.threshold == (1, 2)
    assert change.is_regrouped
    assert (change.added, change.removed) == ((), ())


def test_somebody_must_be_able_to_open_it():
    with pytest.raises(SecretError, match="nobody who can open it"):
        updated(sealed(), Recipients())


def test_without_a_key_a_change_is_refused():
    with pytest.raises(SecretError, match="no identity opens it"):
        updated(sealed(), keyring=keyring_of(""))


def test_keys_of_other_kinds_and_unknown_members_stay():
    more = "    kms: []\n    future: {a: 1}\n    pgp:\n        - fp: abc\n"
    before = sealed().replace("    encrypted_regex", f"{more}    encrypted_regex")
    after = updated(before).text

    assert more in after
    assert without_keys(before) == without_keys(after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    age:\n", "    # who\n    age:\n"),
        ("sops:\n    age:\n", "sops:\n    kms: []\n    age:\n"),
    ],
)
def test_the_block_keeps_its_layout(old, new):
    before = sealed().replace(old, new)

    assert new in updated(before).text


def test_a_narrow_block_is_followed():
    head, block = sealed().split("sops:\n")
    narrow = re.sub(r"(?m)^ {2}", "", block)
    after = updated(f"{head}sops:\n{narrow}").text

    assert "\nsops:\n  age:\n" in after
    assert open_all(after, keyring_of(IDENTITY_2.reveal()))


@needs_sops
@each_body
def test_real_sops_opens_what_we_updated_and_updates_it_back(tmp_path, body):
    path = tmp_path / "f.yaml"
    path.write_bytes(updated(sealed(body)).text.encode())
    expected = open_all(path.read_text(encoding="utf-8"), KEYRING)
    theirs = sops("-d", path=path, SOPS_AGE_KEY=IDENTITY_2.reveal())

    assert typed_documents(theirs) == expected
    (tmp_path / ".sops.yaml").write_text(f"creation_rules:\n- age: {RECIPIENT}\n")
    sops("updatekeys", "-y", path=path)
    again = path.read_text(encoding="utf-8")
    one = Recipients.of([RECIPIENT])
    assert key_change(again, file="f", recipients=one).is_empty
    path.write_text(updated(again).text)
    theirs = sops("-d", path=path, SOPS_AGE_KEY=IDENTITY_2.reveal())
    assert typed_documents(theirs) == expected


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
@pytest.mark.parametrize("path", [one for one, _ in PAIRS], ids=named)
def test_files_of_any_sops_are_updated(path):
    before, keyring = path.read_text(), keyring_for(path)
    change = updated(before, Recipients.of([SECOND]), keyring)

    assert change.added == (SECOND,)
    assert without_keys(before) == without_keys(change.text)
    opened = open_all(change.text, keyring_of(IDENTITY_2.reveal()))
    assert opened == open_all(before, keyring)


def groups() -> Recipients:
    return Recipients(
        groups=((RECIPIENT,), (SECOND,), (RECIPIENT, SECOND)), threshold=2
    )


@each_body
def test_a_key_is_split_over_groups_and_joined_again(body):
    before = sealed(body)
    split = updated(before, groups()).text
    change = updated(split, Recipients.of([RECIPIENT]))

    assert "shamir_threshold" in split
    assert open_all(split, KEYRING) == open_all(before, KEYRING)
    assert change.threshold == (2, 1)
    assert masked(change.text) == masked(before)


@needs_sops
@each_body
def test_real_sops_opens_a_key_that_we_split(tmp_path, body):
    path = tmp_path / "f.yaml"
    path.write_bytes(updated(sealed(body), groups()).text.encode())
    expected = open_all(path.read_text(encoding="utf-8"), KEYRING)

    assert typed_documents(sops("-d", path=path)) == expected


def test_a_split_key_with_kinds_that_are_not_ours_is_left_to_sops():
    text = updated(sealed(), groups()).text
    head, tail = text.split("    key_groups:\n")
    foreign = f"{head}    key_groups:\n        - pgp:\n            - fp: abc\n{tail}"

    with pytest.raises(SecretError, match="run 'sops updatekeys' instead"):
        updated(foreign)


@each_body
def test_the_version_is_raised_for_recipients_that_older_ones_cannot_read(body):
    before = sealed(body)
    _, late = generate_identity(NOW, post_quantum_key=True)
    after = updated(before, Recipients.of([RECIPIENT, late])).text
    back = updated(after, Recipients.of([RECIPIENT])).text

    assert versions(before) == ["3.9.0"]
    assert versions(after) == versions(back) == ["3.12.0"]


def versions(text: str) -> list[str]:
    return [document["sops"]["version"] for document in typed_documents(text)]
