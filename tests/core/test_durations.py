import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0), ("30s", 30), ("15m", 900), ("24h", 86_400), ("90m", 5_400),
        ("1h30m", 5_400), ("1w2d3h4m5s", 788_645), (900, 900), (0, 0),
    ],
)  # fmt: skip
def test_a_duration_is_read_in_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "", "15", "m", "15 m", "1.5h", "-3m", "30m1h", "1m1m", "5M", "15m\n", "٣m",
        "1000000000s", "9999w", -1, 10**9, True, 1.5, None, ["1m"],
    ],
)  # fmt: skip
def test_anything_else_is_none(value):
    assert parse_duration(value) is None


@given(st.integers(0, 10 * 366 * 86_400))
def test_what_is_written_reads_back_the_same(seconds):
    assert parse_duration(format_duration(seconds)) == seconds
