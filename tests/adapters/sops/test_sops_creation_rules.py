"""`.sops.yaml` as sops reads it."""

from __future__ import annotations

import pytest

from reconciler.adapters.sops import find_creation_rule
from reconciler.adapters.sops.rules import Rule, RuleKind
from reconciler.core.errors import SecretError


@pytest.fixture
def rules(tmp_path):
    def write(text: str):
        (tmp_path / ".sops.yaml").write_text(text)
        return tmp_path

    return write


def rule_for(folder, name="connections.d/a.yaml"):
    return find_creation_rule(folder, folder / name)


def test_the_first_rule_that_matches_wins(rules):
    folder = rules(
        "creation_rules:\n"
        "  - {path_regex: '^other/', age: age1a}\n"
        "  - {path_regex: '^connections\\.d/.*\\.yaml$', age: 'age1b , ,age1c'}\n"
        "  - {age: age1d}\n"
    )

    assert rule_for(folder).recipients.all == ("age1b", "age1c")
    assert rule_for(folder, "else.yaml").recipients.all == ("age1d",)
    assert rule_for(folder).config == folder / ".sops.yaml"


def test_it_is_found_from_a_folder_upwards(rules, tmp_path):
    rules("creation_rules: [{age: [age1a, age1b]}]\n")
    deep = tmp_path / "x" / "y"
    deep.mkdir(parents=True)

    assert find_creation_rule(deep, deep / "f.yaml").recipients.all == (
        "age1a",
        "age1b",
    )


def test_a_file_can_be_named(tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text("creation_rules: [{age: age1a}]\n")

    assert find_creation_rule(config, tmp_path / "f").recipients.all == ("age1a",)


def test_without_a_configuration_there_is_no_rule(tmp_path):
    assert find_creation_rule(tmp_path, tmp_path / "f") is None


def test_one_key_group_is_flat_and_wins(rules):
    folder = rules(
        "creation_rules:\n"
        "  - age: age1flat\n"
        "    shamir_threshold: 3\n"
        "    key_groups:\n"
        "      - {age: [age1a, age1b], pgp: [X], merge: [{age: [age1b, 'age1c,age1d'],"
        " kms: [{arn: x}]}]}\n"
    )
    found = rule_for(folder)

    assert found.recipients.groups == (("age1b", "age1c", "age1d", "age1a"),)
    assert found.recipients.threshold == 0
    assert found.foreign == ("pgp", "kms")


@pytest.mark.parametrize(("given", "threshold"), [("", 3), ("0", 3), ("2", 2)])
def test_several_key_groups_come_together(rules, given, threshold):
    groups = "key_groups: [{age: [a, a]}, {age: [b]}, {age: [a, c]}]"
    folder = rules(f"creation_rules: [{{shamir_threshold: {given}, {groups}}}]\n")
    found = rule_for(folder).recipients

    assert found.groups == (("a",), ("b",), ("a", "c"))
    assert found.threshold == threshold
    assert found.all == ("a", "b", "c")


@pytest.mark.parametrize("given", ["1", "3", "-1", "two", "true", "2.0"])
def test_an_impossible_threshold_is_refused(rules, given):
    groups = "key_groups: [{age: [a]}, {age: [b]}]"
    folder = rules(f"creation_rules: [{{shamir_threshold: {given}, {groups}}}]\n")

    with pytest.raises(SecretError, match="not from 2 to 2") as refusal:
        rule_for(folder)
    assert refusal.value.code == 5


def test_a_misnamed_configuration_is_refused_only_where_it_matters(rules, tmp_path):
    (tmp_path / ".sops.yml").write_text("creation_rules: [{age: age1a}]\n")
    with pytest.raises(SecretError, match=r"\.sops\.yml: sops ignores") as refusal:
        rule_for(tmp_path)
    assert refusal.value.code == 5

    assert rule_for(rules("creation_rules: [{age: age1b}]\n")).recipients.all == (
        "age1b",
    )


@pytest.mark.parametrize("kind", RuleKind)
def test_each_of_the_six_rules_is_read(rules, kind):
    folder = rules(f"creation_rules: [{{age: age1a, {kind.value}: x}}]\n")

    assert rule_for(folder).rule == Rule(kind=kind, pattern="x")


def test_the_rest_of_a_rule(rules):
    folder = rules(
        "creation_rules:\n"
        "  - {age: age1a, encrypted_regex: ^x$, mac_only_encrypted: true, kms: arn}\n"
    )
    found = rule_for(folder)

    assert (found.rule.kind, found.rule.pattern) == (RuleKind.ENCRYPTED_REGEX, "^x$")
    assert found.mac_only_encrypted is True
    assert found.foreign == ("kms",)


def test_later_rules_are_not_looked_at(rules):
    folder = rules("creation_rules: [{age: age1a}, {path_regex: '(', age: [1]}, 5]\n")

    assert rule_for(folder).recipients.all == ("age1a",)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("creation_rules: [{path_regex: ^nope$, age: a}]\n", "no matching creation"),
        ("creation_rules: []\n", "no creation_rules"),
        ("other: 1\n", "no creation_rules"),
        ("creation_rules: [5]\n", "not a mapping"),
        ("creation_rules: [{path_regex: '(', age: a}]\n", "not valid RE2"),
        ("creation_rules: [{age: 5}]\n", "neither a list"),
        ("creation_rules: [{key_groups: 5}]\n", "'key_groups' is not a list"),
        ("creation_rules: [{key_groups: [5]}]\n", "'key_groups' is not a mapping"),
        ("creation_rules: [{key_groups: [{merge: [5]}]}]\n", "'merge' is not a map"),
        ("creation_rules: [{age: a, encrypted_regex: a(?=b)}]\n", "not valid RE2"),
        ("creation_rules: [{age: a, encrypted_regex: b, encrypted_suffix: c}]\n",
         "exclude each other"),
        ("creation_rules: [", "did not find|while parsing|expected"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_the_file(rules, text, match):
    folder = rules(text)

    with pytest.raises(SecretError, match=match) as refusal:
        rule_for(folder)
    assert ".sops.yaml" in str(refusal.value)
