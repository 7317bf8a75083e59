"""Sealed files against `.sops.yaml`: who can open them, and under which rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters import documents
from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.sops import generate_identity
from reconciler.adapters.sops.age.key_groups import Recipients
from reconciler.adapters.sops.block import read_metadata
from reconciler.adapters.sops.upkeep.creation_rules import CreationRule
from reconciler.adapters.sops.upkeep.drift import find_drift
from reconciler.adapters.sops.upkeep.rulebook import Rulebook, short
from reconciler.adapters.source import FileSource
from reconciler.core.diagnostic import Severity
from tests.adapters.sops.sops_helpers import NOW, PLAIN, RECIPIENT, sealed

_, OTHER = generate_identity(NOW)
_, THIRD = generate_identity(NOW)
SEALED = sealed(PLAIN.replace('  secret: "a\\nb"\n', ""))
OURS = "encrypted_regex: ^(credentials|binding)$, mac_only_encrypted: true"


@pytest.fixture
def repository(tmp_path):
    """One sealed file, and a function that writes `.sops.yaml` and reads."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d/main.yaml").write_text(SEALED)

    def found(config: str, *, cache: bool = False):
        (tmp_path / ".sops.yaml").write_text(config)
        source = FileSource(
            directory=tmp_path, connections="d", adapters=find_adapters, cache=cache
        )
        return source.read()

    return found


def rule(age: str = RECIPIENT, more: str = OURS) -> str:
    return f"creation_rules:\n  - {{age: '{age}', {more}}}\n"


def codes(desired) -> list[str]:
    return [item.code for item in desired.diagnostics]


def test_a_file_that_agrees_with_its_rule_is_fine(repository):
    assert codes(repository(rule())) == []


def test_a_rule_that_says_little_is_no_drift(repository):
    assert codes(repository(f"creation_rules: [{{age: {RECIPIENT}}}]\n")) == []


def test_a_rule_that_names_nobody_says_nothing_about_recipients(repository):
    assert codes(repository(rule(age=""))) == []


def test_somebody_who_can_open_it_and_should_not_is_named(repository):
    config = rule(age=OTHER) + f"# {RECIPIENT} # bob, left in May\n"

    extra, missing = repository(config).diagnostics

    assert (extra.code, missing.code) == ("R310", "R311")
    assert f"does not name {short(RECIPIENT)} (bob, left in May), who can open" in (
        extra.message
    )
    assert f"{short(OTHER)} cannot open this file" in missing.message
    assert "reconcile updatekeys d/main.yaml" in extra.hint
    assert "reconcile rotate d/main.yaml" in extra.hint
    line = SEALED.splitlines().index("    age:") + 1
    assert (extra.span.file, extra.span.line) == ("d/main.yaml", line)


def test_drift_is_a_warning_and_the_connection_stays_usable(repository):
    found = repository(rule(age=OTHER))

    assert {item.severity for item in found.diagnostics} == {Severity.WARNING}
    assert found.heads.keys() == {"main"}


def test_a_file_that_no_rule_matches(repository):
    config = f"creation_rules: [{{path_regex: ^other/, age: {RECIPIENT}}}]\n"

    (found,) = repository(config).diagnostics

    assert found.code == "R312"
    assert found.span.line == SEALED.splitlines().index("sops:") + 1


ROTATE = "'reconcile rotate d/main.yaml'"
MEND = "suits no connection: write encrypted_regex: ^(credentials|binding)$"


@pytest.mark.parametrize(
    ("more", "said", "fix"),
    [
        ("encrypted_regex: ^(credentials|binding|x)$", "binding|x)$", ROTATE),
        ("encrypted_regex: ^credentials$", "encrypted_regex ^credentials$", MEND),
        ("unencrypted_suffix: _plain", "asks for unencrypted_suffix _plain", MEND),
        ("mac_only_encrypted: false", "asks for every value", ROTATE),
    ],
)
def test_a_file_that_was_sealed_under_another_rule(repository, more, said, fix):
    (found,) = repository(rule(more=more)).diagnostics

    assert found.code == "R314"
    assert said in found.message
    assert fix in found.hint


def test_a_public_file_has_no_drift(tmp_path, repository):
    (tmp_path / "d/main.yaml").write_text("type: ccxt_crypto\nprovider: binance\n")

    assert codes(repository(rule(age=OTHER))) == []


