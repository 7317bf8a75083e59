"""Writing opened values back into a text, and the smaller rules of the format."""

from __future__ import annotations

import json
import math

import pytest

from reconciler.adapters.sops import decrypt_document
from reconciler.adapters.sops.age.keyring import data_key
from reconciler.adapters.sops.block import read_metadata
from reconciler.adapters.sops.envelope import encrypt, new_cipher
from reconciler.adapters.sops.mac import Hasher, seal_mac
from reconciler.adapters.sops.printer import emit
from reconciler.adapters.sops.reader import decrypt_values
from reconciler.adapters.sops.rules import Rule, RuleKind, read_rule
from reconciler.adapters.sops.scalars import encode
from reconciler.adapters.sops.values import Comment, Timestamp
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import own_keyring, sealed, typed_documents

KEYRING = own_keyring()
STAMP = "2026-11-22T12:00:00Z"
BLOCK = sealed().split("\nsops:\n")[1]
CIPHER = new_cipher(
    data_key(
        read_metadata(typed_documents(f"sops:\n{BLOCK}")[0], file="f"),
        KEYRING,
        file="f",
    )
)


def enc(value, aad):
    raw, kind = encode(value)
    return encrypt(CIPHER, raw, kind, aad=aad, iv=b"i" * 32)


def foreign(body: str, rule: str = "encrypted_regex: ^s$") -> str:
    """Finish a body with a block and a MAC, as another writer would have."""
    first = typed_documents(body)
    found = read_rule(typed_documents(rule)[0])
    hasher = Hasher(only_encrypted=False)
    decrypt_values(first, found, CIPHER, hasher=hasher, file="f")
    mac = seal_mac(CIPHER, hasher.hexdigest(), lastmodified=STAMP, iv=b"i" * 32)
    age = BLOCK[: BLOCK.index("    encrypted_regex")]
    return (
        f"{body}sops:\n{age}    {rule}\n"
        f'    lastmodified: "{STAMP}"\n    mac: {mac}\n    version: 3.8.1\n'
    )


def printed(text: str) -> str:
    return decrypt_document(text, file="f", keyring=KEYRING)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"), ("a/b+c=d@e", "a/b+c=d@e"), ("", '""'), ("yes", '"yes"'),
        ("0123", '"0123"'), ("1e5", '"1e5"'), ("12:30", '"12:30"'), ("a b", '"a b"'),
        ("2024-01-01", '"2024-01-01"'), ("null", '"null"'), ("1_0", '"1_0"'),
        ("\u2028\ufeff\x7f", '"\\u2028\\ufeff\\u007f"'), ("ü😀", '"ü😀"'),
        (None, "null"), (True, "true"), (7, "7"), (1.0, "1.0"), (1e-7, "0.0000001"),
        (math.inf, ".inf"), (-math.inf, "-.inf"), (math.nan, ".nan"),
        (Timestamp(STAMP), STAMP), (b"\xff", '!!binary "/w=="'),
    ],
)  # fmt: skip
def test_values_are_written_so_that_every_reader_types_them_alike(value, text):
    assert emit(value, in_flow=False) == text


def test_in_flow_every_text_is_quoted():
    assert emit("plain", in_flow=True) == '"plain"'


def test_all_kinds_of_values_print_and_read_back():
    lines = "one\ntwo"
    values = {"t": Timestamp("2001-12-14T00:00:00Z"), "b": b"bytes\xff", "m": lines}
    body = "s:\n" + "".join(
        f"  {key}: {enc(value, f's:{key}:')}\n" for key, value in values.items()
    )
    body += f"  k: {enc(lines, 's:k:')} # noted\n"
    text = printed(foreign(body))

    assert text == (
        's:\n  t: 2001-12-14T00:00:00Z\n  b: !!binary "Ynl0ZXP/"\n'
        '  m: |-\n      one\n      two\n  k: "one\\ntwo" # noted\n'
    )  # fmt: skip


def test_anchors_in_plain_parts_stay():
    body = f"a: &x {{b: 1}}\nc: *x\ns: {enc('v', 's:')}\n"

    assert printed(foreign(body)) == "a: &x {b: 1}\nc: *x\ns: v\n"


