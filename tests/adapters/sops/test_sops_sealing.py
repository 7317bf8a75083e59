"""Sealing by text spans: what changes, what must not, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.adapters.sops import (
    BindingState,
    Recipients,
    decrypt_document,
    generate_identity,
    seal,
    unseal,
)
from reconciler.adapters.sops.rules import Rule, RuleKind
from reconciler.core.errors import DocumentError, SecretError
from tests.adapters.sops.sops_documents import sops
from tests.adapters.sops.sops_helpers import (
    IDENTITY,
    LATER,
    NOW,
    NOWHERE,
    PLAIN,
    RECIPIENT,
    keyring_of,
    open_all,
    own_keyring,
    sealed,
    typed_documents,
)

KEYRING = own_keyring()
ENC = re.compile(r'"?ENC\[[^\]]*\]"?')

MTAPI = """\
{
  "type": "mtapi",
  "provider": "mt4_account_123",
  "credentials": {
    "api_key": "your-mtapi-api-key",
    "account_id": "1234567",
    "timeout": 30
  },
  "settings": {
    "symbols": ["EURUSD", "GBPUSD", "USDJPY"],
    "timeframes": ["M1", "M5", "H1", "H4"]
  }
}
"""
CCXT = """\
{
  "type": "ccxt_crypto",
  "provider": "binance",
  "credentials": {
    "api_key": "your-binance-api-key",
    "api_secret": "your-binance-api-secret"
  },
  "settings": {"symbols": ["BTC/USDT"], "timeframes": ["1m", "4h"]}
}
"""
CUSTOM = """\
{
  "type": "custom_api",
  "provider": "custom-market-data",
  "credentials": {
    "api_key": "your-custom-api-key",
    "endpoint": "https://api.custom-data-provider.com/v1"
  },
  "config": {"authentication_method": "bearer", "rate_limit": 100},
  "settings": {"symbols": ["AAPL"], "timeframes": ["30m"]}
}
"""
BODIES = {"mtapi": MTAPI, "ccxt": CCXT, "custom": CUSTOM}


def without_additions(text: str) -> str:
    """Drop what sealing may add: the binding's line and the sops block."""
    kept = re.sub(r"binding: ENC\[[^\]]*\]\r?\n", "", text)
    return kept[: kept.index("sops:")]


def revealed(text: str, keyring=KEYRING) -> dict[str, str]:
    found = unseal(text, file="f.yaml", keyring=keyring).credentials
    return {name: secret.reveal() for name, secret in found.items()}


def test_only_the_credentials_are_replaced():
    mask = "<sealed>"
    expected = (
        PLAIN.replace("'k$%{}#:'", mask)
        .replace('"a\\nb"', mask)
        .replace("timeout: 30", f"timeout: {mask}")
    )

    assert expected == ENC.sub(mask, without_additions(sealed()))


def test_what_was_sealed_comes_back():
    expected = {"api_key": "k$%{}#:", "secret": "a\nb", "timeout": "30"}

    assert expected == revealed(sealed())


def test_types_come_back():
    opened = open_all(sealed(), KEYRING)[0]

    assert opened["credentials"] == typed_documents(PLAIN)[0]["credentials"]


def test_sealing_twice_changes_nothing():
    once = sealed()

    assert once == sealed(once)
    assert once == sealed(once, reuse=KEYRING)
    assert once == sealed(once, reuse=KEYRING, rebind=True)
    assert once == sealed(once, reuse=keyring_of(""))


def test_the_block_is_written_as_sops_writes_it():
    block = sealed().split("\nsops:\n")[1]
    keys = re.findall(r"^ {4}(\w+):", block, re.MULTILINE)

    assert keys == [
        "age",
        "encrypted_regex",
        "lastmodified",
        "mac",
        "mac_only_encrypted",
        "version",
    ]
    assert "    encrypted_regex: ^(credentials|binding)$\n" in block
    assert '    lastmodified: "2026-11-22T12:00:00Z"\n' in block
    assert "        - enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n" in block
    assert f"          recipient: {RECIPIENT}\n" in block


