"""Names, globs and labels: one notation in every command that takes names."""

from __future__ import annotations

import pytest

from tests.cli.test_suspending_connections import INCIDENT


@pytest.fixture
def fleet(applied):
    """`spot` without a label, `pub` with one, both running; `later` not applied."""
    applied.here(
        *("new", "pub", "--type", "ccxt_crypto", "--provider", "kraken", "--public"),
        *("--label", "desk=fx", "--symbol", "BTC/USD", "--timeframe", "1h"),
    )
    applied.here("apply")
    applied.new("later")
    return applied


def names_in(done):
    data = done.json
    rows = data.get("connections") or data.get("changes") or data.get("tests") or []
    rows = rows or data.get("actions") or data.get("suspended") or []
    return sorted({row.get("name") or row["connection"]["name"] for row in rows})


AS_JSON = ("--format", "json")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("list",), 0),
        (("status",), 0),
        (("show",), 0),
        (("history",), 0),
        (("report", "--now"), 0),
        (("test",), 0),
        (("suspend", *INCIDENT), 0),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (("-l", "desk=fx"), ["pub"]),
        (("-l", "desk=f*", "p*"), ["pub"]),
        (("--label", "desk!=fx", "s*"), ["spot"]),
        (("-l", "!desk", "spot"), ["spot"]),
        (("-l", "desk"), ["pub"]),
        (("spot", "pub"), ["pub", "spot"]),
        (("spo?", "[p]ub"), ["pub", "spot"]),
    ],
    ids=" ".join,
)
def test_names_globs_and_labels_choose(fleet, command, code, chosen, found):
    done = fleet.here(*command, *chosen, *AS_JSON, code=code)

    assert names_in(done) == found


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("show",),
        ("history",),
        ("report",),
        ("test",),
        ("suspend", *INCIDENT),
        ("resume",),
        ("plan",),
        ("apply",),
        ("secrets", "status"),
        ("updatekeys", "--dry-run"),
        ("rotate",),
        ("fmt",),
        ("encrypt", "*"),
    ],
    ids=" ".join,
)
def test_labels_that_leave_nothing_are_told(fleet, command):
    done = fleet.here(*command, "-l", "desk=nowhere", code=1)

    assert "--label desk=nowhere leaves no" in done.err


@pytest.mark.parametrize("command", ["list", "plan", "test", "rotate"])
def test_what_is_no_condition_is_wrong_usage(fleet, command):
    for term in ("=x", "desk==fx"):
        assert "is none of KEY=VALUE" in fleet.here(command, "-l", term, code=64).err


def test_a_plan_and_its_apply_take_the_same_part(fleet):
    fleet.edit("pub", "timeframes: [1h]", "timeframes: [4h]")
    plan = fleet.here("plan", "-l", "desk=fx", "--out", "p.json", *AS_JSON).json
    shown = fleet.here("plan", "-l", "desk=fx").out

    assert [one["name"] for one in plan["changes"]] == ["pub"]
    assert (plan["considered"], plan["total"]) == (1, 3)
    assert "Partial plan: 1 of 3 considered (label 'desk=fx')" in shown
    assert (
        "its own --target" in fleet.here("apply", "p.json", "-l", "desk", code=64).err
    )
    fleet.here("apply", "p.json")
    left = fleet.here("plan", *AS_JSON).json["changes"]
    assert [one["name"] for one in left] == ["later"]


def test_one_name_is_one_object_and_several_are_a_list(fleet):
    one = fleet.here("show", "spot", *AS_JSON).json
    several = fleet.here("show", "s*", *AS_JSON).json

    assert several["connections"] == [
        {key: one[key] for key in ("connection", "record", "sealed_fields")}
    ]


def test_the_history_of_something_that_was_deleted_is_told_by_its_name(fleet):
    fleet.here("state", "rm", "pub", "--yes")

    assert names_in(fleet.here("history", "pub", *AS_JSON)) == ["pub"]
    assert "no connection 'p*'" in fleet.here("history", "p*", code=1).err


def test_a_part_of_a_report_has_its_own_counts(fleet):
    report = fleet.here("report", "--now", "-l", "desk", *AS_JSON).json

    assert report["counts"] == {"connections": 1, "healthy": 1}


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (("-l", "desk=fx"), ["pub"]),
        (("s*",), ["spot"]),
        (("connections.d", "-l", "!desk"), ["later", "spot"]),
        (("spot", "p*"), ["spot", "pub"]),
    ],
    ids=" ".join,
)
def test_files_are_chosen_alike(fleet, words, files):
    done = fleet.here("updatekeys", "--dry-run", *words, *AS_JSON)

    found = list(done.json["files"])
    assert found == [f"connections.d/{name}.yaml" for name in files]


def test_a_file_that_cannot_be_read_has_no_label(fleet):
    fleet.file("broken").write_text("a: [\n")

    done = fleet.here("updatekeys", "--dry-run", "-l", "desk", *AS_JSON)

    assert list(done.json["files"]) == ["connections.d/pub.yaml"]
