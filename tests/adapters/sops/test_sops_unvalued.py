"""Sealed files for people's eyes: stable marks, nothing from a plaintext."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.sops.unvalued import unvalued
from tests.adapters.sops.sops_helpers import PLAIN, RECIPIENT, VECTORS, sealed


def test_a_value_shows_its_type_its_length_and_a_mark():
    text = sealed()

    shown = unvalued(text)

    assert unvalued(text) == shown
    assert re.search(
        r"\n  api_key: <sealed str, 7 bytes, #[0-9a-f]{6}>   # keep", shown
    )
    assert re.search(r"\n  timeout: <sealed int, 2 bytes, #[0-9a-f]{6}>\n", shown)
    assert shown.partition("\n  api_key")[0] == PLAIN.partition("\n  api_key")[0]


def test_the_same_value_sealed_twice_has_two_marks():
    marks = [re.findall("#[0-9a-f]{6}>", unvalued(sealed())) for _ in range(2)]

    assert not set(marks[0]) & set(marks[1])


def test_the_block_shows_who_which_and_the_day():
    shown = unvalued(sealed())

    assert shown.partition("sops:")[2] == (
        f"\n    recipients:\n        - {RECIPIENT}\n"
        "    rule: encrypted_regex ^(credentials|binding)$\n"
        "    mac: over sealed values\n"
        "    lastmodified: 2026-11-22\n"
    )


def test_conflict_markers_hide_no_block_and_no_value():
    text = sealed()

    shown = unvalued(f"<<<<<<< ours\n{text}")

    assert shown == "<<<<<<< ours\n" + unvalued(text)
    assert "recipients:" in shown
    assert "ENC[" not in shown


def test_every_vector_shows_without_ciphertext():
    for file in sorted(VECTORS.rglob("*.yaml")):
        shown = unvalued(file.read_bytes().decode("utf-8", "surrogateescape"))
        assert "BEGIN AGE" not in shown or "END AGE" not in shown, file


@given(st.text('ENC[AES256_GCM,data:=iv]sop \n{}"-#&*\r\ufeff\ud800', max_size=80))
def test_law_any_text_can_be_shown(text):
    assert isinstance(unvalued(text), str)