def test_crlf_and_a_byte_order_mark_are_kept():
    text = "\ufeff" + PLAIN.replace("\n", "\r\n")
    result = sealed(text)

    assert result.startswith("\ufeff#")
    assert "\n" not in result.replace("\r\n", "")
    assert revealed(sealed()) == revealed(result)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("style", ["as it stands", "one line", "compact"])
def test_json_bodies_are_sealed_as_json(body, style):
    value = json.loads(body)
    compact = json.dumps(value, separators=(",", ":"))
    text = {"as it stands": body, "one line": json.dumps(value), "compact": compact}
    result = sealed(text[style])
    as_json = json.loads(result)

    assert sealed(result, reuse=KEYRING) == result
    assert list(as_json)[-1] == "sops"
    assert all(one.startswith("ENC[") for one in as_json["credentials"].values())
    opened = open_all(result, KEYRING)[0]
    opened.pop("binding")
    assert opened == value


@pytest.mark.parametrize("body", [PLAIN, *BODIES.values()], ids=["yaml", *BODIES])
def test_decrypting_gives_the_author_his_text_back_but_for_quotes(body):
    text = decrypt_document(sealed(body), file="f.yaml", keyring=KEYRING)
    drop = re.compile(r'(,\n  )?"?binding"?: "?[0-9a-f]{64}"?\n?')

    expected = body.replace("'k$%{}#:'", '"k$%{}#:"')
    expected = expected.replace('"a\\nb"', "|-\n      a\n      b")
    assert expected == drop.sub("", text)


def test_decrypted_text_seals_again():
    text = decrypt_document(sealed(), file="f.yaml", keyring=KEYRING)
    again = sealed(text)

    assert unseal(again, file="f", keyring=KEYRING).binding_state is BindingState.BOUND


@pytest.mark.parametrize(
    "text",
    ["name: a\nsettings: {}\n", "credentials:\n", "credentials: {a: '', b: ~}\n"],
)
def test_a_document_with_nothing_to_seal_comes_back_unchanged(text):
    assert text == sealed(text)


def test_empty_texts_and_nulls_are_left_alone():
    text = sealed("credentials:\n  a: x\n  b: ''\n  c: ~\n  d:\n")

    assert "\n  b: ''\n  c: ~\n  d:\n" in text
    assert revealed(text) == {"a": "x", "b": ""}


@pytest.mark.parametrize(
    "text",
    [
        "credentials: {a: x, 'b': 1}\nname: m\n",
        "credentials:\n  a: |\n    one\n    two\n\n  b: >-  # c\n    x\n    y\n",
        "credentials:\n  a: |+\n    one\n\n\nname: m\n",
        "credentials:\n  a:\n    one two\n    three\n  b: 'x\n    y'\nname: m\n",
        "credentials:\n  list:\n  - a\n  - [b, {c: d}]\n  -\n    e: f\n# end\n",
        "  credentials:\n    a: x\n  name: m\n",
        "---\ncredentials:\n  a: x\n...\n",
        "name: m\ncredentials:\n  a: x\n  # deeper comment\n# shallower\n",
        "name: m\ncredentials:\n  a: x",
        "credentials:\n  a: x\nbinding:\nname: m\n",
        "binding: something\ncredentials:\n  a: x\n",
        "credentials:\n  ? a\n  : x\nname: m\n",
        "settings: {credentials: {deep: x}}\ncredentials:\n  a: x\n",
        "credentials:\n  a: x\nnote: |\n  kept\n\n",
        "{credentials: {a: x,},}\n",
        '{\n\t"credentials": {"a": "x"} # c\n}\n',
        "{credentials: {a: x}, binding: old}\n",
    ],
)  # fmt: skip
def test_unusual_layouts_seal_open_and_keep_their_values(text):
    result = sealed(text)
    before = typed_documents(text)[0]
    after = open_all(result, KEYRING)[0]
    digest = unseal(result, file="f", keyring=KEYRING)

    assert digest.binding_state is BindingState.BOUND
    assert {**before, "binding": after["binding"]} == after
    assert sealed(result, reuse=KEYRING) == result
    back = decrypt_document(result, file="f", keyring=KEYRING)
    assert typed_documents(back)[0] == after


