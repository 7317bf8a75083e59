from dataclasses import replace

from reconciler.core.diff import FieldChange
from reconciler.core.plan import ActionKind, Plan
from reconciler.report.html.plan import plan_html
from tests.report.html_reader import Elements
from tests.report.report_samples import NOW, PARTIAL, PLAN, REFUSAL, a_change


def test_counts_come_first_and_every_change_is_named():
    shown = Elements(plan_html(PLAN)).text

    assert shown.index("1 to create") < shown.index("binance-main")
    assert "3 fields of okx-spot" in shown


def test_a_refusal_names_the_flag_that_overrides_it():
    shown = Elements(plan_html(replace(PLAN, refusals=(REFUSAL,)))).text

    assert "Refused: apply would do nothing" in shown
    assert "To allow it: --allow-removals 12" in shown


def test_an_empty_plan_says_so():
    assert (
        "No changes. 47 connections match." in Elements(plan_html(Plan(kept=47))).text
    )


def test_a_partial_plan_says_what_it_looked_at():
    shown = plan_html(replace(PLAN, scope=PARTIAL, considered=3))

    assert "Partial plan: 3 of 50 considered (target" in Elements(shown).text


def test_what_waits_and_what_is_left_alone_is_told():
    waiting = a_change("okx", ActionKind.KEEP, reason="rejected, waits")
    shown = plan_html(
        replace(PLAN, waiting=(waiting,), unmanaged=("theirs",), invalid=("broken",))
    )

    text = Elements(shown).text
    assert "rejected, waits" in text
    assert "Not managed here, left alone theirs" in text
    assert "Invalid, left as they are broken" in text


def test_notes_are_gathered_and_lead_to_their_connection():
    plan = replace(PLAN, changes=(a_change("okx", notes=("look at the binding",)),))

    links = [a.get("href") for tag, a in Elements(plan_html(plan)).found if tag == "a"]

    assert "#c-okx" in links


def test_a_sealed_field_shows_that_it_changed_and_no_value():
    field = FieldChange(
        path="credentials.key", kind="changed", sealed=True, before="a1b2", after="c3d4"
    )

    shown = plan_html(replace(PLAN, changes=(a_change(fields=(field,)),)))

    assert "sealed; changed" in shown
    assert "a1b2" not in shown
    assert "c3d4" not in shown


def test_who_depends_on_what_goes_away_is_told():
    change = a_change(
        "okx", ActionKind.DELETE, used_by=("pricing",), last_used_at=NOW, previous="ok"
    )

    text = Elements(plan_html(replace(PLAN, changes=(change,)))).text

    assert "used by pricing; last used at 2026-11-23 10:00:00Z" in text
    assert "was called ok" in text


def test_what_is_suspended_stands_apart():
    held = a_change("okx", ActionKind.KEEP, reason="suspended by ann: moving")

    text = Elements(plan_html(replace(PLAN, suspended=(held,)))).text

    assert text.count("1 suspended") == 2  # the summary's, and the count's
    assert "suspended by ann: moving" in text