def grouped(*groups, threshold=0):
    return CreationRule(
        config=Path(".sops.yaml"),
        recipients=Recipients(groups=groups, threshold=threshold),
        path_regex="",
        rule=None,
        mac_only_encrypted=None,
        foreign=(),
    )


def block_of(text):
    source, _ = documents.parse(text, file="f.yaml")
    return read_metadata(source.data, file="f.yaml")


def test_the_same_people_in_other_groups_are_drift():
    block = block_of(f"sops: {{age: [{{recipient: {RECIPIENT}}}]}}\n")

    (found,) = find_drift(block, grouped((RECIPIENT,), (RECIPIENT,)), called=short)

    assert found.code == "R311"
    assert "other key groups" in found.message


@pytest.mark.parametrize(("there", "drifts"), [(3, False), (2, True)])
def test_a_threshold_of_none_means_every_group(there, drifts):
    keys = (RECIPIENT, OTHER, THIRD)
    groups = ", ".join(f"{{age: [{{recipient: {key}}}]}}" for key in keys)
    text = f"sops: {{shamir_threshold: {there}, key_groups: [{groups}]}}\n"

    found = find_drift(
        block_of(text), grouped((OTHER,), (THIRD,), (RECIPIENT,)), called=short
    )

    assert [one.code for one in found] == ["R311"] * drifts


def test_the_comment_of_an_ssh_key_is_no_difference():
    block = block_of("sops: {age: [{recipient: ssh-ed25519 AAAA bob@desk}]}\n")

    assert find_drift(block, grouped(("ssh-ed25519 AAAA",)), called=short) == ()


BROKEN = f"""\
creation_rules:
  - path_regex: '('
    age: {RECIPIENT}
  - just text
  - encrypted_regex: a
    unencrypted_regex: b
  - key_groups:
      - age: [1]
"""


def test_every_mistake_in_the_rules_is_told_at_its_line(repository):
    found = repository(BROKEN)

    assert [(item.code, item.span.line) for item in found.diagnostics] == [
        ("R313", 2), ("R313", 4), ("R313", 5), ("R313", 8),
    ]  # fmt: skip
    assert {item.span.file for item in found.diagnostics} == {".sops.yaml"}
    assert all(item.severity is Severity.ERROR for item in found.diagnostics)
    assert found.heads.keys() == {"main"}
    assert found.files == 1


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ("creation_rules: []\n", 1),
        ("a: 1\n", 1),
        ("- a\n", 1),
        ("\n\na: [", 4),
        ("a: 1\na: 2\n", 2),
        ("creation_rules:\n  - key_groups: 7\n", 2),
    ],
)
def test_a_file_of_rules_that_is_none(repository, config, line):
    (found,) = repository(config).diagnostics

    assert (found.code, found.severity) == ("R313", Severity.ERROR)
    assert found.span.line in {line, line - 1}


def test_half_a_public_key_is_doubted(repository):
    found = repository(rule(age=f"{RECIPIENT},{OTHER[:-3]}")).diagnostics

    first = found[0]
    assert (first.code, first.severity) == ("R313", Severity.WARNING)
    assert first.span.file == ".sops.yaml"


def test_a_changed_rule_is_noticed_by_a_warm_run(repository):
    assert codes(repository(rule(), cache=True)) == []
    assert codes(repository(rule(age=OTHER), cache=True)) == ["R310", "R311"]
    assert codes(repository(BROKEN, cache=True)) == ["R313"] * 4
    assert codes(repository(BROKEN, cache=True)) == ["R313"] * 4
    assert codes(repository(rule(), cache=True)) == []


def test_the_rules_of_a_folder_above_count_as_with_sops(tmp_path):
    (tmp_path / ".sops.yaml").write_text(rule(age=OTHER))
    (tmp_path / "desk").mkdir()

    book = Rulebook(str(tmp_path / "desk"))

    assert book.path == str(tmp_path / ".sops.yaml") == book.name


def test_anchors_and_comments_name_people(tmp_path):
    (tmp_path / ".sops.yaml").write_text(
        f"keys:\n  - &alice {RECIPIENT}\n  - {OTHER} # bob\n"
    )

    book = Rulebook(str(tmp_path))

    assert book.called(RECIPIENT).endswith("(alice)")
    assert book.called(OTHER).endswith("(bob)")
    assert book.called("age1nobody") == "age1nobody"
