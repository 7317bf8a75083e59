"""A line of the journal holds any value of JSON, whichever encoder writes it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.stores.tinydb.journal import dump

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
).filter(lambda value: "Infinity" not in json.dumps(value))


@given(VALUES)
def test_a_line_reads_back_as_what_was_written(value):
    line = dump(value)

    assert json.loads(line) == value
    assert b"\n" not in line


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1], ids=["above", "below"])
def test_numbers_beyond_64_bits_are_kept_whole(value):
    assert json.loads(dump({"n": value})) == {"n": value}
