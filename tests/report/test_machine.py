"""JSON for machines: the fast encoder writes what the exact one would mean."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report.machine import pretty

DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def finite(data):
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [finite(value) for value in data]
    return None if isinstance(data, float) and math.isinf(data) else data


@given(DATA)
def test_what_is_written_means_what_was_given_and_is_ascii(data):
    text = pretty(data)

    assert json.loads(text) == finite(data)
    assert text.isascii()
    assert "\x7f" not in text


@pytest.mark.parametrize(
    "data",
    [2**70, "\ud800", {"a": [1, {"b": []}], "c": {}}, "ü", float("nan")],
    ids=["large", "half a pair", "nested", "not ascii", "no number"],
)
def test_the_layout_is_that_of_the_standard_library(data):
    wanted = None if isinstance(data, float) else data

    assert pretty(data) == json.dumps(wanted, indent=2) + "\n"
