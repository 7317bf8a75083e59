"""go-yaml's typing and the exact bytes that sops seals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.dialect import typed
from reconciler.adapters.sops.scalars import (
    decode,
    encode,
    format_float,
    resolve,
    rfc3339,
)
from reconciler.adapters.sops.values import Comment, Timestamp
from reconciler.core.errors import SecretError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("NULL", None), ("nUll", "nUll"),
        ("true", True), ("FALSE", False), ("yes", "yes"), ("off", "off"), ("y", "y"),
        ("0777", 511), ("0o777", 511), ("0x1F", 31), ("-0x1f", -31), ("0b11", 3),
        ("+1", 1), ("1_000", 1000), ("12345_54321", 1234554321), ("00", 0),
        ("089", 89.0), ("08", 8.0), ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5),
        (".1_0", 0.1), ("1e400", "1e400"), ("12:30:45", "12:30:45"), ("-", "-"),
        ("18446744073709551616", 18446744073709551616.0), (".", "."), ("1e", "1e"),
        ("9223372036854775807", 2**63 - 1), ("-9223372036854775809", -(2.0**63)),
        ("2001-12-14", Timestamp("2001-12-14T00:00:00Z")),
        ("2001-1-4", Timestamp("2001-01-04T00:00:00Z")),
        ("2001-12-14T21:59:43.10-05:00", Timestamp("2001-12-14T21:59:43.1-05:00")),
        ("2001-12-14t1:2:3+00:00", Timestamp("2001-12-14T01:02:03Z")),
        ("2001-12-14 21:59:43.5", Timestamp("2001-12-14T21:59:43.5Z")),
        ("2001-12-14T21:59:43", "2001-12-14T21:59:43"),
        ("2001-12-14 21:59:43Z", "2001-12-14 21:59:43Z"),
        ("2001-13-14", "2001-13-14"), ("2001-02-30", "2001-02-30"),
    ],
)  # fmt: skip
def test_plain_scalars_are_typed_as_go_yaml_types_them(text, value):
    got = resolve(text, plain=True)

    assert (type(value), value) == (type(got), got)


def test_special_floats():
    assert resolve("-.INF", plain=True) == -math.inf
    assert math.isnan(resolve(".nan", plain=True))


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [
        ("42", "str", "42"), ("42", "int", 42), ("42", "float", 42.0),
        ("aGVsbG8=", "binary", "hello"), ("/w==", "binary", b"\xff"),
        ("~", "null", None), ("true", "bool", True),
    ],
)  # fmt: skip
def test_explicit_tags(text, tag, value):
    got = resolve(text, plain=False, tag=f"tag:yaml.org,2002:{tag}")

    assert (type(value), value) == (type(got), got)


@pytest.mark.parametrize(
    ("text", "tag"),
    [("yes", "bool"), ("foo", "int"), ("x", "null"), ("true", "int"), ("?", "binary")],
)
def test_a_tag_that_does_not_fit_is_refused(text, tag):
    with pytest.raises(SecretError):
        resolve(text, plain=True, tag=f"tag:yaml.org,2002:{tag}")


def test_unknown_tags_make_text():
    assert resolve("42", plain=True, tag="!mine") == "42"


@pytest.mark.parametrize("text", ["9223372036854775808", "18446744073709551615"])
def test_unsigned_numbers_are_refused_as_sops_does(text):
    with pytest.raises(SecretError) as refusal:
        resolve(text, plain=True)

    assert refusal.value.code == 23


@pytest.mark.parametrize(
    ("value", "raw", "kind"),
    [
        ("ü", "ü".encode(), "str"), (b"\xff", b"\xff", "str"), (-7, b"-7", "int"),
        (True, b"True", "bool"), (False, b"False", "bool"), (1.0, b"1", "float"),
        (1e22, b"10000000000000000000000", "float"), (1e-7, b"0.0000001", "float"),
        (-0.0, b"-0", "float"), (math.inf, b"+Inf", "float"), (2.50, b"2.5", "float"),
        (Timestamp("2001-12-14T00:00:00Z"), b"2001-12-14T00:00:00Z", "time"),
        (Comment(" x"), b" x", "comment"),
    ],
)  # fmt: skip
def test_values_have_the_bytes_of_sops(value, raw, kind):
    assert encode(value) == (raw, kind)
    assert decode(raw, kind) == value


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"x", "int"), (b"1_0", "int"), (b" 1", "int"), (b"9223372036854775808", "int"),
        (b"x", "float"), (b"yes", "bool"), (b"noon", "time"), (b"\xff", "int"),
    ],
)  # fmt: skip
def test_bytes_that_do_not_fit_their_type_are_refused_without_showing_them(raw, kind):
    with pytest.raises(SecretError) as refusal:
        decode(raw, kind)

    assert repr(raw) not in str(refusal.value)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_their_text(value):
    text = format_float(value)

    assert "e" not in text.lower()
    assert float(text) == value


@settings(deadline=None)
@given(st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans()))
def test_values_survive_their_bytes(value):
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        return

    assert decode(*encode(value)) == value


@settings(deadline=None)
@given(st.text(alphabet="0123456789+-.eE_xobTZ: yYnN", max_size=12))
def test_the_strict_dialect_types_what_it_accepts_as_go_yaml_does(text):
    known, value = typed(text)
    if known:
        assert repr(resolve(text, plain=True)) == repr(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T13:59:39Z", "2026-11-22T13:59:39Z"),
        ("2026-11-22T13:59:39.123+00:00", "2026-11-22T13:59:39Z"),
        ("2026-11-22T13:59:39+02:00", "2026-11-22T13:59:39+02:00"),
        ("2026-11-22", None), ("yesterday", None),
    ],
)  # fmt: skip
def test_the_time_that_the_mac_is_bound_to(text, expected):
    assert rfc3339(text) == expected
