import json
from dataclasses import replace

from reconciler.core.codec import from_json
from reconciler.core.diff import FieldChange
from reconciler.core.plan import ActionKind, Plan
from reconciler.report.plan import plan_human, plan_json, plan_markdown
from tests.report.report_samples import FIELDS, PARTIAL, PLAN, REFUSAL, a_change

HUMAN = """\
  + binance-main  create  binance/ccxt_crypto  [tests, needs key]  new file
  - old           delete  binance/ccxt_crypto                      no file declares it
  ~ okx-spot      update  okx/ccxt_crypto      [tests]             the file changed
      ~ credentials.api_secret: (sealed) changed
      + labels.desk: spot
      ~ settings.symbols: [BTC/USDT] -> [BTC/USDT, ETH/USDT]

Plan: 1 to create, 1 to update, 1 to delete; 47 unchanged. Digest abcdef0123456789.
"""


def test_a_plan_reads_as_aligned_lines_with_a_summary():
    assert plan_human(PLAN) == HUMAN


def test_nothing_to_do_is_one_line():
    assert plan_human(Plan(kept=47)) == "No changes. 47 connections match.\n"
    assert plan_human(Plan(kept=1)) == "No changes. 1 connection matches.\n"


def test_a_partial_plan_says_so_first():
    shown = plan_human(replace(PLAN, scope=PARTIAL, considered=3))

    assert shown.startswith("Partial plan: 3 of 50 considered (target 'okx-*').\n")


def test_a_refusal_names_the_flag_that_overrides_it():
    shown = plan_human(replace(PLAN, refusals=(REFUSAL,)))

    assert "  ! threshold: 12 of 30 connections" in shown
    assert "    to allow it: --allow-removals 12\n" in shown


def test_waiting_connections_are_never_silent():
    waiting = a_change(
        "okx", ActionKind.KEEP, reason="rejected, waits for its next test"
    )
    shown = plan_human(Plan(kept=1, waiting=(waiting,)))

    assert "  . okx  binance/ccxt_crypto  rejected, waits for its next test\n" in shown
    assert shown.endswith("No changes. 1 connection matches, 1 waiting.\n")


def test_a_long_list_shows_what_came_and_went_and_everything_on_request():
    before = [f"COIN{i}/USDT" for i in range(40)]
    field = FieldChange(
        path="settings.symbols",
        kind="changed",
        before=before,
        after=[*before[1:], "NEW/USDT"],
    )
    plan = Plan(changes=(a_change(fields=(field,)),))

    assert "settings.symbols: +NEW/USDT -COIN0/USDT (40 -> 40 entries)" in plan_human(
        plan
    )
    assert "COIN7/USDT" in plan_human(plan, verbose=True)


def test_a_brief_plan_leaves_out_what_a_new_connection_holds():
    new = a_change("new", ActionKind.CREATE, fields=FIELDS)
    name = FieldChange(path="name", kind="added", after="again")
    never_ran = a_change("again", fields=(name, *FIELDS))
    plan = replace(PLAN, changes=(new, never_ran, a_change(fields=FIELDS)))

    shown = plan_human(plan, brief=True)

    assert shown.count("labels.desk") == 1
    assert plan_human(plan).count("labels.desk") == 3
    assert plan_human(plan, brief=True, verbose=True).count("labels.desk") == 3


def test_colour_changes_no_word():
    import re

    colored = plan_human(PLAN, color=True)

    assert colored != HUMAN
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == HUMAN


def test_a_sealed_value_is_never_shown_even_if_a_plan_holds_one():
    field = FieldChange(
        path="credentials.api_key",
        kind="changed",
        sealed=True,
        before="hunter1",
        after="hunter2",
    )
    plan = Plan(
        changes=(a_change(fields=(field,)),), waiting=(a_change(fields=(field,)),)
    )
    views = [plan_human(plan, verbose=True), plan_markdown(plan), plan_json(plan)]

    assert not any("hunter" in view for view in views)


def test_the_json_is_read_back_as_the_same_plan():
    assert from_json(Plan, plan_json(PLAN)) == PLAN
    assert json.loads(plan_json(PLAN))["format_version"] == "1.0"


def test_the_page_begins_with_the_counts_and_folds_the_fields():
    page = plan_markdown(PLAN)

    assert page.startswith("### Plan: 1 to create, 1 to update, 1 to delete;")
    assert "<details><summary><code>okx-spot</code>: 3 fields" in page
    assert "! credentials.api_secret: (sealed) changed\n" in page


def test_a_page_that_is_too_long_loses_whole_lines_and_says_which():
    changes = tuple(a_change(f"c-{i:04}", reason="x" * 50) for i in range(2_000))
    page = plan_markdown(Plan(changes=changes))
    rows = [line for line in page.split("\n") if line.startswith("| <code>")]

    assert len(page.encode()) <= 65_536
    assert all(line.endswith(" |") for line in rows)
    assert f"_Cut to fit: {2_000 - len(rows)} changes." in page
