"""Adapters are found by name; a broken one takes no other down."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from reconciler.adapters.providers.registry import (
    GROUP,
    AdapterError,
    Adapters,
    find_adapter,
    find_adapters,
)

OURS = "reconciler.adapters.providers.mtapi:ADAPTER"


def point(name, value):
    return EntryPoint(name=name, value=value, group=GROUP)


def test_the_three_types_are_installed_and_keep_their_names():
    adapters = find_adapters()

    assert {"ccxt_crypto", "custom_api", "mtapi"} <= set(adapters)
    assert all(adapters[name].type == name for name in adapters)
    assert adapters["mtapi"] is adapters["mtapi"]


def test_an_unknown_type_is_an_error_with_a_suggestion():
    with pytest.raises(AdapterError, match="did you mean 'ccxt_crypto'"):
        find_adapter("ccxt-crypto")
    with pytest.raises(AdapterError, match=r"known types: .*mtapi"):
        find_adapter("qqqqq")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("no.such.module:ADAPTER", "no.such.module"),
        ("json:ADAPTER", "ADAPTER"),
        ("json:dumps", "max_concurrency"),
    ],
)
def test_a_broken_plug_in_is_named_and_the_others_work(value, word):
    adapters = Adapters([point("broken", value), point("mtapi", OURS)])

    assert adapters["mtapi"].type == "mtapi"
    assert list(adapters) == ["broken", "mtapi"]
    with pytest.raises(AdapterError, match="broken") as caught:
        adapters["broken"]
    assert word in str(caught.value)
    assert list(adapters.broken()) == ["broken"]


def test_a_plug_in_under_another_name_is_refused():
    with pytest.raises(AdapterError, match="calls itself 'mtapi'"):
        Adapters([point("other", OURS)])["other"]


def test_looking_a_name_up_loads_nothing():
    adapters = Adapters([point("broken", "no.such.module:ADAPTER")])

    assert "broken" in adapters
    assert "other" not in adapters
    assert len(adapters) == 1
    with pytest.raises(KeyError):
        adapters["other"]
