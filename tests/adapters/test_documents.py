"""The strict dialect: what is accepted, what is refused, and where it says so."""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.adapters import documents
from reconciler.adapters.documents import MAX_BYTES, MAX_DEPTH, parse, read
from reconciler.core.diagnostic import RULES, Span


def found(text: str) -> list[tuple[str, int, int]]:
    _, problems = parse(text, file="f.yaml")
    assert all(one.hint and one.code in RULES for one in problems)
    return [(one.code, one.span.line, one.span.column) for one in problems]


def data(text: str):
    source, problems = parse(text, file="f.yaml")
    assert not problems
    return source.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None),
        ("true", True), ("False", False), ("TRUE", True),
        ("0", 0), ("42", 42), ("-7", -7), ("+1", 1),
        ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5), ("1.10", 1.1), (".5", 0.5), ("1.", 1.0), ("1e3", 1000.0),
        ("-2.5E-3", -0.0025), ("0.0", 0.0),
        ("yes please", "yes please"), ("1m", "1m"), ("BTC/USDT", "BTC/USDT"),
        ("24h", "24h"), ("user:alice", "user:alice"), ("1.2.3", "1.2.3"),
        ("a-b", "a-b"), ("nan", "nan"), ("1e", "1e"),
        ("'yes'", "yes"), ('"12:30"', "12:30"), ("'0777'", "0777"), ('""', ""),
    ],
)  # fmt: skip
def test_plain_scalars_are_typed_as_every_reader_types_them(text, value):
    got = data(f"a: {text}\n")["a"]

    assert (type(value), value) == (type(got), got)


@pytest.mark.parametrize(
    "text",
    [
        "yes", "No", "on", "OFF", "y", "N", "12:30", "12:30:00", "190:20:30.15",
        "0777", "0o17", "089", "007.5", "1_000", "12345_54321", "0x1F", "0b11",
        "+_1", "0_x1F", "1_", "1._5",
        "2024-01-31", "2001-12-14T21:59:43Z", "2001-12-14 21:59:43", ".inf", "-.INF",
        ".nan", "9223372036854775808", "18446744073709551616", "1e400", "=", "<<",
    ],
)  # fmt: skip
def test_plain_scalars_that_readers_type_differently_are_refused(text):
    assert found(f"a: {text}\n") == [("R104", 1, 4)]


def test_the_value_of_a_refused_scalar_is_not_shown():
    _, problems = parse("credentials: {pin: 0123456}\n", file="f.yaml")

    assert "0123456" not in str(problems)


@pytest.mark.parametrize("key", ["yes", "on", "n", "12:30", "0777", "2024-01-01"])
def test_keys_that_readers_type_differently_are_refused(key):
    assert found(f"{key}: 1\n") == [("R104", 1, 1)]


@pytest.mark.parametrize("key", ["1", "true", "~", "null", "1.5"])
def test_keys_that_are_not_text_are_refused(key):
    assert found(f"a: 1\n{key}: 1\n") == [("R103", 2, 1)]


def test_quoted_keys_are_text():
    assert data("'1': a\n\"yes\": b\n") == {"1": "a", "yes": "b"}


def test_a_collection_is_no_key():
    assert found("? [a]\n: 1\n") == [("R103", 1, 3)]


def test_duplicate_keys_are_found_at_any_depth_with_the_first_place():
    _, problems = parse("a:\n  b: 1\n  c: 2\n  b: 3\n", file="f.yaml")

    assert [one.code for one in problems] == ["R102"]
    assert problems[0].span == Span("f.yaml", 4, 3)
    assert problems[0].related[0][0] == Span("f.yaml", 2, 3)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a: &x 1\n", 4), ("a: !!str 1\n", 4), ("a: !mine 1\n", 4), ("a: ! 1\n", 4),
        ("a: *x\n", 4), ("<<: {b: 1}\n", 1), ("%YAML 1.1\n---\na: 1\n", 1),
    ],
)  # fmt: skip
def test_anchors_aliases_tags_directives_and_merge_keys_are_refused(text, column):
    assert found(text) == [("R105", 1, column)]


def test_a_self_containing_alias_does_not_hang():
    assert {code for code, _, _ in found("a: &x {b: *x}\n")} == {"R105"}


@pytest.mark.parametrize(
    ("text", "line"),
    [("", 1), ("# only a comment\n", 1), ("- a\n", 1), ("word\n", 1)],
)
def test_a_file_without_a_mapping_is_refused(text, line):
    source, _ = parse(text, file="f.yaml")

    assert [(code, at) for code, at, _ in found(text)] == [("R106", line)]
    assert source.data is None


def test_a_second_document_is_refused():
    assert found("a: 1\n---\nb: 2\n") == [("R106", 3, 1)]


def test_syntax_errors_name_the_place():
    assert found("a: 1\nb: [1, 2\nc: 3\n") == [("R101", 3, 2)]


