"""What a folder's defaults add to a file, and where a merged value stands."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.documents import parse
from reconciler.adapters.layers import Layer, self_contained
from reconciler.core.defaults import KEYS, check_defaults, layered, merged
from reconciler.core.document import to_connection
from reconciler.core.revision import revision_of

FILE = """\
type: ccxt_crypto
provider: binance
config:
  timeout: 20
"""
DEFAULTS = """\
owner: team:desk
labels: {desk: spot}
config: {timeout: 5, rate_limit: 600}
"""


def source_of(text, file="d/a.yaml"):
    source, problems = parse(text, file=file)
    assert problems == ()
    return source


def both(text=FILE, defaults=DEFAULTS):
    return layered(source_of(text), source_of(defaults, "d/_defaults.yaml"))


def test_the_file_wins_key_by_key():
    assert both().data["config"] == {"timeout": 20, "rate_limit": 600}
    assert both().data["owner"] == "team:desk"


def test_a_list_or_mapping_below_a_key_is_taken_whole():
    whole = merged(
        {"config": {"headers": {"a": "1"}}, "used_by": ["x"]},
        {"config": {"headers": {"b": "2"}}, "used_by": ["y"]},
    )

    assert whole == {"config": {"headers": {"a": "1"}}, "used_by": ["x"]}


def test_an_empty_key_of_the_file_is_not_filled():
    assert merged({"labels": None}, {"labels": {"a": "b"}}) == {"labels": None}


def test_a_file_that_says_everything_itself_is_left_as_it_is():
    source = source_of(f"{FILE}owner: admin\nlabels: {{desk: fx}}\n")
    defaults = source_of("owner: team:desk\nlabels: {desk: spot}\n")

    assert layered(source, defaults) is source


def test_a_problem_points_to_where_the_value_was_written():
    source = both(defaults="owner: admin\nhealth:\n  interval: soon\n")

    _, problems = to_connection(source, stem="a")

    assert [str(one.span) for one in problems] == ["d/_defaults.yaml:3:13"]


def test_a_problem_in_the_file_points_to_the_file():
    source = both(f"{FILE}owner: nobody\n")

    _, problems = to_connection(source, stem="a")

    assert [str(one.span) for one in problems] == ["d/a.yaml:5:8"]


def test_each_key_of_a_merged_mapping_has_its_own_place():
    source = both()

    assert str(source.span(("config", "timeout"))) == "d/a.yaml:4:12"
    assert str(source.span(("config", "rate_limit"))) == "d/_defaults.yaml:3:34"
    assert str(source.span(("owner",), key=True)) == "d/_defaults.yaml:1:1"


def test_a_merged_document_is_a_document_of_its_own():
    text = self_contained(both())

    alone = source_of(text)
    assert alone.data == both().data
    assert revision_of(alone.data, name="a") == revision_of(both().data, name="a")


def test_the_text_of_a_file_without_defaults_is_its_own():
    assert self_contained(source_of(FILE)) == FILE


def test_what_stood_in_the_text_still_stands_there():
    text = self_contained(both(f"# for the desk\n{FILE}  # seconds\n"))

    for line in ("# for the desk", "  # seconds", "  timeout: 20"):
        assert line in text.splitlines()


VALUES = st.recursive(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    | st.integers(-9, 9)
    | st.booleans(),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
NAMES = st.text("abc: #'\"é\U0001f600", min_size=1, max_size=4)
FLOW = st.sampled_from(["config: {}\n", "config: {x: 1}\n", "config:\n  x: 1\n", ""])


@given(own=FLOW, given_=st.dictionaries(NAMES, VALUES, max_size=3), owner=st.booleans())
def test_whatever_is_merged_reads_back_the_same(own, given_, owner):
    source = source_of(f"type: t\n{own}provider: p\n")
    data = {"config": given_} | ({"owner": "user:a"} if owner else {})
    below = source_of("owner: admin\n", "d/_defaults.yaml")
    whole = layered(source, type(below)(**_fields(below) | {"data": data}))

    assert source_of(self_contained(whole)).data == whole.data


def _fields(source):
    return {name: getattr(source, name) for name in ("file", "text", "sha256", "data")}


@given(st.sampled_from(KEYS))
def test_every_key_that_defaults_give_is_one_of_a_connection(key):
    text = {"owner": "admin", "on_remove": "delete", "used_by": "[a]"}.get(key, "{}")

    assert [*check_defaults(source_of(f"{key}: {text}\n"))] == []


def test_defaults_that_are_not_known_here_are_refused_with_their_place():
    text = "active: true\nsettings: {symbols: [A], market: fx}\nconfig: 3\nownr: x\n"
    found = [*check_defaults(source_of(text, "d/_defaults.yaml"))]

    assert [(one.code, one.span.line) for one in found] == [
        ("R209", 1),
        ("R203", 3),
        ("R201", 4),
        ("R209", 2),
    ]


def test_a_layer_is_told_by_its_content():
    one, other = (
        Layer(file="d/_defaults.yaml", content=text)
        for text in (b"owner: admin", b"owner: user:a")
    )

    assert one.digest != other.digest
