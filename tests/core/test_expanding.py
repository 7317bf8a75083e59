"""`${NAME}`: where it is replaced, what it may name, and what is said otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.documents import parse
from reconciler.adapters.layers import Layer, digest_of, self_contained, surrounded
from reconciler.core.errors import DocumentError
from reconciler.core.expanding import expanded, expanded_data
from reconciler.core.revision import revision_of
from reconciler.core.variables import Variables

HEAD = "type: t\nprovider: p\n"
VARIABLES = Variables(
    values={"HOST": "a.test", "DESK": "spot", "NOT_SET": None, "LINES": "a\nb"}
)


def source_of(text):
    source, problems = parse(HEAD + text, file="d/a.yaml")
    assert problems == ()
    return source


def data_of(text, variables=VARIABLES):
    found = expanded(source_of(text), variables)
    assert found.problems == ()
    return found.source.data


def problems_of(text, variables=VARIABLES):
    found = expanded(source_of(text), variables).problems
    return [(one.code, one.span.line, one.span.column) for one in found]


def test_values_of_config_settings_and_labels_are_replaced():
    data = data_of(
        "config: {endpoint: 'https://${HOST}/v1', headers: {X: ['${DESK}']}}\n"
        "settings: {symbols: ['${DESK}']}\nlabels: {desk: '${DESK}-${DESK}'}\n"
    )

    assert data["config"]["endpoint"] == "https://a.test/v1"
    assert data["config"]["headers"] == {"X": ["spot"]}
    assert data["settings"]["symbols"] == ["spot"]
    assert data["labels"]["desk"] == "spot-spot"


@pytest.mark.parametrize(
    "text",
    [
        "owner: user:${DESK}\n",
        "used_by: ['${DESK}']\n",
        "health: {interval: '${DESK}'}\n",
        "credentials: {api_key: '${HOST}'}\n",
        "binding: ${HOST}\n",
        "labels: {'${DESK}': x}\n",
    ],
)
def test_keys_and_everything_else_stay_as_they_are(text):
    source = source_of(text)

    assert expanded(source, VARIABLES).source is source


def test_two_dollars_are_one_and_one_is_one():
    assert data_of("labels: {a: '$$', b: '$5', c: '$${HOST}', d: '$$$$'}\n") == {
        "type": "t",
        "provider": "p",
        "labels": {"a": "$", "b": "$5", "c": "${HOST}", "d": "$$"},
    }


def test_what_comes_from_the_environment_is_not_expanded_again():
    variables = Variables(values={"A": "${B}", "B": "x"})

    assert data_of("labels: {a: '${A}'}\n", variables)["labels"] == {"a": "${B}"}


@pytest.mark.parametrize(
    "use", ["${NOT_SET}", "${UNKNOWN}", "${}", "${A-B}", "${HOST", "${LINES}"]
)
def test_what_cannot_be_replaced_is_an_error_with_its_place(use):
    assert problems_of(f"labels:\n  a: b\n  c: 'x{use}'\n") == [("R211", 5, 6)]


@pytest.mark.parametrize(
    "name",
    ["SOPS_AGE_KEY", "API_TOKEN", "DB_PASSWORD", "MY_SECRET", "AWS_REGION", "X_KEY"],
)
def test_a_variable_called_like_a_secret_is_refused_also_when_declared(name):
    variables = Variables(values={name: "harmless"})

    assert problems_of(f"labels: {{a: '${{{name}}}'}}\n", variables) == [
        ("R212", 3, 13)
    ]


SECRETS = [
    "AGE-SECRET-KEY-1QQQQ",
    "-----BEGIN PRIVATE KEY-----",
    "https://me:hunter2@a.test",
    "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
]


@pytest.mark.parametrize("value", SECRETS)
def test_a_value_that_looks_like_a_secret_is_refused_and_not_shown(value):
    found = expanded(
        source_of("labels: {a: '${HOST}'}\n"), Variables(values={"HOST": value})
    )

    (problem,) = found.problems
    assert problem.code == "R212"
    assert value not in f"{problem}{found.source.data}"


@pytest.mark.parametrize(
    "value", ["eu-west-1", "feed.example.com:8443", "https://a.test/v1", "12345", ""]
)
def test_plain_values_are_not_taken_for_secrets(value):
    found = data_of("labels: {a: 'x${HOST}'}\n", Variables(values={"HOST": value}))

    assert found["labels"] == {"a": f"x{value}"}


def test_what_is_not_set_is_unknown_where_that_is_allowed():
    variables = Variables(values={"HOST": None}, allow_unset=True)
    found = expanded(source_of("config: {endpoint: 'https://${HOST}'}\n"), variables)

    assert found.problems == ()
    assert [(one.line, one.column) for one in found.unknown] == [(3, 20)]
    assert found.source.data["config"] == {"endpoint": "https://${HOST}"}


def test_a_name_that_is_not_declared_is_wrong_there_too():
    variables = Variables(values={}, allow_unset=True)

    assert problems_of("labels: {a: '${HOST}'}\n", variables) == [("R211", 3, 13)]


def test_the_values_are_no_part_of_what_is_printed():
    assert "a.test" not in repr(VARIABLES)


def test_a_bound_document_with_a_problem_is_not_bound():
    data = {"config": {"endpoint": "${NOT_SET}"}}

    with pytest.raises(DocumentError):
        expanded_data(data, VARIABLES, file="a.yaml")


def test_the_kept_text_says_what_the_variables_said():
    text = (
        "config: {endpoint: 'https://${HOST}/v1'}  # where\n"
        'labels:\n  desk: "${DESK}"\n  price: $$5\n'
        "settings:\n  symbols:\n    - ${DESK}\n    - B\n"
    )
    found = surrounded(source_of(text), None, VARIABLES).source

    kept = self_contained(found)
    alone, problems = parse(kept, file="a.yaml")
    assert problems == ()
    assert alone.data == found.data
    assert "# where" in kept
    assert "${" not in kept
    assert revision_of(alone.data, name="a") == revision_of(found.data, name="a")


def test_variables_in_defaults_are_replaced_and_blamed_where_they_stand():
    layer = Layer(
        file="d/_defaults.yaml",
        content=b"labels: {desk: '${DESK}'}\nconfig: {host: '${NOT_SET}'}\n",
    )
    found = surrounded(source_of("labels: {a: '${HOST}'}\n"), layer, VARIABLES)

    assert found.source.data["labels"] == {"a": "a.test", "desk": "spot"}
    assert [str(one.span) for one in found.problems] == ["d/_defaults.yaml:2:16"]


def test_a_file_is_remembered_together_with_the_values_it_uses():
    other = Variables(values={"HOST": "b.test"})
    uses, plain = b"labels: {a: '${HOST}'}", b"labels: {a: b}"

    assert digest_of(uses, None, VARIABLES) != digest_of(uses, None, other)
    assert digest_of(plain, None, VARIABLES) == digest_of(plain, None, other)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(TEXTS)
def test_whatever_a_variable_holds_the_kept_text_reads_back_the_same(value):
    variables = Variables(values={"HOST": value})
    found = surrounded(source_of("labels: {a: 'x${HOST}'}\n"), None, variables)

    kept = parse(self_contained(found.source), file="a")[0].data
    assert kept == found.source.data
    assert found.problems or kept["labels"]["a"] == f"x{value}"