def test_a_text_that_would_change_by_appending_is_refused():
    with pytest.raises(SecretError, match="line break"):
        sealed("credentials:\n  a: x\nnote: |\n  open")


AWKWARD = st.text(
    st.one_of(
        st.sampled_from("$%{}#:'\" \n\t\\&*!|>[],?-@`~=yesno01.\r\u2028\u0085\ufeff"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=40,
)


def in_yaml(value: str) -> str:
    """Quote a text with escapes only, so that any character may stand in YAML."""
    return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'


@settings(max_examples=60, deadline=None)
@given(AWKWARD, AWKWARD)
@example("a\n\x1b", "-----BEGIN X-----\na b\n\n -----END X-----\n")
@example("a\n\n", "\na")
@example("a \nb", "a\n b\t\nc")
@example("---\n...\n", "#\n#")
def test_any_text_survives_sealing_opening_and_printing(first, second):
    one, two = in_yaml(first), in_yaml(second)
    text = f"credentials:\n  a: {one}\n  b: [{two}]\n  c:\n  - d: {two}\n  - {two}\n"
    result = sealed(text)
    opened = open_all(result, KEYRING)[0]["credentials"]
    printed = decrypt_document(result, file="f", keyring=KEYRING)

    assert opened == {"a": first, "b": [second], "c": [{"d": second}, second]}
    assert typed_documents(printed)[0]["credentials"] == opened
    assert sealed(result, reuse=KEYRING) == result


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["# c", "", "b: 1", "s: 'x'", "t: {u: v}", "l:\n- 1"])),
    st.lists(st.sampled_from(["", "# end", "z: [1, 2]  # x", "w: |\n  q\n"])),
    st.sampled_from(["\n", "\r\n"]),
)
def test_text_around_the_credentials_stays_byte_for_byte(above, below, nl):
    head = "".join(f"{line}\n" for line in dict.fromkeys(above))
    tail = "".join(f"{line}\n" for line in dict.fromkeys(below))
    text = f"{head}credentials:\n  k: v\n{tail}".replace("\n", nl)
    result = sealed(text)

    assert text == ENC.sub("v", without_additions(result))


def test_a_new_value_is_added_under_the_same_key_and_others_keep_their_ciphertext():
    once = sealed()
    text = once.replace("  timeout:", "  extra: hello\n  timeout:")
    result = seal(
        text, file="f", recipients=Recipients.of([]), now=LATER, reuse=KEYRING
    )
    changed = set(result.splitlines()) - set(once.splitlines())

    assert revealed(result) == {**revealed(once), "extra": "hello"}
    assert sorted(line.split(":")[0].strip() for line in changed) == [
        "extra", "lastmodified", "mac",
    ]  # fmt: skip
    assert '"2026-11-23T09:30:15Z"' in result


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_new_value_in_json_is_added_under_the_same_key(body):
    once = sealed(body)
    text = once.replace('"credentials": {', '"credentials": {"extra": "hello",')
    result = sealed(text, reuse=KEYRING)

    assert revealed(result) == {**revealed(once), "extra": "hello"}
    assert len(set(result.splitlines()) - set(once.splitlines())) == 2


def test_a_replaced_value_is_sealed_under_the_same_key():
    text = re.sub(r"secret: ENC\[.*\]", "secret: other", sealed())
    result = sealed(text, reuse=KEYRING)

    assert revealed(result)["secret"] == "other"


@pytest.mark.parametrize("reuse", [None, keyring_of("")])
def test_adding_without_a_key_is_refused(reuse):
    text = sealed().replace("  timeout:", "  extra: hello\n  timeout:")

    with pytest.raises(SecretError, match=RECIPIENT) as refusal:
        sealed(text, reuse=reuse)

    assert "hello" not in str(refusal.value)


def test_a_changed_destination_needs_rebind():
    text = sealed().replace("https://a.test", "https://b.test")

    with pytest.raises(SecretError, match=r"--rebind f\.yaml"):
        sealed(text, reuse=KEYRING)
    result = sealed(text, reuse=KEYRING, rebind=True)
    found = unseal(result, file="f", keyring=KEYRING)
    assert found.binding_state is BindingState.BOUND
    assert revealed(result) == revealed(sealed())


