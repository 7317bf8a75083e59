"""Problems in files for pipelines: annotations, SARIF and JUnit."""

from __future__ import annotations

import json
from datetime import date
from xml.dom import minidom

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.allowances import Allowed
from reconciler.core.diagnostic import RULES, Diagnostic, Severity, Span
from reconciler.report.annotations import github_annotations
from reconciler.report.junit import junit_xml
from reconciler.report.sarif import FINGERPRINT, MOST, sarif_json
from tests.report.report_samples import PROBLEMS

WARNING = Severity.WARNING
ODD = "50% of a,b:c\r\n::error::x\x00\x1b]<&\"'>\ud800\ufffe]]>"


def problem(line=1, *, message="m", file="d/a.yaml", severity=Severity.ERROR, **more):
    return Diagnostic(
        code=more.pop("code", "R203"),
        message=message,
        span=Span(file, line, 3),
        severity=severity,
        **more,
    )


def test_an_annotation_names_place_code_and_fix():
    first, second, summary = github_annotations(PROBLEMS, prefix="desk/").splitlines()

    assert first == (
        "::error file=desk/a.yaml,line=2,col=1,title=R201 an unknown key"
        "::unknown key 'sttings'%0Aa.yaml:1:1: the document begins here"
        "%0Ahint: did you mean 'settings'?"
    )
    assert second.startswith("::warning file=desk/b.yaml,line=3,col=7,title=R204 a ")
    assert summary == "1 error, 1 warning in 2 files."


def test_a_file_elsewhere_keeps_its_whole_path():
    shown = github_annotations([problem(file="/elsewhere/x.yaml")], prefix="desk/")

    assert shown.startswith("::error file=/elsewhere/x.yaml,")


def test_what_would_end_an_annotation_is_escaped():
    (line, _) = github_annotations([problem(message=ODD, file=ODD)]).splitlines()

    command, properties, *_ = line.removeprefix("::").split("::")[0].partition(" ")
    assert command == "error"
    assert "file=50%25 of a%2Cb%3Ac\\r\\n%3A%3Aerror%3A%3Ax\\x00" in line
    assert "50%25 of a,b:c\\r\\n::error::x" in line.rpartition("title=")[2]
    assert line.isprintable()
    assert properties == " "


