"""An edited file is sealed again: what was not edited stays as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.sops import (
    BindingState,
    decrypt_document,
    reseal,
    unseal,
)
from reconciler.core.errors import DocumentError, SecretError
from tests.adapters.sops.sops_documents import (
    ENC,
    connections,
    each_body,
    needs_sops,
    sops,
)
from tests.adapters.sops.sops_helpers import (
    LATER,
    RECIPIENT,
    VECTORS,
    open_all,
    own_keyring,
    sealed,
    typed_documents,
)
from tests.adapters.sops.test_sops_printing import enc, foreign
from tests.adapters.sops.test_sops_vectors import PAIRS, keyring_for, named

KEYRING = own_keyring()


def shown(text: str, keyring=KEYRING) -> str:
    return decrypt_document(text, file="f.yaml", keyring=keyring)


def resealed(before: str, plain: str, keyring=KEYRING) -> str:
    return reseal(before, plain, file="f.yaml", keyring=keyring, now=LATER)


def edited(before: str, *changes: tuple[str, str]) -> str:
    plain = shown(before)
    for old, new in changes:
        assert old in plain
        plain = plain.replace(old, new)
    return resealed(before, plain)


def changed_lines(before: str, after: str) -> list[str]:
    """Return the lines that are new, by their first word."""
    new = set(after.splitlines()) - set(before.splitlines())
    return sorted(re.split(r"[:,]", line.strip().strip('"'))[0] for line in new)


@each_body
def test_what_nobody_edited_comes_back_itself(body):
    before = sealed(body)

    assert resealed(before, shown(before)) is before


@each_body
def test_a_new_value_changes_only_itself_and_the_mac(body):
    before = sealed(body)
    key = "key" if "key: k," in body else "api_key"
    old = re.search(rf'"?\b{key}"?: ("[^"]*"|k\b)', shown(before))[0]
    after = edited(before, (old, old.rsplit(": ")[0] + ': "other"'))

    assert open_all(after, KEYRING)[0]["credentials"][key] == "other"
    kept = set(ENC.findall(before)) & set(ENC.findall(after))
    assert len(kept) == len(ENC.findall(before)) - 2


def test_lines_around_a_new_value_stay():
    before = sealed()
    after = edited(before, ("timeout: 30", "timeout: 31"))

    assert changed_lines(before, after) == ["lastmodified", "mac", "timeout"]


def test_a_plain_setting_that_no_mac_covers_changes_nothing_else():
    before = sealed()
    after = edited(before, ("[AAPL, MSFT]   # two", "[AAPL]  # one"))

    assert changed_lines(before, after) == ["symbols"]


@pytest.mark.parametrize(
    ("old", "new", "bound"),
    [
        ("https://a.test", "https://b.test", True),
        ("provider: feed", "provider: other", True),
        ("rate_limit: 10", "rate_limit:   10", False),
    ],
)
def test_the_binding_follows_the_destination(old, new, bound):
    before = sealed()
    after = edited(before, (old, new))
    found = unseal(after, file="f", keyring=KEYRING)
    wanted = {"binding", "lastmodified", "mac"} if bound else set()

    assert found.binding_state is BindingState.BOUND
    assert set(changed_lines(before, after)) >= wanted
    assert bound or before.split("\n")[-20:] == after.split("\n")[-20:]


def test_the_digest_that_a_person_sees_is_not_trusted():
    before = sealed()
    forged = re.sub(r"binding: \w+", f"binding: {'f' * 64}", shown(before))
    after = resealed(before, forged)

    assert after == before
    gone = resealed(before, re.sub(r"binding: \w+\n", "", shown(before)))
    assert unseal(gone, file="f", keyring=KEYRING).binding_state is BindingState.BOUND


def test_a_destination_that_somebody_changed_without_the_key_is_not_blessed():
    before = sealed().replace("https://a.test", "https://evil.test")

    with pytest.raises(SecretError, match="--rebind"):
        edited(before, ("timeout: 30", "timeout: 31"))


def test_values_may_be_added_emptied_and_removed():
    before = sealed()
    after = edited(before, ("timeout: 30", "extra: [a, {b: 7}]"), ('"k$%{}#:"', '""'))

    assert open_all(after, KEYRING)[0]["credentials"] == {
        "api_key": "", "secret": "a\nb", "extra": ["a", {"b": 7}],
    }  # fmt: skip


def test_without_credentials_a_public_connection_is_left():
    before = sealed()
    plain = re.sub(r"(?s)credentials:.*?(?=binding)", "", shown(before))
    after = resealed(before, plain)

    assert "ENC[" not in after
    assert "sops:" not in after
    assert "binding" not in after
    assert "config: {endpoint" in after


def test_an_item_of_a_list_keeps_its_ciphertext_at_its_place():
    before = sealed("credentials:\n  l: [same, same, c]\n  k: v\n")
    after = edited(before, ('"c"', '"d"'))
    old, new = ENC.findall(before), ENC.findall(after)

    assert old[:2] == new[:2]
    assert old[2] != new[2]
    assert old[3] == new[3]


def test_a_value_of_another_type_is_sealed_anew():
    before = sealed()
    after = edited(before, ("timeout: 30", 'timeout: "30"'))

    assert open_all(after, KEYRING)[0]["credentials"]["timeout"] == "30"


def test_quotes_around_a_sealed_value_stay():
    before = re.sub(r"api_key: (ENC\S+)", r"api_key: '\1'", sealed())
    after = edited(before, ("timeout: 30", "timeout: 31"))

    assert re.search(r"api_key: '(ENC[^']+)'", before)[0] in after


@pytest.mark.parametrize(
    ("move", "tail"),
    [
        (True, "# between\n\nlast: 1\n# end\n"), (True, "last: 1\n"),
        (False, "# end\n"), (False, ""),
    ],
)  # fmt: skip
def test_the_block_returns_where_it_stood(move, tail):
    before = sealed() + tail
    if move:
        assert re.search(r"(?s)\nsops:.*\nlast: 1", before)
    after = edited(before, ("timeout: 30", "timeout: 31"))

    assert changed_lines(before, after) == ["lastmodified", "mac", "timeout"]
    assert after.endswith(f"    version: 3.9.0\n{tail}")


def test_the_block_may_stand_first():
    head, block = sealed().split("sops:\n")
    before = f"# top\nsops:\n{block}{head}"
    after = edited(before, ("timeout: 30", "timeout: 31"))

    assert changed_lines(before, after) == ["lastmodified", "mac", "timeout"]
    assert after.startswith("# top\nsops:\n")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("name: main", "name: [main", "f.yaml:"),
        ("settings:", "1: x\nsettings:", "f.yaml:"),
        ("version: 1", "sops: {a: 1}\nversion: 1", "f.yaml:2:1: 'sops'"),
        ("timeout: 30", "timeout: ENC[x]", "f.yaml:14:12: this value looks sealed"),
        ("timeout: 30", "timeout: 0123", "f.yaml:"),
        ("timeout: 30", "list:\n  - a # note", "comment within a list"),
        ("rate_limit: 10", "binding: x", "'config' holds a key"),
    ],
)  # fmt: skip
def test_what_cannot_be_sealed_is_refused_with_its_place(old, new, place):
    before = sealed()

    with pytest.raises((SecretError, DocumentError)) as refusal:
        edited(before, (old, new))

    error = refusal.value
    if isinstance(error, DocumentError):
        assert error.diagnostics[0].span.line > 1
    else:
        assert place in str(error)


def test_an_emptied_file_is_refused():
    with pytest.raises((SecretError, DocumentError)):
        resealed(sealed(), "")


LINES = st.sampled_from(["# new", "", "labels: {desk: spot}", "extra:\n- 1  # one"])
VALUES = st.sampled_from(["new", "'a # b'", "7", "1.0", "false", '"q\\n"', "a b"])


@st.composite
def edits(draw, plain: str) -> str:
    """Edit a decrypted connection as a person would."""
    nl = "\r\n" if "\r\n" in plain else "\n"
    lines = plain.split(nl)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match = re.fullmatch(r"(\s+[\w' ]+: )([^{\[|]*)", lines[at])
        kind = draw(st.sampled_from(["value", "line", "remove"]))
        if kind == "value" and match:
            lines[at] = match[1] + draw(VALUES)
        elif kind == "remove" and (match or not lines[at].strip()) and at:
            lines[at : at + 1] = []
        elif kind == "line" and not lines[at].startswith((" ", "-", "\ufeff")):
            new = draw(LINES)
            if new.split(":")[0] + ":" not in plain or new.startswith("#") or not new:
                lines[at:at] = new.split("\n")
    return nl.join(lines)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_edit_is_what_one_decrypts_afterwards(data):
    before = sealed(data.draw(connections()))
    plain = shown(before)
    wanted = data.draw(edits(plain))
    try:
        documents = typed_documents(wanted)
        after = resealed(before, wanted)
    except (SecretError, DocumentError):
        return
    if "sops" not in typed_documents(after)[0]:
        assert not documents[0].get("credentials")
        return
    opened = open_all(after, KEYRING)
    opened[0].pop("binding", None)
    documents[0].pop("binding", None)

    assert opened == documents
    assert (
        typed_documents(shown(after))[0]["credentials"] == documents[0]["credentials"]
    )
    assert resealed(after, shown(after)) is after
    outside = re.compile(r"(?m)(^[ ]+[\w' ]+: ).*|^.*binding.*\n?")
    assert (
        outside.sub(r"\1", shown(after)).rstrip() == outside.sub(r"\1", wanted).rstrip()
    )
    if documents == [
        {k: v for k, v in typed_documents(plain)[0].items() if k != "binding"}
    ]:
        assert set(ENC.findall(before)) == set(ENC.findall(after))


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
@pytest.mark.parametrize("path", [one for one, _ in PAIRS], ids=named)
def test_files_of_any_sops_are_edited(path):
    keyring, before = keyring_for(path), path.read_text()
    plain = shown(before, keyring)
    assert resealed(before, plain, keyring) is before
    wanted = "# added on top\n" + plain
    after = resealed(before, wanted, keyring)

    assert open_all(before, keyring) == open_all(after, keyring)
    assert shown(after, keyring) == wanted
    assert set(ENC.findall(before)) <= set(ENC.findall(after))


COMMENTED = """\
# top
a: 1 # inline
l:
  # in a list
  - one
  - two # beside