def test_a_changed_destination_is_refused_also_beside_a_new_value():
    text = sealed().replace("https://a.test", "https://b.test")
    text = text.replace("  timeout:", "  extra: hello\n  timeout:")

    with pytest.raises(SecretError, match="--rebind"):
        sealed(text, reuse=KEYRING)


def test_a_removed_credential_is_noticed_and_accepted_after_review():
    text = re.sub(r"  secret: ENC.*\n", "", sealed())

    with pytest.raises(SecretError, match="MAC mismatch"):
        sealed(text, reuse=KEYRING)
    result = sealed(text, reuse=KEYRING, rebind=True)
    assert sorted(revealed(result)) == ["api_key", "timeout"]


def test_a_value_moved_to_another_name_is_refused_even_after_review():
    text = sealed().replace("  secret:", "  password:")

    with pytest.raises(SecretError, match=r"credentials\.password"):
        sealed(text, reuse=KEYRING, rebind=True)


def test_several_recipients_each_open_it():
    other_identity, other = generate_identity(NOW)
    result = seal(
        PLAIN,
        file="f",
        recipients=Recipients.of([RECIPIENT, other, RECIPIENT]),
        now=NOW,
    )

    assert result.count("recipient: ") == 2
    assert revealed(result) == revealed(result, keyring_of(other_identity.reveal()))


@pytest.mark.parametrize(
    ("recipients", "match"),
    [
        ([], "nobody to seal for"),
        (["age1pq1abc"], "not a valid age recipient"),
        (["age1yubikey1qg"], "not a valid age recipient"),
        (["ssh-ed25519 AAAA"], "not a valid age recipient"),
        (["age1typo"], "not a valid age recipient"),
        (["me@example.test"], "not an age recipient"),
    ],
)
def test_bad_recipients_are_refused_by_name(recipients, match):
    with pytest.raises(SecretError, match=match):
        seal(PLAIN, file="f", recipients=Recipients.of(recipients), now=NOW)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("credentials:\n  a: ENC[AES256_GCM,x]\n", "no 'sops' block"),
        ("credentials:\n  l:\n    # note\n    - a\n", "f.yaml:3: a comment"),
        ("credentials:\n  l:\n    - a # note\n", "comment within a list"),
        ("credentials: {l: [a]  , # note\n  b: c}\n", "comment within a list"),
        ("credentials:\n  a: x\nbinding: [1]\n", "'binding' is not text"),
        ("credentials: {a: x}\nsops: {mac: x, lastmodified: y}\n", "with the rule"),
        ("credentials: {a: x}\nconfig: {binding: z}\n", "'config' holds a key"),
        ("credentials: {a: x}\nsops: 1\n", "sops metadata not found"),
        ("credentials: {a: x}\nsops: {mac: x}\n", "has no MAC"),
    ],
)
def test_what_sops_refuses_is_refused(text, match):
    with pytest.raises(SecretError, match=match):
        sealed(text, reuse=KEYRING)


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\ncredentials: {k: *x}\n", "credentials: {k: 0123}\n", "a: 1\na: 2"],
)
def test_unclear_files_are_not_sealed(text):
    with pytest.raises(DocumentError) as refusal:
        sealed(text)

    assert refusal.value.diagnostics


def test_a_foreign_rule_for_credentials_only_is_widened_for_the_binding():
    narrow = sealed().replace("^(credentials|binding)$", "^credentials$")
    narrow = re.sub(r"\nbinding: .*", "", narrow)
    result = sealed(narrow, reuse=KEYRING, rebind=True)

    assert "encrypted_regex: ^(credentials|binding)$" in result
    assert unseal(result, file="f", keyring=KEYRING).binding_state is BindingState.BOUND


def regex(pattern: str, kind: RuleKind = RuleKind.ENCRYPTED_REGEX) -> Rule:
    return Rule(kind=kind, pattern=pattern)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("only", [True, False, None])
