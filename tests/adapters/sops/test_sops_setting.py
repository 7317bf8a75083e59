"""Setting and removing one value: its own line changes, the others stay."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.adapters.sops import (
    BindingState,
    Recipients,
    generate_identity,
    set_values,
    unseal,
    unset_values,
)
from reconciler.adapters.sops.rules import Rule, RuleKind
from reconciler.core.errors import DocumentError, SecretError
from tests.adapters.sops.sops_documents import (
    BODIES,
    ENC,
    connections,
    each_body,
    needs_sops,
    sops,
)
from tests.adapters.sops.sops_helpers import (
    LATER,
    NOW,
    PLAIN,
    RECIPIENT,
    keyring_of,
    open_all,
    own_keyring,
    sealed,
    typed_documents,
)

KEYRING = own_keyring()
NOBODY = keyring_of("")


def put(text: str, keyring=KEYRING, recipients=None, **values) -> str:
    return set_values(
        text, {name.replace("__", "."): value for name, value in values.items()},
        file="f.yaml", keyring=keyring, now=LATER, recipients=recipients,
    )  # fmt: skip


def drop(text: str, *keys: str, keyring=KEYRING) -> str:
    return unset_values(text, keys, file="f.yaml", keyring=keyring, now=LATER)


def content(text: str) -> dict:
    data = open_all(text, KEYRING)[0]
    data.pop("binding", None)
    return data


def changed(before: str, after: str) -> list[str]:
    new = set(after.splitlines()) - set(before.splitlines())
    return sorted(re.split(r"[:,]", line.strip().strip('"'))[0] for line in new)


def test_only_the_line_of_a_credential_changes():
    before = sealed()
    after = put(before, secret="new")

    assert changed(before, after) == ["lastmodified", "mac", "secret"]
    assert content(after)["credentials"]["secret"] == "new"


@each_body
def test_a_new_credential_gets_a_place_of_its_own(body):
    before = sealed(body)
    after = put(before, extra="x: #y", api_secret=7)
    expected = content(before)
    expected["credentials"] |= {"extra": "x: #y", "api_secret": 7}

    assert content(after) == expected
    assert set(ENC.findall(before)) - set(ENC.findall(after)) == {
        re.search(r'mac"?: "?(ENC[^\]]*\])', before)[1]
    }
    assert unseal(after, file="f", keyring=KEYRING).binding_state is BindingState.BOUND


@each_body
def test_set_and_unset_cancel(body):
    before = sealed(body)
    there_and_back = drop(put(before, extra="x"), "extra")

    mac = re.compile(r'("?(?:mac|lastmodified)"?: ).*')
    assert mac.sub(r"\1", there_and_back) == mac.sub(r"\1", before)


@each_body
def test_the_same_value_changes_nothing(body):
    before = sealed(body)
    values = {
        name: value
        for name, value in content(before)["credentials"].items()
        if isinstance(value, str | int)
    }

    assert put(before, **values) is before
    assert drop(before, "not_there") is before


def test_types_are_those_of_the_caller():
    after = put(sealed(), a="30", b=30, c=True, d=1.0)

    assert "type:int]" in after
    credentials = content(after)["credentials"]
    assert repr([credentials[name] for name in "abcd"]) == "['30', 30, True, 1.0]"


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("config.rate_limit", 20, "'https://a.test', rate_limit: 20}"),
        ("config.proxy", "http://p:1", 'rate_limit: 10, proxy: "http://p:1"}'),
        ("settings.symbols.1", "TSLA", '  symbols: [AAPL, "TSLA"]   # two'),
        ("settings.symbols.2", "TSLA", '  symbols: [AAPL, MSFT, "TSLA"]   # two'),
        ("settings.candles", 3, "  symbols: [AAPL, MSFT]   # two\n  candles: 3\n"),
        ("labels.desk", "spot", "feed\nlabels:\n  desk: spot\ncredentials:"),
        ("health.interval", "15m", "10}\nhealth:\n  interval: 15m\nsettings:"),
    ],
)  # fmt: skip
def test_plain_fields_are_set_in_place(key, value, line):
    after = set_values(sealed(), {key: value}, file="f", keyring=KEYRING, now=LATER)

    assert line in after
    assert unseal(after, file="f", keyring=KEYRING).binding_state is BindingState.BOUND


def test_nested_credentials_are_made_and_found():
    after = put(sealed(), credentials__a__b="x", credentials__a__c="y")

    assert content(after)["credentials"]["a"] == {"b": "x", "c": "y"}
    assert content(put(after, credentials__a__b="z"))["credentials"]["a"]["b"] == "z"
    assert "a" not in content(drop(after, "credentials.a.b", "credentials.a.c"))[
        "credentials"
    ]  # fmt: skip


def test_a_name_with_a_dot_is_found_before_a_path():
    before = sealed("credentials:\n  'api.key': x\n")

    after = put(before, **{"api.key": "y"})
    assert content(after)["credentials"] == {"api.key": "y"}


@pytest.mark.parametrize(
    "body",
    [
        "name: main\nprovider: feed\nconfig: {a: 1}\n",
        "name: main\nprovider: feed\ncredentials:   # to come\nconfig: {a: 1}\n",
        "name: main\nprovider: feed\ncredentials: {}\n",
        "name: main\nprovider: feed\ncredentials: ~\n",
        '{"name": "main", "provider": "feed"}\n',
        '{\n  "name": "main",\n  "credentials": {}\n}\n',
        "name: main\nprovider: feed",
    ],
)
def test_a_file_without_credentials_gets_its_first(body):
    after = put(body, recipients=Recipients.of([RECIPIENT]), api_key="k")

    assert content(after) == {
        **typed_documents(body)[0],
        "credentials": {"api_key": "k"},
    }
    assert "to come" not in body or "credentials:   # to come\n" in after


def test_a_plain_field_of_a_public_file_needs_nobody():
    body = "name: main\nprovider: feed\nconfig: {a: 1}\n"

    assert put(body, config__a=2) == body.replace("1", "2")
    assert drop(body, "config.a") == "name: main\nprovider: feed\n"


def test_removing_takes_the_whole_line_and_leaves_comments_above():
    before = sealed()
    after = drop(before, "api_key")

    assert "  # the key\n  secret: ENC" in after
    assert changed(before, after) == ["lastmodified", "mac"]


@each_body
def test_without_its_last_credential_a_connection_is_public(body):
    before = sealed(body)
    after = drop(before, *content(before)["credentials"])

    assert not any(word in after for word in ("ENC[", "credentials", "binding", "sops"))
    expected = content(before)
    del expected["credentials"]
    assert typed_documents(after)[0] == expected


def test_a_destination_that_was_changed_without_the_key_is_not_blessed():
    before = sealed().replace("https://a.test", "https://evil.test")

    with pytest.raises(SecretError, match="--rebind"):
        put(before, secret="new")


NEW = {"api_key": "1", "secret": "2", "timeout": 3}


def test_without_a_key_everything_may_be_replaced():
    before = sealed()
    after = put(before, keyring=NOBODY, **NEW)

    assert content(after) == {**content(before), "credentials": NEW}
    assert not set(ENC.findall(before)) & set(ENC.findall(after))
    assert unseal(after, file="f", keyring=KEYRING).binding_state is BindingState.BOUND
    assert ENC.sub("", after).split("sops:")[0] == ENC.sub("", before).split("sops:")[0]


def test_without_a_key_for_somebody_else():
    identity, other = generate_identity(NOW)
    after = put(sealed(), keyring=NOBODY, recipients=Recipients.of([other]), **NEW)

    found = unseal(after, file="f", keyring=keyring_of(identity.reveal()))
    assert found.credentials["secret"].reveal() == "2"


def test_without_a_key_nothing_may_stay_sealed():
    with pytest.raises(SecretError, match="no identity opens it") as refusal:
        put(sealed(), keyring=NOBODY, secret="hunter2")

    assert refusal.value.code == 128
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(SecretError, match="no identity opens it"):
        drop(sealed(), "secret", keyring=NOBODY)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("binding.x", "is written when the file is sealed"),
        ("nothing.here", "neither a credential nor a path"),
        ("config.", "neither a credential nor a path"),
        ("settings.symbols", "holds several values"),
        ("settings.symbols.9", "past the end of a list of 2"),
        ("settings.new.0", "in a list that is not there"),
        ("name.first", "leads through a single value"),
    ],
)  # fmt: skip
def test_paths_that_lead_nowhere_are_refused(key, why):
    with pytest.raises(SecretError, match=why) as refusal:
        set_values(sealed(), {key: "v"}, file="f.yaml", keyring=KEYRING, now=LATER)

    assert str(refusal.value).startswith("f.yaml: ")


def test_an_unclear_file_is_refused():
    with pytest.raises(DocumentError):
        put("a: 1\na: 2\n", x="y")


TEXT = st.text(st.sampled_from("ab $%{}#:'\"\n\\&*!|>[],?-@`~=yesno01.é\u2028"))


@settings(max_examples=50, deadline=None)
@given(connections(), st.sampled_from(["api_key", "new", "odd key"]), TEXT)
def test_any_text_may_be_set_in_any_connection(body, name, value):
    before = sealed(body)
    expected = content(before)
    assume(not isinstance(expected["credentials"].get(name), list | dict))
    after = set_values(before, {name: value}, file="f", keyring=KEYRING, now=LATER)
    expected["credentials"][name] = value

    assert content(after) == expected
    again = set_values(after, {name: value}, file="f", keyring=KEYRING, now=LATER)
    assert again is after
    kept = set(ENC.findall(before)) & set(ENC.findall(after))
    assert len(kept) >= len(set(ENC.findall(before))) - 2
    lines = [line for line in before.splitlines() if "ENC[" not in line]
    outside = [one for one in lines if "lastmodified" not in one]
    if "sops:" in before:  # and not JSON, where a comma may follow
        assert set(outside) <= set(after.splitlines())


@settings(max_examples=40, deadline=None)
@given(connections(), st.data())
def test_what_is_removed_is_gone_and_the_rest_is_there(body, data):
    before = sealed(body)
    expected = content(before)
    name = data.draw(st.sampled_from(sorted(expected["credentials"])))
    after = unset_values(before, [name], file="f", keyring=KEYRING, now=LATER)
    del expected["credentials"][name]
    if not expected["credentials"]:
        del expected["credentials"]
        assert typed_documents(after)[0] == expected
        return

    assert content(after) == expected
    assert set(ENC.findall(after)) - set(ENC.findall(before)) == {
        re.search(r'mac"?: "?(ENC[^\]]*\])', after)[1]
    }


@needs_sops
@pytest.mark.parametrize("name", [*BODIES, "keyless"])
def test_real_sops_reads_what_we_set_and_we_set_what_it_did(tmp_path, name):
    path = tmp_path / "f.yaml"
    before = sealed(BODIES.get(name, BODIES["plain"]))
    new = {"extra": "x", **(NEW if name == "keyless" else {})}
    keyring = NOBODY if name == "keyless" else KEYRING
    path.write_bytes(put(before, keyring=keyring, **new).encode())
    expected = open_all(path.read_text(encoding="utf-8"), KEYRING)
    assert typed_documents(sops("-d", path=path)) == expected

    sops("set", path=path, then=('["credentials"]["extra"]', '"theirs"'))
    assert content(path.read_text())["credentials"]["extra"] == "theirs"
    after = put(path.read_text(encoding="utf-8"), extra="ours")
    path.write_text(after)
    assert typed_documents(sops("-d", path=path)) == open_all(after, KEYRING)


@pytest.mark.parametrize("only", [True, False])
def test_a_file_that_is_not_sealed_yet_is_sealed_by_the_rule_it_is_given(only):
    rule = Rule(kind=RuleKind.ENCRYPTED_REGEX, pattern="^(credentials|binding|name)$")
    new = set_values(
        PLAIN, {"api_key": "new"}, file="f.yaml", keyring=KEYRING, now=NOW,
        recipients=Recipients.of([RECIPIENT]), rule=rule, only_encrypted=only,
    )  # fmt: skip
    block = typed_documents(new)[0]["sops"]

    assert block["encrypted_regex"] == rule.pattern
    assert block.get("mac_only_encrypted", False) is only
    assert "name: main" not in new