def test_a_sealed_comment_that_was_moved_is_refused():
    comment = enc(Comment(" c"), "elsewhere:")
    body = f"s:\n  #{comment}\n  a: {enc('v', 's:a:')}\n"

    with pytest.raises(SecretError, match="comment was changed or moved"):
        printed(foreign(body))


def test_the_block_may_stand_anywhere_also_in_flow():
    body = foreign(f"s: {enc('v', 's:')}\n")
    data = typed_documents(body)[0]
    first = json.dumps({"sops": data["sops"], "s": data["s"], "t": 1})
    alone = json.dumps({"a": [], "sops": data["sops"], "s": data["s"]})

    with pytest.raises(SecretError, match="MAC mismatch"):
        printed(first)  # the MAC covers "t" here
    assert printed(alone) == '{"a": [], "s": "v"}'


@pytest.mark.parametrize(
    ("rule", "sealed_keys"),
    [
        ("encrypted_suffix: _s", {"a_s"}), ("unencrypted_suffix: _p", {"a_s", "b"}),
        ("encrypted_regex: ^b", {"b"}), ("unencrypted_regex: ^b", {"a_s", "c_p"}),
    ],
)  # fmt: skip
def test_rules_select_by_key(rule, sealed_keys):
    found = read_rule(typed_documents(rule)[0])
    chosen = {
        key for key in ("a_s", "b", "c_p") if found.below(key, sealed=found.at_root)
    }

    assert chosen == sealed_keys


def test_a_rule_holds_for_all_that_is_below():
    rule = Rule(kind=RuleKind.ENCRYPTED_SUFFIX, pattern="_s")
    other = Rule(kind=RuleKind.UNENCRYPTED_SUFFIX, pattern="_p")

    assert rule.below("x", sealed=True)
    assert not other.below("x", sealed=False)


def test_comment_rules_are_read_by_look():
    body = f"a: {enc('v', 'a:')}\nb: plain\n"
    text = foreign(body, rule="encrypted_comment_regex: seal")

    assert printed(text) == "a: v\nb: plain\n"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{encrypted_regex: a, unencrypted_suffix: b}", "exclude each other"),
        ("{encrypted_regex: 5}", "must be text"),
        ("{encrypted_regex: '('}", "not valid RE2"),
    ],
)
def test_bad_rules_are_refused(text, match):
    with pytest.raises(SecretError, match=match):
        read_rule(typed_documents(text)[0])


def test_go_regular_expressions_end_at_the_end():
    rule = read_rule({"encrypted_regex": r"[[:alpha:]]\z"})

    assert rule.below("a", sealed=False)
    assert not rule.below("a\n", sealed=False)


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2\n", "1: a\n", "[a]: 1\n", "? {a: 1}\n: 2\n", "a: !!int x\n", "a: ["],
)
def test_trees_that_sops_refuses_are_refused_with_the_place(text):
    with pytest.raises(SecretError, match=r"^f\.yaml:\d+:\d+: ") as refusal:
        typed_documents(text)

    assert refusal.value.code in (2, 23)


def test_an_empty_document_is_an_empty_mapping():
    assert typed_documents("---\n---\na: 1\n") == [{}, {"a": 1}]


def test_old_line_breaks_lose_nothing():
    text = f"a: 1\ns: {enc('v', 's:')}\n"

    assert printed(foreign(text).replace("\n", "\r")) == "a: 1\rs: v\r"


def test_a_layout_that_cannot_be_kept_is_refused_and_not_damaged():
    text = foreign(f"s: {enc('v', 's:')}\n").rstrip("\n") + "\u2028t: ''\n"

    with pytest.raises(SecretError, match="layout cannot be kept"):
        printed(text)


def test_a_block_at_the_head_of_json_goes_without_a_trace():
    data = typed_documents(foreign(f"s: {enc('v', 's:')}\n"))[0]
    first = json.dumps({"sops": data["sops"], "s": data["s"]})

    assert printed(first) == '{"s": "v"}'