def test_the_rule_of_the_configuration_is_used(body, only):
    rule = regex("^(credentials|binding|settings)$")
    result = sealed(body, rule=rule, only_encrypted=only)
    data = json.loads(result)

    assert data["sops"]["encrypted_regex"] == rule.pattern
    assert data["sops"].get("mac_only_encrypted", False) is (only is not False)
    assert all(one.startswith("ENC[") for one in data["settings"]["symbols"])
    found = unseal(result, file="f", keyring=KEYRING)
    assert found.binding_state is BindingState.BOUND
    assert found.mac_covers_plain is (only is False)


def test_without_mac_only_encrypted_the_mac_covers_the_settings():
    result = sealed(only_encrypted=False)

    assert "mac_only_encrypted" not in result
    with pytest.raises(SecretError, match="MAC mismatch"):
        revealed(result.replace("AAPL", "TSLA"))


@pytest.mark.parametrize(
    "rule",
    [
        regex("^credentials$"),
        regex("^(credentials|binding|config)$"),
        regex("."),
        regex("_unencrypted", RuleKind.UNENCRYPTED_SUFFIX),
        regex("seal", RuleKind.ENCRYPTED_COMMENT_REGEX),
    ],
)
def test_a_rule_that_does_not_suit_a_connection_is_refused_naming_one_that_does(rule):
    with pytest.raises(SecretError) as refusal:
        sealed(rule=rule)

    assert rule.pattern in str(refusal.value)
    assert "write encrypted_regex: ^(credentials|binding)$" in str(refusal.value)


@pytest.mark.parametrize(
    "credentials", ["{l: [a]} # note", "{m: {l: [a]}, # note\n  b: c}"]
)
def test_a_comment_behind_the_braces_around_a_list_is_none_of_the_lists(credentials):
    new = sealed(f"name: main\ncredentials: {credentials}\n")

    assert "# note" in new


SLASHED = """\
{"name": "main", "provider": "a\\\\\\/b", "credentials": {"k\\/1": "x\\/y"},
 "config": {"endpoint": "https:\\/\\/a.test"}} # \\/ 'stays'
"""


def test_the_escape_that_only_json_has_is_written_so_that_sops_reads_it():
    new = sealed(SLASHED)

    assert '"provider": "a\\\\/b"' in new
    assert '{"k/1": "ENC[' in new
    assert '{"endpoint": "https://a.test"}' in new
    assert new.endswith("} # \\/ 'stays'\n")
    assert sealed(new, reuse=KEYRING) == new


def test_a_file_that_is_json_by_its_name_keeps_the_escapes_of_json():
    new = seal(SLASHED, file="f.json", recipients=Recipients.of([RECIPIENT]), now=NOW)

    assert "https:\\/\\/a.test" in new
    assert revealed(new) == {"k/1": "x/y"}


@pytest.mark.skipif(not shutil.which("sops"), reason="needs the sops program")
@pytest.mark.parametrize("name", ["f.yaml", "f.json"])
def test_real_sops_reads_a_file_that_had_the_escapes_of_json(tmp_path, name):
    path = tmp_path / name
    text = SLASHED.partition(" #")[0]
    path.write_text(
        seal(text, file=name, recipients=Recipients.of([RECIPIENT]), now=NOW)
    )
    theirs = typed_documents(sops("-d", path=path))

    assert theirs == open_all(path.read_text(), KEYRING)


@pytest.mark.skipif(not shutil.which("sops"), reason="needs the sops program")
@pytest.mark.parametrize("nl", ["\n", "\r\n"])
@pytest.mark.parametrize("body", [PLAIN, *BODIES.values()], ids=["yaml", *BODIES])
def test_real_sops_reads_what_we_seal(tmp_path, body, nl):
    path = tmp_path / "f.yaml"
    path.write_bytes(sealed(body.replace("\n", nl)).encode())
    done = subprocess.run(
        ["sops", "-d", str(path)],
        env={"SOPS_AGE_KEY": IDENTITY.reveal(), "HOME": str(NOWHERE), "PATH": "/bin"},
        capture_output=True, text=True, check=False,
        executable=shutil.which("sops"),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    plain = typed_documents(done.stdout)[0]
    assert plain == open_all(path.read_text(), KEYRING)[0]