b:
  # inside
  c: 2

  d: text
"""


@needs_sops
@pytest.mark.parametrize(
    "rule",
    [
        [], ["--encrypted-regex", "^(b|l)$"], ["--unencrypted-suffix", "a"],
        ["--encrypted-comment-regex", "inside"], ["--unencrypted-comment-regex", "top"],
    ],
    ids=str,
)  # fmt: skip
def test_files_of_real_sops_are_edited_and_read_by_it_again(tmp_path, rule):
    path = tmp_path / "f.yaml"
    path.write_text(f"{COMMENTED}---\nsecond: 2.50\n")
    sops("encrypt", "--age", RECIPIENT, *rule, "-i", path=path)
    before = path.read_text()
    theirs = sops("-d", path=path)
    wanted = shown(before).replace("c: 2", "c: 3").replace("two", "three")
    after = resealed(before, wanted)
    path.write_text(after)

    assert sops("-d", path=path) == theirs.replace("c: 2", "c: 3").replace(
        "two", "three"
    )
    assert shown(after) == wanted


@needs_sops
def test_a_comment_beside_sealed_values_is_sealed_where_others_are(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text(COMMENTED)
    sops("encrypt", "--age", RECIPIENT, "-i", path=path)
    before = path.read_text()
    wanted = shown(before).replace("    # inside\n", "    # secret: x\n")
    after = resealed(before, wanted)
    path.write_text(after)

    assert "secret" not in after
    assert shown(after) == wanted
    assert "# secret: x" in sops("-d", path=path)


@needs_sops
@each_body
def test_what_we_edited_real_sops_edits_and_we_edit_again(tmp_path, body):
    path, editor = tmp_path / "f.yaml", tmp_path / "editor.sh"
    before = sealed(body)
    path.write_bytes(edited(before, ("feed", "feed2")).encode())
    expected = open_all(path.read_text(encoding="utf-8"), KEYRING)
    assert typed_documents(sops("-d", path=path)) == expected

    editor.write_text("#!/bin/sh\nsed -i 's/k/kk/; s/name: main/&2/' \"$1\"\n")
    editor.chmod(0o700)
    sops("edit", path=path, EDITOR=str(editor))
    theirs = path.read_text(encoding="utf-8")
    after = edited(theirs, ("kk", "kkk"))
    path.write_text(after)

    assert len(set(ENC.findall(after)) - set(ENC.findall(theirs))) in (1, 2, 3)
    assert typed_documents(sops("-d", path=path)) == open_all(after, KEYRING)


NOTES_ONLY = """\
a: [] # behind
b: 1
l:
  - k: [] # deep
  - - [] # none
