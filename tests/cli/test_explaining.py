"""`explain`: every code, one code, and a code that does not exist."""

from __future__ import annotations

import pytest

from reconciler.core.diagnostic import RULES


def test_a_code_is_explained_with_an_example_each_way(bare):
    shown = bare.here("explain", "R201").out

    assert shown.startswith("R201  an unknown key\n")
    assert "To mend it: remove it, or use the key that is suggested." in shown
    assert "Wrong:\n    type: ccxt_crypto\n    provider: binance\n    ownr:" in shown
    assert bare.here("explain", "r201").out == shown


def test_a_placeholder_is_told_apart_from_what_to_write(bare):
    assert (
        "stand for what 'reconcile encrypt' writes" in bare.here("explain", "R302").out
    )
    assert "ENC" not in bare.here("explain", "R201").out


def test_without_a_code_every_code_is_listed(bare):
    shown = bare.here("explain").out.splitlines()
    data = bare.here("explain", "--format", "json").json

    assert [line[:4] for line in shown[: len(RULES)]] == list(RULES)
    assert [one["code"] for one in data["codes"]] == list(RULES)


def test_one_code_as_data(bare):
    data = bare.here("explain", "R102", "--format", "json").json

    assert data["title"] == "a key stands twice"
    assert data["wrong"].count("provider:") == 2


@pytest.mark.parametrize(
    ("word", "hint"), [("R31", "did you mean 'R31"), ("nonsense", "lists the codes")]
)
def test_an_unknown_code_is_wrong_usage(bare, word, hint):
    done = bare.here("explain", word, code=64)

    assert f"'{word}' is no code, connection or file" in done.err
    assert hint in done.err