def test_the_worst_come_first_and_no_more_than_are_shown():
    found = [problem(line, severity=WARNING) for line in range(1, 15)]
    found += [problem(line) for line in range(20, 32)]

    *lines, summary = github_annotations(found).splitlines()

    assert [line.split()[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10
    assert summary == (
        "12 errors, 14 warnings in 1 file. 6 more: 'reconcile validate' shows them all."
    )


def test_nothing_wrong_is_no_annotation():
    assert github_annotations([]) == "No problems.\n"


SHAPES = {
    "sarifLog": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool", "results"}, {"columnKind", "invocations"}),
    "toolComponent": ({"name", "rules"}, {"semanticVersion"}),
    "rule": ({"id", "shortDescription", "fullDescription", "help"}, set()),
    "result": (
        {"ruleId", "level", "message", "locations", "partialFingerprints"},
        {"ruleIndex", "relatedLocations", "suppressions"},
    ),
    "location": ({"physicalLocation"}, {"id", "message"}),
    "physicalLocation": ({"artifactLocation", "region"}, set()),
    "region": ({"startLine", "startColumn"}, set()),
    "suppression": ({"kind", "justification"}, set()),
}
"""The keys that SARIF 2.1.0 and code scanning require, and the others that we write."""


def has_shape(name, *parts):
    required, optional = SHAPES[name]
    for part in parts:
        assert required <= part.keys() <= required | optional, (name, part.keys())


def run_of(*found, **more):
    log = json.loads(sarif_json(found, **more))
    has_shape("sarifLog", log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    has_shape("run", run)
    has_shape("toolComponent", run["tool"]["driver"])
    has_shape("rule", *run["tool"]["driver"]["rules"])
    for result in run["results"]:
        has_shape("result", result)
        places = [*result["locations"], *result.get("relatedLocations", ())]
        has_shape("location", *places)
        has_shape("physicalLocation", *(one["physicalLocation"] for one in places))
        has_shape("region", *(one["physicalLocation"]["region"] for one in places))
        has_shape("suppression", *result.get("suppressions", ()))
        assert (
            run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
            == result["ruleId"]
        )
        assert result["level"] in {"error", "warning"}
    return run


def uri_of(file, prefix=""):
    (result,) = run_of(problem(file=file), prefix=prefix)["results"]
    return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def fingerprints(*found):
    results = run_of(*found)["results"]
    return [one["partialFingerprints"][FINGERPRINT] for one in results]


def test_sarif_has_the_parts_that_code_scanning_asks_for():
    run = run_of(*PROBLEMS)

    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(RULES)
    error, warning = run["results"]
    assert (error["ruleId"], error["level"]) == ("R201", "error")
    assert error["message"]["text"] == "unknown key 'sttings'; did you mean 'settings'?"
    assert error["relatedLocations"][0]["message"]["text"] == "the document begins here"
    assert warning["level"] == "warning"


def test_places_are_relative_uris():
    assert uri_of("connections.d/a b%ü#.yaml") == "connections.d/a%20b%25%C3%BC%23.yaml"
    assert uri_of("a:b.yaml") == "a%3Ab.yaml"
    assert uri_of("a.yaml", "desk/") == "desk/a.yaml"
    assert uri_of("a\udcff.yaml") == "a%FF.yaml"
    assert uri_of("/elsewhere/a.yaml", "desk/") == "file:///elsewhere/a.yaml"


def test_a_fingerprint_stays_while_lines_move_and_tells_problems_apart():
    before = fingerprints(problem(3), problem(9), problem(9, message="other"))
    after = fingerprints(problem(13), problem(19), problem(1, message="other"))

    assert len(set(before)) == len(before)
    assert sorted(before) == sorted(after)
    assert fingerprints(problem(file="d/b.yaml"))[0] not in before


def test_what_a_comment_allows_is_suppressed_with_its_reason():
    quiet = problem(severity=WARNING, code="R311")
    allowed = Allowed(diagnostic=quiet, until=date(2027, 1, 31), reason="Bob is away")

    (result,) = run_of(allowed=[allowed])["results"]

    assert result["suppressions"] == [
        {"kind": "inSource", "justification": "until 2027-01-31: Bob is away"}
    ]


def test_more_results_than_code_scanning_takes_are_left_out_the_mildest_first():
    found = [problem(line, severity=WARNING) for line in range(1, MOST + 1)]

    run = json.loads(sarif_json([*found, problem(MOST + 1)]))["runs"][0]

    assert len(run["results"]) == MOST
    assert run["results"][0]["level"] == "error"
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("1 result left out")


def cases_of(text):
    suite = minidom.parseString(text).getElementsByTagName("testsuite")[0]  # noqa: S318
    cases = {
        one.getAttribute("name"): one for one in suite.getElementsByTagName("testcase")
    }
    counts = tuple(suite.getAttribute(name) for name in ("tests", "failures"))
    return counts, cases


def test_junit_has_a_case_per_file():
    files = ["good.yaml", "a.yaml", "b.yaml"]

    counts, cases = cases_of(junit_xml(PROBLEMS, files=files))

    assert counts == ("3", "1")
    assert list(cases) == ["a.yaml", "b.yaml", "good.yaml"]
    (failure,) = cases["a.yaml"].getElementsByTagName("failure")
    assert failure.getAttribute("message") == "1 error in 1 file."
    assert "a.yaml:2:1 R201 error: unknown key" in failure.firstChild.data
    assert not cases["b.yaml"].getElementsByTagName("failure")
    (output,) = cases["b.yaml"].getElementsByTagName("system-out")
    assert "R204 warning" in output.firstChild.data
    assert not cases["good.yaml"].childNodes


def test_junit_fails_by_warnings_when_it_is_strict():
    counts, _ = cases_of(junit_xml(PROBLEMS, files=["a.yaml", "b.yaml"], strict=True))

    assert counts == ("2", "2")


@given(st.text(), st.text(min_size=1))
def test_any_text_makes_well_formed_documents(message, file):
    odd = problem(message=message, file=file, hint=message)

    _, cases = cases_of(junit_xml([odd], files=[]))
    (line, _) = github_annotations([odd]).splitlines()

    assert len(cases) == 1
    assert line.isprintable()
    assert line.startswith("::error file=")
    assert json.loads(sarif_json([odd]))["runs"][0]["results"]
