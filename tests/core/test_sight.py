"""What a login sees: rows, files, counts, and what is said of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.diagnostic import Diagnostic, Span
from reconciler.core.policy import Grant, Policy, User
from reconciler.core.ports import DesiredSet
from reconciler.core.refusal import Guard, Refusal
from reconciler.core.run import RunReport
from reconciler.core.sight import seen_problems, seen_report, seen_set, sight_of
from tests.core.test_plan import file_head
from tests.fakes import START
from tests.report.report_samples import a_row

POLICY = Policy(
    admins=("anna",),
    users={"alice": User(logins=("al", "al2")), "bob": User(logins=("bo",))},
    teams={"fx": ("alice", "bob")},
    owners={
        "user:alice": Grant(paths=("c/alice/**",)),
        "user:bob": Grant(paths=("c/bob/**",)),
        "team:fx": Grant(paths=("c/fx/**",)),
    },
)
OWNERS = ("admin", "user:alice", "user:bob", "team:fx")


@pytest.mark.parametrize(
    ("login", "seen"),
    [
        ("anna", OWNERS),
        ("al", ("user:alice", "team:fx")),
        ("al2", ("user:alice", "team:fx")),
        ("bo", ("user:bob", "team:fx")),
        ("alice", ()),
        ("", ()),
    ],
)
def test_a_login_sees_its_own_and_its_teams(login, seen):
    assert tuple(filter(sight_of(POLICY, login).may_see, OWNERS)) == seen
    assert sight_of(POLICY, login).is_known is bool(seen)


def problem(file, message="wrong", related=()):
    return Diagnostic(code="R206", message=message, span=Span(file), related=related)


@pytest.mark.parametrize(
    ("file", "seen"),
    [
        ("c/alice/x.yaml", True),
        ("c/fx/deep/x.yaml", True),
        ("c/bob/x.yaml", False),
        ("c/x.yaml", False),
        ("policy.yaml", False),
    ],
)
def test_a_file_that_cannot_be_read_goes_by_its_folder(file, seen):
    assert bool(seen_problems(sight_of(POLICY, "al"), [problem(file)], {})) is seen


def test_a_file_of_others_in_her_folder_is_theirs():
    file = "c/alice/x.yaml"
    sight = sight_of(POLICY, "al")

    assert seen_problems(sight, [problem(file)], {file: "user:bob"}) == ()


@settings(deadline=None)
@given(st.lists(st.sampled_from(OWNERS), max_size=8))
def test_a_reading_has_only_what_is_hers_and_counts_only_that(owners):
    heads = {f"n{at}": replace_head(f"n{at}", owner) for at, owner in enumerate(owners)}
    everything = DesiredSet(heads=heads, files=len(heads))
    sight = sight_of(POLICY, "al")

    seen = seen_set(sight, everything)

    assert all(sight.may_see(head.owner) for head in seen.heads.values())
    assert seen.files == len(seen.heads)
    assert seen_set(sight_of(POLICY, "anna"), everything) == everything


def replace_head(name, owner):
    return file_head()._replace(name=name, file=f"c/{name}.yaml", owner=owner)


def test_what_was_said_of_a_whole_run_is_not_hers():
    rows = (
        a_row("mine", owner="user:alice"),
        a_row("hidden", owner="admin"),
    )
    refusals = (
        Refusal(guard=Guard.EMPTY, message="2 are recorded"),
        Refusal(guard=Guard.FREEZE, message="held", names=("mine",)),
        Refusal(guard=Guard.PROTECTED, message="hidden", names=("hidden", "mine")),
    )
    report = RunReport(
        run_id="r",
        command="apply",
        started_at=START,
        finished_at=START,
        workspace="w",
        who="w",
        connections=rows,
        refusals=refusals,
        error="'hidden' changed",
    )

    seen = seen_report(sight_of(POLICY, "al"), report)

    assert [one.name for one in seen.connections] == ["mine"]
    assert seen.counts["connections"] == 1
    assert [one.guard for one in seen.refusals] == [Guard.FREEZE]
    assert "hidden" not in seen.error
