from reconciler.core.guard import Allowances, Facts, Guard, Limits, judge
from reconciler.core.plan import ActionKind, Change


def change(name, action=ActionKind.DEACTIVATE, *, orphan=True):
    return Change(name=name, action=action, reason="", orphan=orphan)


def facts(**values):
    base = {
        "removals": (),
        "adoptions": (),
        "managed": 10,
        "declared": 10,
        "protected": (),
        "elsewhere": (),
    }
    return Facts(**{**base, **values})


def guards(found, allowances=None):
    refusals = judge(found, limits=Limits(), allowances=allowances or Allowances())
    return [refusal.guard for refusal in refusals]


def removing(count):
    return tuple(change(f"c{index}") for index in range(count))


def test_a_plan_that_removes_little_passes():
    assert guards(facts(removals=removing(3))) == []


def test_removing_more_than_thirty_percent_of_ten_is_refused():
    assert guards(facts(removals=removing(4))) == [Guard.THRESHOLD]


def test_fewer_than_ten_records_have_no_threshold():
    assert guards(facts(removals=removing(9), managed=9)) == []


def test_allowed_removals_are_a_number_and_not_a_blank_cheque():
    found = facts(removals=removing(5))

    assert guards(found, Allowances(removals=5)) == []
    assert guards(found, Allowances(removals=4)) == [Guard.THRESHOLD]


def test_the_refusal_says_how_much_and_names_its_flag():
    refusals = judge(
        facts(removals=removing(4)), limits=Limits(), allowances=Allowances()
    )

    assert "4 of 10 connections" in refusals[0].message
    assert refusals[0].flag == "--allow-removals 4"


def test_an_empty_folder_against_a_full_store_is_refused():
    assert guards(facts(declared=0, managed=3)) == [Guard.EMPTY]
    assert guards(facts(declared=0, managed=3), Allowances(empty=True)) == []
    assert guards(facts(declared=0, managed=0)) == []


def test_a_protected_record_survives_the_loss_of_its_file():
    found = facts(removals=(change("a"),), protected=("a",))

    assert guards(found) == [Guard.PROTECTED]
    assert guards(found, Allowances(protected=frozenset({"a"}))) == []
    assert guards(found, Allowances(protected=frozenset({"b"}))) == [Guard.PROTECTED]


def test_a_protected_connection_may_still_be_switched_off_in_its_file():
    found = facts(removals=(change("a", orphan=False),), protected=("a",))

    assert guards(found) == []


def test_another_workspaces_record_is_not_taken_over_in_silence():
    found = facts(adoptions=(change("a", ActionKind.ADOPT),), elsewhere=("a",))

    assert guards(found) == [Guard.OWNERSHIP]
    assert guards(found, Allowances(take_over=frozenset({"a"}))) == []


def test_every_guard_that_holds_speaks():
    found = facts(removals=removing(4), declared=0, protected=("c0",), elsewhere=())

    assert guards(found) == [Guard.EMPTY, Guard.THRESHOLD, Guard.PROTECTED]
