from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.diff import diff_documents, needs_test, tested_fields

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text("abc", min_size=1, max_size=1), inner, max_size=3)
    ),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["config", "credentials", "labels", "settings", "binding"]), JSON
)


def paths(before, after):
    return [(f.kind, f.path) for f in diff_documents(before, after)]


def test_fields_are_named_by_their_path_and_sorted():
    before = {"config": {"timeout": 20, "proxy": "p"}, "type": "x"}
    after = {"config": {"timeout": 30}, "type": "x", "labels": {"desk": "spot"}}

    assert paths(before, after) == [
        ("removed", "config.proxy"),
        ("changed", "config.timeout"),
        ("added", "labels.desk"),
    ]


def test_a_list_is_one_value():
    before = {"settings": {"symbols": ["A", "B"]}}
    after = {"settings": {"symbols": ["A", "C"]}}

    field = diff_documents(before, after)[0]

    assert (field.path, field.before, field.after) == (
        "settings.symbols",
        ["A", "B"],
        ["A", "C"],
    )


def test_a_sealed_field_shows_that_it_changed_and_nothing_else():
    before = {"credentials": {"api_key": "one"}}
    after = {"credentials": {"api_key": "two"}}

    field = diff_documents(before, after)[0]

    assert (field.sealed, field.before, field.after) == (True, None, None)


def test_sops_bookkeeping_is_not_a_change():
    assert diff_documents({"sops": {"mac": "1"}}, {"sops": {"mac": "2"}}) == ()


def test_true_is_not_one():
    assert paths({"config": {"x": 1}}, {"config": {"x": True}}) != []


def test_labels_and_health_need_no_test_but_symbols_do():
    labels = diff_documents({"labels": {"a": "1"}}, {"labels": {"a": "2"}})
    symbols = diff_documents({"settings": {"s": [1]}}, {"settings": {"s": [2]}})

    assert not needs_test(labels)
    assert needs_test(symbols)
    assert tested_fields(labels + symbols) == symbols


@given(before=DOCUMENTS, after=DOCUMENTS)
def test_a_diff_is_empty_exactly_when_nothing_differs(before, after):
    assert diff_documents(before, before) == ()
    back = [(f.before, f.after) for f in diff_documents(after, before)]
    assert [(b, a) for a, b in back] == [
        (f.before, f.after) for f in diff_documents(before, after)
    ]
