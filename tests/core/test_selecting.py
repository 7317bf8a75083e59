"""One notation for which connections are meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.selecting import LabelTerm, Selection, label_term

SPOT = {"desk": "spot", "env": "prod"}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("desk=spot", True),
        ("desk=sp*", True),
        ("desk=swap", False),
        ("desk=", False),
        ("team=x", False),
        ("desk!=spot", False),
        ("desk!=sw*", True),
        ("team!=x", True),
        ("desk", True),
        ("team", False),
        ("!desk", False),
        ("!team", True),
    ],
)
def test_a_label_is_wanted_as_it_is_written(text, fits):
    term = label_term(text)

    assert term.fits(SPOT) is fits
    assert str(term) == text


@pytest.mark.parametrize("text", ["", "=x", "!", "!=x", "!a=b", "!!a"])
def test_what_is_no_condition_is_none(text):
    assert label_term(text) is None


@given(
    st.from_regex(r"[a-z]{1,5}", fullmatch=True),
    st.none() | st.text(st.characters(exclude_characters="!="), max_size=4),
    st.booleans(),
)
def test_a_term_reads_back_as_it_is_written(key, pattern, wanted):
    term = LabelTerm(key=key, pattern=pattern, wanted=wanted)

    assert label_term(str(term)) == term


@given(st.text("abc", max_size=3), st.dictionaries(st.text(max_size=3), st.text()))
def test_a_selection_of_nothing_in_particular_is_everything(name, labels):
    assert Selection().accepts(name, labels)
    assert Selection().is_everything


def test_of_names_any_and_of_labels_all_must_fit():
    terms = (label_term("desk=spot"), label_term("env=prod"))
    chosen = Selection(names=("a*", "b"), labels=terms)

    assert chosen.accepts("a1", SPOT)
    assert chosen.accepts("b", SPOT)
    assert not chosen.accepts("c", SPOT)
    assert not chosen.accepts("b", {"desk": "spot"})


def test_a_name_that_nothing_has_is_found():
    chosen = Selection(names=("a*", "x", "y"))

    assert chosen.unmatched(["a", "b"]) == "x"
    assert chosen.unmatched(["abc", "x", "y"]) == ""
