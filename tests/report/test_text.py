from datetime import UTC, datetime, timedelta

import pytest

from reconciler.report.text import (
    Style,
    clip,
    count,
    fitted,
    latency,
    names,
    relative,
    safe,
    table,
    width_of,
)

LEFT_OUT = "Not shown, for the terminal's width:"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BTC/USDT", "BTC/USDT"),
        ("币安", "币安"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_unprintable_characters_become_visible_escapes(text, shown):
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (None, ["NAME  TYPE  OWNER", "a     b     admin"]),
        (17, ["NAME  TYPE  OWNER", "a     b     admin"]),
        (16, ["NAME  TYPE", "a     b", "", f"{LEFT_OUT} OWNER."]),
        (9, ["NAME", "a", "", f"{LEFT_OUT} OWNER, TYPE."]),
        (1, ["NAME", "a", "", f"{LEFT_OUT} OWNER, TYPE."]),
    ],
)
def test_columns_give_way_until_a_table_fits_the_terminal(width, shown):
    titles, rows = ("NAME", "TYPE", "EMPTY", "OWNER"), [("a", "b", "", "admin")]
    least = ("EMPTY", "OWNER", "TYPE")

    assert fitted(titles, rows, Style(), width=width, least=least) == shown


def test_columns_align_by_what_a_terminal_shows():
    red = Style(color=True).red("ok")

    lines = table([("币安", "1"), ("abc", "2"), (red, "3")])

    assert lines == ["币安  1", "abc   2", f"{red}    3"]
    assert width_of(red) == 2


def test_a_column_that_is_empty_throughout_goes():
    assert table([("a", "", "b"), ("c", "", "d")]) == ["a  b", "c  d"]


@pytest.mark.parametrize(
    ("delta", "shown"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=-1), "1 second ago"),
        (timedelta(minutes=-3), "3 minutes ago"),
        (timedelta(minutes=14, seconds=59), "in 14 minutes"),
        (timedelta(hours=25), "in 1 day"),
    ],
)
def test_times_are_told_from_now(delta, shown):
    assert relative(NOW + delta, NOW) == shown


def test_no_time_is_never():
    assert relative(None, NOW) == "never"


def test_small_words():
    assert [latency(ms) for ms in (None, 1.24, 41.4, 1_250)] == [
        "-",
        "1.2 ms",
        "41 ms",
        "1.2 s",
    ]
    assert [count(1, "entry", "entries"), count(2, "file")] == ["1 entry", "2 files"]
    assert names(("a", "b\n", "c"), limit=2) == "a, b\\n and 1 more"
    assert clip("abcdef", 5) == "ab..."


def test_without_colour_there_is_no_escape():
    assert Style().red("x") == "x"
