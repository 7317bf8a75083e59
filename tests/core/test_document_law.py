import json

from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.documents import parse
from reconciler.core.diagnostic import RULES
from reconciler.core.document import ConnectionDocument, to_connection
from reconciler.core.revision import revision_of

KEYS = st.sampled_from([*ConnectionDocument.model_fields, "ownr", "a b", "\x07"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(max_size=8), inner, max_size=4),
    ),
    max_leaves=8,
)
SECTIONS = st.dictionaries(
    st.sampled_from(["interval", "symbols", "require", "forbid", "[key]", "x"]),
    VALUES,
    max_size=3,
)


def is_judged(text):
    """Tell that a text only ever yields a connection or known diagnostics."""
    source, problems = parse(text, file="x.yaml")
    connection, found = to_connection(source, stem="x")
    codes = {item.code for item in (*problems, *found)}
    if connection is not None and not problems:
        assert len(revision_of(source.data, name="x")) == 64
    return codes <= RULES.keys() and (connection is None) == bool(
        found or source.data is None
    )


@given(st.text())
def test_arbitrary_text_only_yields_diagnostics(text):
    assert is_judged(text)


@given(st.dictionaries(KEYS, st.one_of(VALUES, SECTIONS), max_size=6))
def test_arbitrary_json_only_yields_diagnostics(data):
    assert is_judged(json.dumps(data))


@given(st.dictionaries(KEYS, SECTIONS, min_size=1, max_size=4))
def test_a_document_of_near_misses_only_yields_diagnostics(data):
    assert is_judged(json.dumps({"type": "t", "provider": "p", **data}))
