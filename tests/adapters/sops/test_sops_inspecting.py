"""Checks without a key: what `validate` can say in a pull request."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from reconciler.adapters import documents, sops
from reconciler.adapters.sops import SealInfo, inspect, metadata
from reconciler.core.diagnostic import Severity
from tests.adapters.sops.sops_helpers import PLAIN, RECIPIENT, sealed

SEALED = sealed(PLAIN.replace('"a\\nb"', '"a\\nbcd"'))


def source_of(text: str):
    source, problems = documents.parse(text, file="f.yaml")
    assert not problems
    return source


def found(text: str):
    return [
        (one.code, one.span.line, one.span.column) for one in inspect(source_of(text))
    ]


def test_a_sealed_file_is_fine():
    assert found(SEALED) == []


def test_a_public_file_is_fine():
    assert found("name: a\n") == []


def test_plain_credentials_are_pointed_at():
    assert found(PLAIN) == [("R301", 9, 12), ("R301", 10, 11), ("R301", 12, 12)]


def test_no_message_shows_a_value():
    assert "k$%" not in str(inspect(source_of(PLAIN)))


def test_one_plain_credential_among_sealed_ones():
    text = re.sub(r"secret: ENC\S+", "secret: hunter2", SEALED)

    assert found(text) == [("R301", 10, 11)]
    (one,) = inspect(source_of(text))
    assert one.message == "'credentials.secret' is in plain text"
    assert one.hint == "run 'reconcile encrypt f.yaml', then commit"


def test_an_empty_credential_is_told_apart():
    (one,) = inspect(source_of(re.sub(r"secret: ENC\S+", 'secret: ""', SEALED)))

    assert one.code == "R301"
    assert "is empty" in one.message


def test_a_lost_block():
    assert found(SEALED[: SEALED.index("sops:")]) == [("R302", 7, 1)]


@pytest.mark.parametrize(
    "block", ["{}", "1", "{age: 5}", "{age: [x], mac: y}", "{encrypted_regex: '('}"]
)
def test_a_block_that_is_no_block(block):
    codes = [
        code
        for code, _, _ in found(SEALED[: SEALED.index("sops:")] + f"sops: {block}\n")
    ]

    assert "R302" in codes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (",type:int]", ",type:long]"), (",type:int]", ""), ("secret: ENC[AES256_GCM,",
        "secret: ENC[AES128,"), (r"tag:[^,]*,type:int", "tag:AAAA,type:int"),
        (r"iv:[^,]*,tag:([^,]*),type:int", r"iv:,tag:\1,type:int"),
        (r"data:[^,]*,(\S+),type:int", r"data:A*==,\1,type:int"),
    ],
)  # fmt: skip
def test_malformed_values(old, new):
    pattern = old if old[0] in "tdi" else re.escape(old)
    text = re.sub(pattern, new, SEALED, count=1)

    assert [code for code, _, _ in found(text)] == ["R303"]


def test_a_binding_in_plain_text():
    text = re.sub(r"\nbinding: ENC\S+", f"\nbinding: '{'0' * 64}'", SEALED)

    assert found(text) == [("R303", 13, 10)]


@pytest.mark.parametrize("mac", ["", "    mac: plain\n", "    mac: ''\n"])
def test_a_missing_mac(mac):
    text = re.sub(r"    mac: .*\n", mac, SEALED)

    assert [code for code, _, _ in found(text)] == ["R304"]


def test_a_missing_binding_is_an_error_when_the_mac_covers_only_secrets():
    (one,) = inspect(source_of(re.sub(r"\nbinding: .*", "", SEALED)))

    assert (one.code, one.severity) == ("R305", Severity.ERROR)
    assert one.hint == "run 'reconcile encrypt f.yaml' to add the binding"


def test_a_missing_binding_is_a_warning_when_the_mac_covers_everything():
    text = re.sub(r"\nbinding: .*", "", SEALED).replace("mac_only_encrypted: true", "")
    (one,) = inspect(source_of(text))

    assert (one.code, one.severity) == ("R305", Severity.WARNING)


def test_a_seal_without_credentials():
    text = re.sub(r"credentials:.*\n(?:  .*\n|\n)*", "", SEALED, count=1)

    assert [code for code, _, _ in found(text)] == ["R308", "R308"]


def test_a_block_beside_plain_credentials_is_checked_too():
    text = f"{PLAIN}sops: {{mac: ''}}\n"

    assert {code for code, _, _ in found(text)} == {"R301", "R302", "R304"}


def test_values_in_lists_are_found():
    assert found("credentials:\n  l: [a, ~, {b: c}]\n") == [
        ("R301", 2, 7), ("R301", 2, 17),
    ]  # fmt: skip


def test_what_a_sealed_file_says_about_itself():
    assert metadata(source_of(SEALED)) == SealInfo(
        recipients=(RECIPIENT,),
        has_mac=True,
        encrypted_regex="^(credentials|binding)$",
        mac_only_encrypted=True,
        lastmodified="2026-11-22T12:00:00Z",
        version="3.9.0",
    )


@pytest.mark.parametrize("text", ["a: 1\n", "sops: {age: 1}\n", "sops: 1\n"])
def test_a_file_without_a_readable_block_says_nothing(text):
    assert metadata(source_of(text)) is None


def test_an_unreadable_source_has_nothing_to_inspect():
    source, _ = documents.parse("a: [", file="f.yaml")

    assert inspect(source) == ()
    assert metadata(source) is None


def test_checking_without_a_key_loads_no_heavy_library():
    code = (
        "import sys\n"
        "from reconciler.adapters.sops import inspect, metadata\n"
        "heavy = {'cryptography', 'pyrage', 're2', 'yaml', 'subprocess'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0


def test_the_package_names_what_it_offers():
    for name in sops.__all__:
        assert getattr(sops, name)
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = sops.nothing_such