def test_all_problems_of_a_file_come_in_one_pass_sorted():
    text = "a: yes\na: 2\n1: x\nb: 12:30\n"

    assert [code for code, _, _ in found(text)] == ["R104", "R102", "R103", "R104"]


def test_a_byte_order_mark_and_crlf_are_fine():
    source, problems = parse("\ufeffa: 1\r\nb:\r\n  c: x\r\n", file="f.yaml")

    assert not problems
    assert source.data == {"a": 1, "b": {"c": "x"}}
    assert source.span(("b", "c")) == Span("f.yaml", 3, 6)


def test_the_sops_block_may_hold_what_sops_writes():
    text = "a: 1\nsops:\n  lastmodified: 2023-12-25T10:31:01Z\n"

    assert data(text)["sops"] == {"lastmodified": "2023-12-25T10:31:01Z"}


def test_a_nested_sops_key_gets_no_leniency():
    assert found("a:\n  sops: {b: yes}\n") == [("R104", 2, 13)]


@pytest.mark.parametrize("piece", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("count", [MAX_DEPTH + 1, 10_000, 100_000])
def test_deep_nesting_is_a_diagnostic(piece, count):
    assert [code for code, _, _ in found(piece * count)] == ["R101"]


def test_deep_indentation_is_a_diagnostic():
    text = "".join(f"{' ' * depth}a:\n" for depth in range(MAX_DEPTH + 5))

    assert [code for code, _, _ in found(text)] == ["R101"]


def test_nesting_up_to_the_bound_is_fine():
    assert not found("a: " + "[" * (MAX_DEPTH - 2) + "]" * (MAX_DEPTH - 2))


def test_a_huge_text_is_refused():
    assert [code for code, _, _ in found("a" * (MAX_BYTES + 1))] == ["R107"]


def test_positions_point_at_values_keys_and_ancestors():
    text = "a:\n  b: [x, {c: 1}]\n"
    source, _ = parse(text, file="f.yaml")

    assert source.span(("a", "b")) == Span("f.yaml", 2, 6)
    assert source.span(("a", "b"), key=True) == Span("f.yaml", 2, 3)
    assert source.span(("a", "b", 1, "c")) == Span("f.yaml", 2, 14)
    assert source.span(("a", "b", 1, "nope")) == Span("f.yaml", 2, 10)
    assert source.span(("a", "b", 9)) == Span("f.yaml", 2, 6)
    assert source.span() == Span("f.yaml", 1, 1)


def test_positions_in_an_unreadable_text_are_its_beginning():
    source, _ = parse("a: [", file="f.yaml")

    assert source.span(("a",)) == Span("f.yaml", 1, 1)


def test_the_text_is_never_part_of_repr():
    source, _ = parse("credentials: {key: hunter2}\n", file="f.yaml")

    assert "hunter2" not in repr(source)


def test_reading_keeps_the_bytes(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffa: ü\r\n".encode())
    source, problems = read(path, file="a.yaml")

    assert not problems
    assert source.text == "\ufeffa: ü\r\n"
    assert source.data == {"a": "ü"}


def test_unreadable_files_are_diagnostics(tmp_path):
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: ü".encode("latin-1"))
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * (MAX_BYTES + 1))

    for path in (tmp_path / "missing.yaml", tmp_path, latin, huge):
        source, problems = read(path, file="x.yaml")
        assert [one.code for one in problems] == ["R107"]
        assert source.data is None


def test_two_parses_of_one_text_are_equal():
    assert parse("a: 1", file="f") == parse("a: 1", file="f")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=100), json_values, max_size=5))
def test_json_is_read_as_json(value):
    # Escaping everything keeps to characters that YAML allows; surrogate pairs are
    # JSON's own way beyond the basic plane, and no YAML.
    text = json.dumps(value, ensure_ascii=True)
    source, problems = parse(text, file="f.json")

    if "\\ud" not in text:
        assert not problems
        assert source.data == json.loads(text)


@settings(deadline=None)
@given(st.text())
@example("\x00")
@example("\ud800")
@example("a: \ufffe")
@example("!")
@example("? :")
@example("&")
@example("{" * 200)
@example("- - -\n  ?")
def test_arbitrary_text_never_raises(text):
    source, problems = parse(text, file="f.yaml")

    assert problems or source.data is not None
    source.span(("a", 0))


@settings(deadline=None)
@given(st.text(alphabet="abn01 :-[]{}?,#&*!|>'\"%@`\n\t.~_e+xo", max_size=60))
def test_text_in_the_yaml_alphabet_never_raises_and_agrees_with_pyyaml(text):
    source, problems = parse(text, file="f.yaml")

    if problems:
        return
    other = yaml.load(text, yaml.CSafeLoader)
    assert set(other) == set(source.data)


def test_numbers_stay_finite():
    assert all(math.isfinite(one) for one in data("a: 1.7e308\nb: -1e-400\n").values())


def test_only_the_first_document_counts_for_positions():
    assert documents.locate("a: 1\n---\nb: 2\n", ("b",), key=False) == (1, 1)
