"""Comments that allow warnings: what they keep quiet, and what is said of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.allowances import LONGEST_DAYS, weigh_all
from reconciler.core.diagnostic import Diagnostic, Severity, Span

TODAY = date(2026, 11, 22)
SAY = "# reconcile: allow R311 until 2027-01-31 because Bob's key comes in January"


def problem(line=3, code="R311", severity=Severity.WARNING):
    return Diagnostic(
        code=code, message="m", span=Span("f", line, 1), severity=severity
    )


def weigh(text, *found, today=TODAY, unknown=()):
    weighed = weigh_all(found, {"f": text}, today=today, unknown=frozenset(unknown))
    told = [
        f"{one.span.line}:{one.span.column} {one.code}" for one in weighed.diagnostics
    ]
    return told, list(weighed.allowed)


def test_above_the_first_key_it_holds_for_the_whole_file():
    text = f"# about\n{SAY}\n\na: 1\nb: 2\n"

    told, (allowed, other) = weigh(text, problem(4), problem(5))

    assert told == []
    assert allowed.reason == "Bob's key comes in January"
    assert (allowed.until, other.diagnostic) == (date(2027, 1, 31), problem(5))


def test_below_it_holds_for_the_next_line_with_content():
    text = f"a: 1\n  {SAY}\n# more\n\nb: 2\nc: 3\n"

    told, (allowed,) = weigh(text, problem(5), problem(6))

    assert told == ["6:1 R311"]
    assert allowed.diagnostic == problem(5)


def test_it_says_nothing_about_other_codes_and_other_files():
    other = Diagnostic(
        code="R311", message="m", span=Span("g"), severity=Severity.WARNING
    )

    told, allowed = weigh(f"{SAY}\na: 1\n", problem(code="R316"), other, problem())

    assert told == ["3:1 R316", "1:1 R311"]
    assert [one.diagnostic for one in allowed] == [problem()]


def test_several_codes_stand_with_commas():
    text = SAY.replace("R311", "R311 , R316") + "\na: 1\n"

    told, allowed = weigh(text, problem(), problem(code="R316"))

    assert (told, len(allowed)) == ([], 2)


def test_an_error_is_never_allowed():
    told, allowed = weigh(f"{SAY}\na: 1\n", problem(severity=Severity.ERROR))

    assert told == ["1:1 R113", "3:1 R311"]
    assert allowed == []


def test_the_last_day_counts_and_the_next_one_does_not():
    text = f"{SAY}\na: 1\n"

    assert weigh(text, problem(), today=date(2027, 1, 31))[0] == []
    assert weigh(text, problem(), today=date(2027, 2, 1))[0] == [
        "1:1 R111",
        "3:1 R311",
    ]


def test_one_without_effect_is_told():
    assert weigh(f"{SAY}\na: 1\n")[0] == ["1:1 R112"]
    assert weigh(f"a: 1\n{SAY}\nb: 1\n", problem(1))[0] == ["1:1 R311", "2:1 R112"]


def test_what_was_not_looked_for_is_not_called_unused():
    error = problem(code="R101", severity=Severity.ERROR)

    assert weigh(f"{SAY}\na: 1\n", unknown=["R311"])[0] == []
    assert weigh(f"{SAY}\na: 1\n", error)[0] == ["3:1 R101"]


@pytest.mark.parametrize(
    "words",
    [
        "allow R311",
        "allow R311 until 2027-01-31",
        "allow R311 until 2027-01-31 because",
        "allow R311 until 2027-01-31 because   ",
        "allow R311 because of Bob",
        "allow R311 until tomorrow because of Bob",
        "allow R311 until 2027-02-30 because of Bob",
        "allow R311 until 20270131 because of Bob",
        "allow until 2027-01-31 because of Bob",
        "allow R3 until 2027-01-31 because of Bob",
        "allow R999 until 2027-01-31 because of Bob",
        "allow R311 until 2028-01-31 because of Bob",
        "ignore R311 until 2027-01-31 because of Bob",
        "",
    ],
)
def test_one_that_is_not_whole_allows_nothing(words):
    told, allowed = weigh(f"# reconcile: {words}\na: 1\n", problem())

    assert told == ["1:1 R110", "3:1 R311"]
    assert allowed == []


@pytest.mark.parametrize("code", ["R317", "R318", "R319", "R110", "R113", "R505"])
def test_what_is_not_for_the_file_to_allow_cannot_be_allowed(code):
    told, allowed = weigh(SAY.replace("R311", code) + "\na: 1\n", problem(code=code))

    assert told == ["1:1 R113", f"3:1 {code}"]
    assert allowed == []


def test_a_day_is_at_most_a_year_ahead():
    last = TODAY + timedelta(days=LONGEST_DAYS)
    near, far = (
        f"# reconcile: allow R311 until {day} because of Bob\na: 1\n"
        for day in (last, last + timedelta(days=1))
    )

    assert weigh(near, problem())[0] == []
    assert weigh(far, problem())[0] == ["1:1 R110", "3:1 R311"]


@given(st.text(), st.lists(st.sampled_from(Severity), max_size=3))
def test_no_text_loses_a_problem_or_quiets_an_error(text, severities):
    found = [problem(line, "R311", one) for line, one in enumerate(severities, 1)]

    weighed = weigh_all(found, {"f": f"{SAY}\n{text}"}, today=TODAY)

    quiet = [one.diagnostic for one in weighed.allowed]
    assert not {one.severity for one in quiet} & {Severity.ERROR}
    assert all(one in quiet or one in weighed.diagnostics for one in found)
