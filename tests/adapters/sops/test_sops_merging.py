"""Merging sealed files: on values, with one MAC, and never healing what is suspect."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.sops import (
    BindingState,
    Keyring,
    Recipients,
    generate_identity,
    rotate,
    seal,
    unseal,
    update_keys,
)
from reconciler.adapters.sops.age.keyring import data_key
from reconciler.adapters.sops.block import read_metadata
from reconciler.adapters.sops.merge.merging import merge_documents
from tests.adapters.sops.sops_helpers import (
    IDENTITY,
    LATER,
    NOW,
    PLAIN,
    RECIPIENT,
    keyring_of,
    own_keyring,
    sealed,
    typed_documents,
)

OTHER_IDENTITY, OTHER = generate_identity(NOW)
LONG = PLAIN.replace("%{}#:'", "%{}#: and so on'").replace('nb"', 'nb and so on"')
BASE = sealed(LONG)
SECRETS = {"api_key": "k$%{}#: and so on", "secret": "a\nb and so on", "timeout": "30"}


def seal_again(text, *, rebind=False):
    return seal(
        text, file="f.yaml", recipients=Recipients.of([RECIPIENT]), now=LATER,
        reuse=own_keyring(), rebind=rebind,
    )  # fmt: skip


def put(text, key, value, *, rebind=False):
    """Replace one credential as somebody with the key would."""
    changed, times = re.subn(
        rf"(?m)^(\s+{key}: )ENC\S+", lambda found: f"{found[1]}{value}", text, count=1
    )
    assert times == 1
    return seal_again(changed, rebind=rebind)


def swap(text, old, new):
    assert old in text
    return text.replace(old, new, 1)


def merge(base, ours, theirs, *, keyring=None, **more):
    return merge_documents(
        base, ours, theirs, file="f.yaml", keyring=keyring or own_keyring(),
        now=LATER, **more,
    )  # fmt: skip


def secrets_of(text):
    opened = unseal(text, file="f.yaml", keyring=own_keyring(), verify_binding=False)
    return {name: secret.reveal() for name, secret in opened.credentials.items()}


def binding_of(text):
    opened = unseal(text, file="f.yaml", keyring=own_keyring(), verify_binding=False)
    return opened.binding_state


def ciphertexts(text):
    return re.findall(r"(?m)^\s+(\w+): (ENC\S+)", text.partition("\nsops:")[0])


def key_of(text):
    found = read_metadata(typed_documents(text)[0], file="f.yaml")
    return data_key(found, own_keyring(), file="f.yaml")


def rotated(text):
    """Seal everything under a new data key."""
    return rotate(text, file="f.yaml", keyring=own_keyring(), now=LATER)


def test_neighbouring_credentials_merge_and_keep_their_ciphertext():
    ours, theirs = put(BASE, "api_key", "new-key"), put(BASE, "secret", "new-secret")

    merged = merge(BASE, ours, theirs)

    assert (merged.is_clean, merged.notes) == (True, ())
    assert secrets_of(merged.text) == {
        **SECRETS, "api_key": "new-key", "secret": "new-secret",
    }  # fmt: skip
    assert binding_of(merged.text) is BindingState.BOUND
    known = {*ciphertexts(ours), *ciphertexts(theirs)}
    assert set(ciphertexts(merged.text)) <= known
    assert merged.text.partition("\n  api_key")[0] == BASE.partition("\n  api_key")[0]


def test_the_same_credential_conflicts_alone_and_either_choice_opens():
    ours = put(BASE, "api_key", "by-us")
    theirs = put(put(BASE, "api_key", "by-them"), "secret", "new-secret")

    merged = merge(BASE, ours, theirs)

    assert merged.conflicts == ("credentials.api_key",)
    hunk = re.search(r"(?s)<{7} ours\n(.*)={7}\n(.*)>{7} theirs\n", merged.text)
    assert [len(hunk[n].splitlines()) for n in (1, 2)] == [1, 1]
    for choice, value in ((1, "by-us"), (2, "by-them")):
        chosen = swap(merged.text, hunk[0], hunk[choice])
        repaired = seal_again(chosen, rebind=True)
        assert secrets_of(repaired)["api_key"] == value
        assert secrets_of(repaired)["secret"] == "new-secret"
        assert binding_of(repaired) is BindingState.BOUND


def test_a_conflict_between_plain_values_needs_no_new_mac():
    ours = put(swap(BASE, "AAPL, MSFT", "AAPL"), "api_key", "new-key")
    theirs = put(swap(BASE, "AAPL, MSFT", "MSFT"), "secret", "new-secret")

    merged = merge(BASE, ours, theirs)

    assert merged.conflicts == ("settings.symbols",)
    for side in (r"\1", r"\2"):
        chosen = re.sub(
            r"(?s)<{7} ours\n(.*)={7}\n(.*)>{7} theirs\n", side, merged.text
        )
        assert secrets_of(chosen)["api_key"] == "new-key"


def test_conflicting_ciphertexts_come_under_one_data_key():
    ours = put(BASE, "api_key", "by-us")
    theirs = rotated(put(BASE, "api_key", "by-them"))

    merged = merge(BASE, ours, theirs)

    assert merged.conflicts == ("credentials.api_key",)
    for side, value in ((r"\1", "by-us"), (r"\2", "by-them")):
        chosen = re.sub(
            r"(?s)<{7} ours\n(.*)={7}\n(.*)>{7} theirs\n", side, merged.text
        )
        assert secrets_of(seal_again(chosen, rebind=True))["api_key"] == value


@pytest.mark.parametrize("swapped", [False, True])
def test_the_data_key_of_the_side_that_rotated_stays(swapped):
    edited, new = put(BASE, "secret", "new-secret"), rotated(BASE)
    sides = (new, edited) if swapped else (edited, new)

    merged = merge(BASE, *sides)

    assert merged.is_clean, merged
    assert key_of(merged.text) == key_of(new) != key_of(BASE)
    assert secrets_of(merged.text) == {**SECRETS, "secret": "new-secret"}
    unchanged = dict(ciphertexts(new))
    kept = dict(ciphertexts(merged.text))
    assert {name for name in kept if kept[name] == unchanged[name]} == {
        "api_key", "timeout",
    }  # fmt: skip


def test_a_conflict_beside_a_removed_credential_comes_under_the_new_key():
    ours = swap(BASE, "  # the key", "  # our key")
    theirs = re.sub(r"(?m)^  # the key\n  api_key: .*\n", "  # no key\n", BASE)
    theirs = rotated(seal_again(theirs, rebind=True))

    merged = merge(BASE, ours, theirs)

    hunk = re.search(r"(?s)<{7} ours\n(.*)={7}\n(.*)>{7} theirs\n", merged.text)
    assert "  api_key: ENC" in hunk[1]
    for n, names in ((1, set(SECRETS)), (2, {"secret", "timeout"})):
        chosen = seal_again(swap(merged.text, hunk[0], hunk[n]), rebind=True)
        assert set(secrets_of(chosen)) == names


def test_plain_settings_merge_without_any_key():
    ours = put(BASE, "api_key", "new-key")
    theirs = swap(BASE, "[AAPL, MSFT]", "[AAPL, MSFT, NVDA]")

    merged = merge(BASE, ours, theirs, keyring=Keyring())

    assert merged.text == swap(ours, "[AAPL, MSFT]", "[AAPL, MSFT, NVDA]")
    assert merged.is_clean


def test_without_a_key_git_merges_the_lines_and_says_why():
    ours, theirs = put(BASE, "api_key", "one"), put(BASE, "secret", "two")

    merged = merge(BASE, ours, theirs, keyring=Keyring())

    assert not merged.is_clean
    assert "no identity opens it" in merged.refused
    for side in (ours, theirs):
        assert {pair[1] for pair in ciphertexts(side)} <= set(
            re.findall(r"ENC\S+", merged.text)
        )


def test_settings_on_both_sides_are_bound_anew_when_both_were_bound():
    ours = put(swap(BASE, "'https://a.test'", "'https://b.test'"), "secret", "x",
               rebind=True)  # fmt: skip
    theirs = put(swap(BASE, "rate_limit: 10", "rate_limit: 5"), "timeout", "40",
                 rebind=True)  # fmt: skip

    merged = merge(BASE, ours, theirs)

    assert merged.is_clean
    assert "{endpoint: 'https://b.test', rate_limit: 5}" in merged.text
    assert binding_of(merged.text) is BindingState.BOUND


def slower_by_key(text):
    slower = swap(text, "rate_limit: 10", "rate_limit: 5")
    return put(slower, "timeout", "9", rebind=True)


def evil(text):
    return swap(text, "https://a.test", "https://evil.test")


@pytest.mark.parametrize(
    "theirs",
    [
        pytest.param(evil(BASE), id="nothing sealed changed"),
        pytest.param(evil(put(BASE, "timeout", "9")), id="a credential changed"),
        pytest.param(evil(slower_by_key(BASE)), id="bound to something else"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_destination_changed_without_the_key_is_never_healed(theirs, swapped):
    ours = put(BASE, "api_key", "new-key")

    merged = merge(BASE, *((theirs, ours) if swapped else (ours, theirs)))

    assert "https://evil.test" in merged.text
    assert binding_of(merged.text) is BindingState.MISMATCH
    assert any("without the key" in n or "did not follow" in n for n in merged.notes)


@pytest.mark.parametrize("swapped", [False, True])
def test_nothing_is_sealed_under_a_data_key_that_a_stranger_may_have_made(swapped):
    ours = seal_again(swap(BASE, "binding:", "  words: all-of-our-words\nbinding:"))
    strange = LONG.replace("k$%{}#: and so on", "i-do-not-know-it")
    strange = sealed(strange.replace("a\\nb and so on", "nor-this-one"))
    sides = (strange, ours) if swapped else (ours, strange)

    merged = merge(BASE, *sides)

    assert not merged.is_clean
    assert "different data keys" in merged.refused
    assert {sealed for _, sealed in ciphertexts(merged.text)} <= {
        sealed for side in sides for _, sealed in ciphertexts(side)
    }


def test_a_credential_added_in_plain_text_is_not_sealed_unseen():
    ours = put(BASE, "api_key", "new-key")
    theirs = put(BASE, "secret", "new-secret")
    theirs = swap(theirs, "  timeout:", "  endpoint: http://evil.test\n  timeout:")

    merged = merge(BASE, ours, theirs)

    assert "  endpoint: http://evil.test\n" in merged.text
    assert any("credentials.endpoint: still in plain" in note for note in merged.notes)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_side_whose_mac_fails_is_refused(swapped):
    ours = put(BASE, "api_key", "new-key")
    theirs = put(BASE, "timeout", "9")
    theirs = re.sub(r"(?m)^  secret: .*\n", "", theirs)
    sides = (theirs, ours) if swapped else (ours, theirs)

    merged = merge(BASE, *sides)

    assert not merged.is_clean
    assert "MAC mismatch" in merged.refused
    assert ("(ours)" if swapped else "(theirs)") in merged.refused


def with_recipient(text, *recipients):
    """Wrap the data key for more people."""
    wanted = Recipients.of([*recipients_in(text), *recipients])
    done = update_keys(text, file="f.yaml", keyring=own_keyring(), recipients=wanted)
    return done.text


def recipients_in(text):
    return read_metadata(typed_documents(text)[0], file="f.yaml").recipients


def test_a_recipient_added_on_one_side_opens_the_merged_file():
    ours = put(BASE, "api_key", "new-key")
    theirs = with_recipient(BASE, OTHER)

    merged = merge(BASE, ours, put(theirs, "secret", "new-secret"))

    assert merged.is_clean
    assert recipients_in(merged.text) == (RECIPIENT, OTHER)
    opened = unseal(
        merged.text, file="f.yaml", keyring=keyring_of(OTHER_IDENTITY.reveal())
    )
    assert opened.credentials["secret"].reveal() == "new-secret"


def test_recipients_added_on_both_sides_all_open_it():
    third_identity, third = generate_identity(NOW)
    ours, theirs = with_recipient(BASE, OTHER), with_recipient(BASE, third)

    merged = merge(BASE, ours, theirs)

    assert merged.is_clean, merged.refused
    assert set(recipients_in(merged.text)) == {RECIPIENT, OTHER, third}
    for identity in (IDENTITY, OTHER_IDENTITY, third_identity):
        unseal(merged.text, file="f.yaml", keyring=keyring_of(identity.reveal()))


def test_a_recipient_removed_on_one_side_stays_removed():
    base = with_recipient(BASE, OTHER)
    theirs = put(BASE, "secret", "new-secret")
    third = generate_identity(NOW)[1]
    ours = put(with_recipient(base, third), "api_key", "new-key")

    merged = merge(base, ours, theirs)

    assert merged.is_clean, merged.refused
    assert recipients_in(merged.text) == (RECIPIENT, third)


def test_no_key_is_wrapped_for_a_recipient_that_nobody_vouches_for():
    rotated_base = rotated(BASE)
    ours = put(rotated_base, "api_key", "new-key")
    theirs = put(with_recipient(BASE, OTHER), "secret", "new-secret")

    merged = merge(BASE, ours, theirs)

    assert merged.is_clean, merged.refused
    assert recipients_in(merged.text) == (RECIPIENT,)
    assert any(OTHER in note and "updatekeys" in note for note in merged.notes)


def test_a_credential_removed_on_one_side_is_gone():
    ours = put(BASE, "api_key", "new-key")
    theirs = seal_again(re.sub(r"(?m)^  timeout: .*\n", "", BASE), rebind=True)

    merged = merge(BASE, ours, theirs)

    assert merged.is_clean
    assert sorted(secrets_of(merged.text)) == ["api_key", "secret"]


def test_a_credential_removed_here_and_changed_there_is_a_conflict():
    ours = put(BASE, "timeout", "40")
    theirs = seal_again(re.sub(r"(?m)^  timeout: .*\n", "", BASE), rebind=True)

    merged = merge(BASE, ours, theirs)

    assert merged.conflicts == ("credentials.timeout",)
    assert "<<<<<<< ours\n  timeout: ENC" in merged.text


def test_credentials_added_on_both_sides_at_one_place_are_both_kept():
    ours = seal_again(swap(BASE, "binding:", "  one: first\nbinding:"))
    theirs = seal_again(swap(BASE, "binding:", "  two: second\nbinding:"))

    merged = merge(BASE, ours, theirs)

    assert merged.is_clean, merged.text
    assert secrets_of(merged.text) == {**SECRETS, "one": "first", "two": "second"}
    assert merged.text.index("  one:") < merged.text.index("  two:")


def test_two_first_versions_of_one_file_keep_what_is_alike():
    ours = sealed(LONG)
    theirs = sealed(LONG.replace("timeout: 30", "timeout: 31"))

    merged = merge("", ours, theirs)

    assert merged.conflicts == ("credentials.timeout",)
    chosen = re.sub(r"(?s)<{7} ours\n(.*)={7}\n(.*)>{7} theirs\n", r"\2", merged.text)
    assert secrets_of(seal_again(chosen, rebind=True))["timeout"] == "31"


def test_comments_and_order_are_merged_by_lines():
    ours = put(swap(BASE, "# about this file", "# about it"), "api_key", "new-key")
    theirs = put(swap(BASE, "# the key", "# the one key"), "secret", "new-secret")

    merged = merge(BASE, ours, theirs)

    assert merged.is_clean
    assert merged.text.startswith("# about it\n")
    assert "  # the one key\n" in merged.text


def test_lists_of_lines_that_both_sides_extended():
    plain = PLAIN.replace("[AAPL, MSFT]   # two", "\n    - AAPL\n    - MSFT\n    - X")
    base = sealed(plain)
    ours = put(swap(base, "    - AAPL\n", "    - A1\n    - AAPL\n"), "secret", "one")
    theirs = put(swap(base, "    - X\n", "    - X\n    - Z9\n"), "timeout", "5")

    merged = merge(base, ours, theirs)

    assert merged.is_clean, merged
    symbols = typed_documents(merged.text)[0]["settings"]["symbols"]
    assert symbols == ["A1", "AAPL", "MSFT", "X", "Z9"]


def test_json_merges_alike():
    plain = {
        "name": "x",
        "type": "custom_api",
        "provider": "feed",
        "credentials": {"api_key": "k", "secret": "s"},
        "config": {"timeout": 3},
    }
    base = sealed(json.dumps(plain, indent=2))
    key = re.compile(r'("api_key": )"ENC[^"]*"')
    secret = re.compile(r'("secret": )"ENC[^"]*"')
    ours = seal_again(key.sub(r'\1"k2"', base))
    theirs = seal_again(secret.sub(r'\1"s2"', base))

    merged = merge(base, ours, theirs)

    assert merged.is_clean, merged
    assert secrets_of(merged.text) == {"api_key": "k2", "secret": "s2"}


@pytest.mark.parametrize(
    "dress",
    [
        pytest.param(lambda text: "\ufeff" + text, id="byte order mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.rstrip("\n"), id="no last line break"),
        pytest.param(lambda text: text.replace("\nsops:", "\n\n\nsops:"), id="gaps"),
    ],
)
def test_the_dress_of_a_file_is_kept(dress):
    ours, theirs = put(BASE, "api_key", "new-key"), put(BASE, "secret", "new-secret")

    merged = merge(*(dress(text) for text in (BASE, ours, theirs)))

    assert merged.is_clean, merged
    assert (
        re.sub(r"ENC\S+", "ENC", merged.text).partition("mac")[0]
        == dress(re.sub(r"ENC\S+", "ENC", ours)).partition("mac")[0]
    )
    assert secrets_of(merged.text)["secret"] == "new-secret"


def test_no_temporary_file_holds_a_value(monkeypatch, tmp_path):
    tool = tmp_path / "git"
    tool.write_text(
        f'#!/bin/sh\nfor one; do [ -f "$one" ] && cat "$one" >> {tmp_path}/seen; done\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    ours, theirs = put(BASE, "api_key", "new-key"), put(BASE, "secret", "new-secret")

    assert merge(BASE, ours, theirs).is_clean

    seen = (tmp_path / "seen").read_text()
    assert "credentials:" in seen
    for word in ("new-key", "new-secret", "ENC[", "https://", "AAPL"):
        assert word not in seen


def test_real_sops_opens_what_was_merged(tmp_path):
    sops = shutil.which("sops")
    if not sops:
        pytest.skip("sops is not installed")
    ours, theirs = put(BASE, "api_key", "new-key"), rotated(put(BASE, "secret", "x2"))
    file = tmp_path / "f.yaml"
    file.write_text(merge(BASE, ours, theirs).text)
    keys = tmp_path / "keys.txt"
    keys.write_text(IDENTITY.reveal())

    done = subprocess.run(
        (sops, "-d", "--output-type", "json", str(file)), capture_output=True,
        text=True, check=False, env={"SOPS_AGE_KEY_FILE": str(keys)},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["credentials"] == {
        "api_key": "new-key", "secret": "x2", "timeout": 30,
    }  # fmt: skip


EDITS = {
    "api_key": lambda text, value: put(text, "api_key", f"key{value}"),
    "secret": lambda text, value: put(text, "secret", f"secret{value}"),
    "timeout": lambda text, value: put(text, "timeout", 100 + value),
    "endpoint": lambda text, value: seal_again(
        re.sub(r"'https://[^']*'", f"'https://h{value}.test'", text), rebind=True
    ),
    "rate_limit": lambda text, value: seal_again(
        re.sub(r"rate_limit: \d+", f"rate_limit: {value}", text), rebind=True
    ),
    "symbols": lambda text, value: re.sub(
        r"symbols: \[.*\]", f"symbols: [S{value}]", text
    ),
    "owner": lambda text, value: seal_again(
        swap(text, "type: custom_api\n", f"type: custom_api\nowner: user:u{value}\n"),
        rebind=True,
    ),
    "labels": lambda text, value: swap(
        text, "settings:\n", f"labels:\n  desk: d{value}\nsettings:\n"
    ),
    "about": lambda text, value: swap(text, "# about", f"# {value} about"),
}


def edited(text, edits):
    for name, value in edits.items():
        text = EDITS[name](text, value)
    return text


def content(text):
    data = typed_documents(text)[0]
    opened = unseal(text, file="f.yaml", keyring=own_keyring())
    plain = {k: v for k, v in data.items() if k not in {"sops", "binding"}}
    return {**plain, "credentials": secrets_of(text), "bound": opened.binding_state}


some_edits = st.dictionaries(st.sampled_from(sorted(EDITS)), st.integers(1, 9))


@settings(max_examples=60, deadline=None)
@given(edits=some_edits, mine=st.sets(st.sampled_from(sorted(EDITS))))
def test_law_disjoint_edits_commute_and_none_is_lost(edits, mine):
    ours = edited(BASE, {name: edits[name] for name in edits if name in mine})
    theirs = edited(BASE, {name: edits[name] for name in edits if name not in mine})

    one, other = merge(BASE, ours, theirs), merge(BASE, theirs, ours)

    assert (one.is_clean, other.is_clean) == (True, True), (one, other)
    assert content(one.text) == content(other.text) == content(edited(BASE, edits))
    assert (
        one.text.split("\nsops:")[0].count("\n")
        == len(edited(BASE, edits).split("\nsops:")[0].splitlines()) - 1
    )


@settings(max_examples=30, deadline=None)
@given(edits=some_edits)
def test_law_one_side_alone_is_taken_as_it_is(edits):
    side = edited(BASE, edits)

    assert merge(side, side, side).text == side
    assert merge(BASE, side, BASE).text == side
    assert merge(BASE, BASE, side).text == side
    assert merge(BASE, side, side).text == side


@settings(max_examples=60, deadline=None)
@given(
    base=st.text("abc: \n-[]{}#'\"", max_size=40),
    ours=st.text("abc: \n-[]{}#'\"", max_size=40),
    theirs=st.text("abc: \n-[]{}#'\"", max_size=40),
)
def test_law_any_text_at_all_is_merged_or_left_to_git(base, ours, theirs):
    merged = merge(base, ours, theirs, keyring=Keyring())

    assert merged.is_clean or merged.refused or "<<<<<<<" in merged.text
