"""Which changes a freeze covers."""

from datetime import timedelta

import pytest

from reconciler.core.diff import FieldChange
from reconciler.core.freezing import Freeze, frozen, touches
from reconciler.core.plan import ActionKind, Change
from reconciler.core.refusal import Guard, held_by, stops_all
from reconciler.core.selecting import label_term
from reconciler.core.windows import Once
from tests.fakes import START

OPEN = Once(name="month end", starts=START, ends=START + timedelta(days=1))
OVER = Once(name="past", starts=START - timedelta(days=1), ends=START)


def change(name="a", action=ActionKind.UPDATE, **more):
    values = {"reason": "", "owner": "team:desk", "before": "r1", "after": "r2"}
    return Change(name=name, action=action, **{**values, "test": True, **more})


@pytest.mark.parametrize(
    ("one", "running", "expected"),
    [
        (change(), "r1", True),
        (change(test=False), "r1", False),
        (change(action=ActionKind.CREATE, before=""), "", True),
        (change(action=ActionKind.CREATE, before="", test=False), "", False),
        (change(action=ActionKind.ACTIVATE), "", True),
        (change(action=ActionKind.DEACTIVATE, test=False), "r1", True),
        (change(action=ActionKind.DELETE, after="", test=False), "r1", True),
        (change(action=ActionKind.DELETE, after="", test=False), "", False),
        (change(action=ActionKind.RETEST, after="r1"), "r1", False),
        (change(action=ActionKind.RETEST), "r1", True),
        (change(action=ActionKind.ADOPT, test=False), "r1", False),
    ],
)
def test_a_change_touches_what_runs_when_it_replaces_starts_or_stops_it(
    one, running, expected
):
    assert touches(one, running) is expected


SEALED = FieldChange(path="credentials.api_key", kind="changed", sealed=True)


@pytest.mark.parametrize(
    ("said", "covers"),
    [
        ({}, True),
        ({"names": ("a*",)}, True),
        ({"names": ("b*",)}, False),
        ({"owners": ("team:*",)}, True),
        ({"owners": ("admin",)}, False),
        ({"labels": (label_term("desk=spot"),)}, True),
        ({"labels": (label_term("desk!=spot"),)}, False),
        ({"actions": ("update",)}, True),
        ({"actions": ("delete",)}, False),
        ({"actions": ("credentials",)}, True),
        ({"names": ("a",), "owners": ("admin",)}, False),
    ],
)
def test_a_freeze_covers_what_fits_everything_it_says(said, covers):
    one = change(fields=(SEALED,))

    assert Freeze(window=OPEN, **said).covers(one, {"desk": "spot"}) is covers


def test_only_a_window_that_is_open_holds_back():
    (refusal,) = frozen(
        [Freeze(window=OVER), Freeze(window=OPEN)],
        [change()],
        {},
        now=START,
        allowed=(),
    )

    assert refusal.guard is Guard.FREEZE
    assert refusal.message == (
        "'a' is held back by 'month end' until 2026-01-02T00:00:00Z; re-tests go on"
    )
    assert refusal.flag == "--during-freeze 'month end'"


def test_a_window_that_is_allowed_by_name_holds_nothing_back():
    freezes = [Freeze(window=OPEN)]

    assert frozen(freezes, [change()], {}, now=START, allowed={"month end"}) == ()


def test_a_freeze_stops_what_it_names_and_nothing_else():
    refusals = frozen(
        [Freeze(window=OPEN, names=("a",))],
        [change(), change("b")],
        {},
        now=START,
        allowed=(),
    )

    assert held_by(refusals).keys() == {"a"}
    assert not stops_all(refusals)