m:
  n: [] # one
"""


@needs_sops
@pytest.mark.parametrize("rule", [[], ["--encrypted-comment-regex", "behind|deep"]])
def test_an_empty_list_with_a_comment_is_shown_and_edited(tmp_path, rule):
    path = tmp_path / "f.yaml"
    path.write_text(NOTES_ONLY)
    sops("encrypt", "--age", RECIPIENT, *rule, "-i", path=path)
    before = path.read_text()
    theirs = typed_documents(sops("-d", path=path))
    plain = shown(before)

    assert typed_documents(plain) == theirs
    assert re.search(r"a: \[\]\s*# behind\n", plain)
    assert re.search(r"k: \[\]\s*# deep\n", plain)

    after = resealed(before, plain.replace("b: 1", "b: 2"))
    path.write_text(after)

    assert "behind" not in after.partition("\nsops:")[0]
    assert typed_documents(sops("-d", path=path))[0] == {**theirs[0], "b": 2}
    assert shown(after) == plain.replace("b: 1", "b: 2")
    assert after.count("type:comment") == before.count("type:comment")


def test_a_timestamp_raises_the_version_to_one_that_knows_them():
    before = foreign(f"s: {enc('x', 's:')}\n")
    after = resealed(before, "s: 2026-11-22T01:02:03Z\n")

    assert "type:time]" in after
    assert typed_documents(before)[0]["sops"]["version"] == "3.8.1"
    assert typed_documents(after)[0]["sops"]["version"] == "3.10.0"


def test_a_block_written_anew_names_the_first_version_that_knows_timestamps():
    before = foreign(f"s: {enc('x', 's:')}\n")
    after = resealed(before, "{s: 2026-11-22T01:02:03Z}\n")

    assert typed_documents(after)[0]["sops"]["version"] == "3.10.0"
