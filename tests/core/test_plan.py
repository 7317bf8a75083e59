"""One row per situation of design §4: desired, recorded, what is done."""

from datetime import UTC, datetime

import pytest

from reconciler.core.assemble import decide_all
from reconciler.core.decisions import decide
from reconciler.core.plan import (
    ActionKind,
    Change,
    PlanOptions,
    Scope,
    counts,
    digest_of,
)
from reconciler.core.ports import DesiredHead, DesiredSet
from reconciler.core.record import Head, Result, Status

NOW_S = 1_000_000.0


def file_head(revision="r1", *, active=True):
    return DesiredHead(
        name="a",
        file="a.yaml",
        revision=revision,
        active=active,
        owner="admin",
        provider="p",
    )


def record_head(revision="r1", **more):
    values = {
        "active_revision": revision,
        "result": Result.APPLIED,
        "status": Status.ACTIVE,
        "managed_by": "w",
        **more,
    }
    return Head(name="a", revision=revision, owner="admin", provider="p", **values)


REJECTED = {"result": Result.REJECTED, "active_revision": "r0"}

CASES = {
    "a new file": (file_head(), None, "create", True),
    "a new file, inactive": (file_head(active=False), None, "create", False),
    "nothing changed": (file_head(), record_head(), None, None),
    "the file changed": (file_head("r2"), record_head(), "update", True),
    "the file went back to what runs": (
        file_head("r0"),
        record_head("r1", **REJECTED),
        "update",
        False,
    ),
    "switched off": (
        file_head("r2", active=False),
        record_head(),
        "deactivate",
        False,
    ),
    "changed while off": (
        file_head("r2", active=False),
        record_head(status=Status.INACTIVE),
        "update",
        False,
    ),
    "switched on": (
        file_head("r2"),
        record_head(status=Status.INACTIVE),
        "activate",
        True,
    ),
    "recorded inactive behind our back": (
        file_head(),
        record_head(status=Status.INACTIVE),
        "activate",
        True,
    ),
    "recorded active behind our back": (
        file_head(active=False),
        record_head(),
        "deactivate",
        False,
    ),
    "rejected and due": (
        file_head(),
        record_head(**REJECTED, next_attempt_at=NOW_S - 1),
        "retest",
        True,
    ),
    "rejected, not due": (
        file_head(),
        record_head(**REJECTED, next_attempt_at=NOW_S + 1),
        "keep",
        False,
    ),
    "rejected for good": (
        file_head(),
        record_head(**REJECTED, terminal=True),
        "keep",
        False,
    ),
    "failing and due": (
        file_head(),
        record_head(status=Status.ERROR, next_attempt_at=NOW_S - 1),
        "retest",
        True,
    ),
    "in the store, of nobody, same revision": (
        file_head(),
        record_head(managed_by=""),
        "adopt",
        False,
    ),
    "in the store, of nobody, another revision": (
        file_head("r2"),
        record_head(managed_by=""),
        "adopt",
        True,
    ),
    "the file is back": (
        file_head(),
        record_head(orphaned=True, status=Status.INACTIVE),
        "activate",
        True,
    ),
    "the file is gone": (None, record_head(), "deactivate", False),
    "the file is still gone": (
        None,
        record_head(orphaned=True, status=Status.INACTIVE),
        None,
        None,
    ),
    "no file, and never ours": (None, record_head(managed_by="other"), None, None),
}


@pytest.mark.parametrize("case", CASES)
def test_each_situation_has_one_step(case):
    desired, recorded, action, test = CASES[case]

    step = decide(desired, recorded, options=PlanOptions(workspace="w"), now_s=NOW_S)

    assert (step.action if step else None) == action
    assert (step.test if step else None) == test


@pytest.mark.parametrize("case", CASES)
def test_looking_at_many_names_finds_what_looking_at_one_does(case):
    desired, recorded, _, _ = CASES[case]
    heads = {"a": desired} if desired else {}

    steps = decide_all(
        DesiredSet(heads=heads),
        {"a": recorded} if recorded else {},
        options=PlanOptions(workspace="w"),
        now=datetime.fromtimestamp(NOW_S, UTC),
    )

    step = decide(desired, recorded, options=PlanOptions(workspace="w"), now_s=NOW_S)
    assert steps == ((step,) if step else ())


def test_a_pruning_plan_deletes_what_no_file_declares():
    options = PlanOptions(workspace="w", prune=True)

    for recorded in (record_head(), record_head(orphaned=True)):
        step = decide(None, recorded, options=options, now_s=NOW_S)
        assert step.action is ActionKind.DELETE

    foreign = decide(None, record_head(managed_by="x"), options=options, now_s=NOW_S)
    assert foreign is None


def test_retry_ignores_waiting_times_and_terminal_diagnoses():
    options = PlanOptions(workspace="w", retry=True)
    waiting = record_head(**REJECTED, terminal=True)

    step = decide(file_head(), waiting, options=options, now_s=NOW_S)

    assert step.action is ActionKind.RETEST


def test_a_retest_does_not_change_the_digest():
    update = Change(name="a", action=ActionKind.UPDATE, reason="x", after="r2")
    retest = Change(name="b", action=ActionKind.RETEST, reason="x", after="r1")

    assert digest_of([update], Scope()) == digest_of([update, retest], Scope())


def test_the_reason_is_for_people_and_not_part_of_the_digest():
    one = Change(name="a", action=ActionKind.UPDATE, reason="x", after="r2")
    other = Change(name="a", action=ActionKind.UPDATE, reason="y", after="r2")

    assert digest_of([one], Scope()) == digest_of([other], Scope())


def test_the_scope_is_part_of_the_digest():
    change = Change(name="a", action=ActionKind.UPDATE, reason="x", after="r2")

    whole, part = Scope(), Scope(targets=("a*",))

    assert digest_of([change], whole) != digest_of([change], part)


def test_counts_leave_out_what_does_not_occur():
    change = Change(name="a", action=ActionKind.UPDATE, reason="x")

    assert dict(counts([change, change])) == {ActionKind.UPDATE: 2}


def test_the_labels_of_a_scope_are_part_of_the_digest():
    change = Change(name="a", action=ActionKind.CREATE, reason="")

    digests = {digest_of([change], Scope(labels=one)) for one in ((), ("a=b",), ("a",))}

    assert len(digests) == 3
