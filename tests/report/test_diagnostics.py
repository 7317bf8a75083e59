import json

from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.report.diagnostics import diagnostics_human, diagnostics_json
from tests.report.report_samples import PROBLEMS

TEXTS = {"a.yaml": "x: 1\nsttings: {k: v}\n", "b.yaml": "a: 1\nsettings:\n  t: [1x]\n"}
HUMAN = """\
a.yaml:2:1  R201  unknown key 'sttings'
    2 | sttings: ...
        ^
    a.yaml:1:1: the document begins here
    hint: did you mean 'settings'?
b.yaml:3:7  R204 warning:  '1x' is not a timeframe
    3 |   t: [1x]
              ^

1 error, 1 warning in 2 files.
"""


def problem(code="R203", line=2, column=3, message="m"):
    return Diagnostic(code=code, message=message, span=Span("f", line, column))


def test_problems_come_sorted_with_the_line_they_are_in():
    assert diagnostics_human(PROBLEMS, texts=TEXTS) == HUMAN


def test_no_problem_is_one_line():
    assert diagnostics_human([]) == "No problems.\n"


def test_no_excerpt_comes_from_places_that_may_hold_a_credential():
    sealed = "credentials:\n  api_key: hunter2\n"
    stray = "api_key: hunter2\n"
    flow = "{api_key: hunter2}\n"
    unknown = "config:\n  api_key: hunter2\n"
    two = "config: {api_key: hunter2, timeout: x}\n"
    login = "config:\n  proxy: http://u:hunter2@h/\n"
    found = [
        diagnostics_human([problem()], texts={"f": sealed}),
        diagnostics_human([problem("R201", 1, 1)], texts={"f": stray}),
        diagnostics_human([problem("R203", 1, 2)], texts={"f": flow}),
        diagnostics_human([problem("R405", 2, 3)], texts={"f": unknown}),
        diagnostics_human(
            [problem("R405", 1, 10), problem("R203", 1, 28)], texts={"f": two}
        ),
        diagnostics_human([problem("R203", 2, 10)], texts={"f": login}),
        diagnostics_human([problem("R301", 1, 1)], texts={"f": "labels: hunter2\n"}),
    ]

    assert not any("hunter2" in shown for shown in found)


def test_the_caret_stands_below_wide_and_escaped_characters():
    text = "labels:\n  币\x1b: 1\n"
    shown = diagnostics_human([problem(column=7)], texts={"f": text})

    lines = shown.split("\n")
    assert lines[1] == "    2 |   币\\x1b: 1"
    assert lines[2].index("^") == len("    2 |   ..\\x1b: ")


def test_a_place_outside_the_text_has_no_excerpt():
    shown = diagnostics_human([problem(line=99)], texts={"f": "name: x\n"})

    assert shown == "f:99:3  R203  m\n\n1 error in 1 file.\n"


def test_the_json_has_the_shape_that_editors_and_pipelines_know():
    data = json.loads(diagnostics_json(PROBLEMS, files=2))

    assert (data["valid"], data["error_count"], data["warning_count"]) == (False, 1, 1)
    assert data["diagnostics"][0]["range"] == {
        "filename": "a.yaml",
        "start": {"line": 2, "column": 1},
    }
    assert json.loads(diagnostics_json([], files=0))["valid"] is True
