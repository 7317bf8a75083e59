"""The panel's dump becomes sealed files, and the first plan is empty."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import yaml

from reconciler.sandbox import sandbox_account
from tests.adapters.importing.laravel_writer import (
    APP_KEY,
    OTHER_KEY,
    WAYS,
    mysqldump,
    panel_row,
    pg_copy,
    sealed,
)

MTAPI = {"symbols": ["EURUSD"], "timeframes": ["H1"]}


def good(how="cbc"):
    account = sandbox_account("binance")
    keys = {"api_key": account.api_key, "api_secret": account.api_secret}
    return sealed(keys, how=how)


def panel(how="cbc"):
    """The mission's three examples as rows, one of a user, and one switched off."""
    bridge, feed = sandbox_account("mtapi"), sandbox_account("feed")
    return [
        panel_row(1, "binance-main", good(how)),
        panel_row(
            2,
            "mt4-main",
            sealed(
                {
                    "api_key": bridge.api_key,
                    "account_id": bridge.account_id,
                    "base_url": "https://api.mtapi.io",
                    "timeout": 30,
                },
                how=how,
            ),
            type="mtapi",
            provider="mt4_account_123",
            settings=json.dumps(MTAPI),
        ),
        panel_row(
            3,
            "feed",
            sealed(
                {
                    "api_key": feed.api_key,
                    "endpoint": "https://api.custom-data-provider.com/v1",
                },
                how=how,
            ),
            type="custom_api",
            provider="custom-market-data",
            config=json.dumps({"authentication_method": "bearer", "rate_limit": 100}),
            settings=json.dumps({"symbols": ["AAPL"], "timeframes": ["1h"]}),
        ),
        panel_row(4, "off", good(how), is_active=0, status="inactive"),
    ]


@pytest.fixture
def dump(repo):
    def write(rows, text=None, name="dump.sql"):
        file = repo.path / name
        file.write_text(mysqldump(rows) if text is None else text)
        return name

    return write


@pytest.fixture
def keyed(live, monkeypatch):
    monkeypatch.setenv("APP_KEY", APP_KEY)
    return live


def rows_of(done):
    return {row["title"]: row for row in done.json["rows"]}


def remarks_of(row):
    return " | ".join(f"{one['field']}: {one['text']}" for one in row["remarks"])


@pytest.mark.parametrize("how", WAYS)
def test_the_round_trip_is_empty_on_the_first_plan(keyed, dump, how):
    file = dump(panel(how))

    done = keyed.here("import", "panel", file, "--adopt", "--format", "json")

    assert {row["standing"] for row in done.json["rows"]} == {"same"}
    assert {row["result"] for row in done.json["rows"]} == {"written"}
    keyed.here("validate", "--strict")
    keyed.here("plan", "--detailed-exitcode")
    keyed.here("apply")
    keyed.here("plan", "--detailed-exitcode")
    keyed.here("test", "binance-main")


def test_what_runs_after_adoption_opens_and_is_told_of(keyed, dump):
    keyed.here("import", "panel", dump(panel()), "--adopt")

    record = keyed.here("state", "show", "binance-main").out
    log = keyed.here("history").out

    assert "2026-02-03T04:05:06" in record
    assert "2025-01-02T03:04:05" in record
    assert '"last_test": null' in record
    assert "adopt" in log
    assert "panel id 1, active there" in keyed.here("history", "--format", "json").out
    keyed.here("sample", "binance-main", "--limit", "2")


def test_without_adopt_the_first_apply_tests_everything(keyed, dump):
    keyed.here("import", "panel", dump(panel()))

    plan = keyed.here("plan", "--format", "json").json

    tested = {
        change["name"]: (change["action"], change["test"]) for change in plan["changes"]
    }
    assert tested == {
        "binance-main": ("create", True),
        "feed": ("create", True),
        "mt4-main": ("create", True),
        "off": ("create", False),
    }
    keyed.here("apply")
    keyed.here("plan", "--detailed-exitcode")


def test_what_had_failed_in_the_panel_is_tested_and_not_adopted_as_live(keyed, dump):
    rows = [
        panel_row(1, "good", good()),
        panel_row(2, "failing", good(), status="error", last_error="timed out"),
        panel_row(3, "never", good(), last_connected_at=None, last_tested_at=None),
    ]
    done = keyed.here("import", "panel", dump(rows), "--adopt", "--format", "json")

    plan = keyed.here("plan", "--detailed-exitcode", "--format", "json", code=2).json

    steps = {one["name"]: (one["action"], one["test"]) for one in plan["changes"]}
    assert steps == {"failing": ("retest", True), "never": ("retest", True)}
    assert rows_of(done)["never"]["standing"] == "panel defect"
    assert "timed out" in keyed.here("history", "--format", "json").out
    keyed.here("sample", "failing", code=1)
    keyed.here("apply")
    keyed.here("plan", "--detailed-exitcode")


def test_the_file_says_what_the_row_said(keyed, dump):
    row = panel_row(
        12,
        "My Binance ★",
        good(),
        is_admin_owned=0,
        user_id=7,
        admin_id=None,
        config=json.dumps({"timeout": 20}),
        settings=json.dumps({"symbols": ["ETH/USDT"], "timeframes": ["1m", "4h"]}),
    )
    text = mysqldump([row]) + mysqldump([{"id": 7, "username": "alice"}], table="users")

    done = keyed.here("import", "panel", dump([], text), "--format", "json")

    (found,) = done.json["rows"]
    assert (found["name"], found["standing"]) == ("my-binance", "differs")
    data = yaml.safe_load(keyed.read(found["file"]))
    account = sandbox_account("binance")
    assert data["owner"] == "user:alice"
    assert data["active"] is True
    assert data["labels"] == {"panel_id": "12", "panel_name": "My Binance ★"}
    assert data["config"] == {"timeout": 20}
    assert data["settings"] == {"symbols": ["ETH/USDT"], "timeframes": ["1m", "4h"]}
    secret = keyed.here("decrypt", "my-binance", "--extract", "api_secret").out
    assert secret == account.api_secret


DEFECTS = [
    ({"settings": '{"timeframes": ["1H", "60min", "M5"]}'}, "differs", "'M5' is spelt"),
    ({"settings": '{"timeframes": ["1h", "7m"]}'}, "panel defect", "'7m' does not"),
    ({"settings": '{"timeframes": ["1h"], "depth": 5}'}, "differs", "settings.depth"),
    ({"config": '{"colour": "red", "timeout": "20"}'}, "panel defect", "colour"),
    ({"config": '{"sandbox": 0}'}, "panel defect", "a boolean now"),
    ({"provider": "Binance"}, "differs", "called 'binance' here"),
    ({"status": "active", "last_connected_at": None}, "panel defect", "never conn"),
    ({"status": "inactive"}, "panel defect", "is_active says yes"),
    ({"status": "active", "is_active": 0}, "panel defect", "is_active says no"),
    ({"status": "testing"}, "panel defect", "never ended"),
    ({"is_admin_owned": 0, "user_id": 9}, "differs", "--user 9=NAME"),
    ({"last_used_at": "soon"}, "panel defect", "is no time"),
    ({"colour": "green"}, "differs", "no place in our file"),
    ({"settings": None, "config": None}, "same", ""),
    ({"settings": '"{\\"symbols\\": [\\"BTC/USDT\\"]}"'}, "same", ""),
]


@pytest.mark.parametrize(("changed", "standing", "text"), DEFECTS)
def test_a_row_that_differs_comes_over_and_says_how(
    keyed, dump, changed, standing, text
):
    file = dump([panel_row(1, "spot", good(), **changed)])

    done = keyed.here("import", "panel", file, "--format", "json")

    (row,) = done.json["rows"]
    assert (row["standing"], row["result"]) == (standing, "written"), row
    assert text in remarks_of(row)
    keyed.here("validate", "--strict")


LEFT = [
    ({"type": "fix"}, "there is no type 'fix'"),
    ({"type": None}, "type"),
    ({"provider": "nowhere"}, "unknown exchange"),
    ({"provider": "ftx"}, "no longer supported"),
    ({"config": "{"}, "config is no JSON"),
    ({"settings": '{"symbols": 3}'}, "no list of texts"),
    ({"credentials": "rubbish"}, "neither a Laravel payload nor JSON"),
    ({"credentials": sealed({"api_key": "k"})}, "'api_secret' is missing"),
    ({"credentials": sealed({}, key=bytes(32))}, "do not open with any key"),
]


@pytest.mark.parametrize(("changed", "text"), LEFT)
def test_a_row_that_cannot_come_over_does_not_hold_back_the_others(
    keyed, dump, changed, text
):
    rows = [panel_row(1, "bad", good()), panel_row(2, "spot", good())]
    rows[0] = {**rows[0], **changed}

    done = keyed.here("import", "panel", dump(rows), "--format", "json", code=1)

    found = rows_of(done)
    assert found["bad"]["standing"] == "cannot be expressed"
    assert found["bad"]["result"] == "not imported"
    assert text in remarks_of(found["bad"])
    assert found["spot"]["result"] == "written"
    assert not keyed.file("bad").exists()


def test_plain_http_needs_a_word(keyed, dump):
    row = panel_row(
        1,
        "feed",
        sealed({"api_key": "abcdefgh", "endpoint": "http://md.example.com/v1"}),
        type="custom_api",
        provider="house",
    )
    file = dump([row])

    refused = keyed.here("import", "panel", file, "--format", "json", code=1)
    taken = keyed.here("import", "panel", file, "--allow-http", "--format", "json")

    assert "--allow-http" in remarks_of(rows_of(refused)["feed"])
    assert rows_of(taken)["feed"]["standing"] == "panel defect"
    assert "allow_http: true" in keyed.file("feed").read_text()


def test_the_panels_silent_defaults_are_written_out(keyed, dump):
    bridge = sandbox_account("mtapi")
    keys = {"api_key": bridge.api_key, "account_id": bridge.account_id}
    row = panel_row(
        1,
        "fx",
        sealed(keys),
        type="mtapi",
        provider="mt4_account_123",
        settings=json.dumps(MTAPI),
    )

    done = keyed.here("import", "panel", dump([row]), "--format", "json")

    assert rows_of(done)["fx"]["standing"] == "panel defect"
    data = yaml.safe_load(keyed.file("fx").read_text())
    assert data["config"] == {"base_url": "https://api.mtapi.io", "timeout": 30}
    keyed.here("apply")


def test_names_that_stand_twice_get_their_id(keyed, dump):
    rows = [panel_row(n, name, good()) for n, name in enumerate(("A b", "a-b", "a-b"))]

    done = keyed.here("import", "panel", dump(rows), "--format", "json")

    names = [row["name"] for row in done.json["rows"]]
    assert names == ["a-b", "a-b-1", "a-b-2"]
    assert "stands twice" in remarks_of(done.json["rows"][1])


def test_credentials_that_never_were_encrypted_are_a_defect(keyed, dump):
    keys = json.dumps({"api_key": "k" * 20, "api_secret": "s" * 20})

    done = keyed.here(
        "import", "panel", dump([panel_row(1, "spot", keys)]), "--format", "json"
    )

    assert "unencrypted" in remarks_of(rows_of(done)["spot"])
    assert "ssss" not in keyed.file("spot").read_text()


def test_rows_deleted_in_the_panel_stay_out(keyed, dump):
    row = panel_row(1, "spot", good(), deleted_at="2026-01-01 00:00:00")

    done = keyed.here("import", "panel", dump([row]))

    assert "deleted there" in done.out
    assert not keyed.file("spot").exists()


def test_nothing_is_replaced_without_force(keyed, dump):
    file = dump([panel_row(1, "spot", good())])
    keyed.here("import", "panel", file)
    before = keyed.file("spot").read_text()

    again = keyed.here("import", "panel", file, code=1)

    assert "--force replaces it" in again.out
    assert keyed.file("spot").read_text() == before
    keyed.here("import", "panel", file, "--force")
    assert keyed.file("spot").read_text() != before


def test_a_dry_run_writes_nothing(keyed, dump):
    file = dump(panel())
    before = sorted(keyed.path.rglob("*"))

    done = keyed.here("import", "panel", file, "--dry-run", "--adopt")

    assert "would be written" in done.out
    assert sorted(keyed.path.rglob("*")) == before


def test_nobody_to_seal_for_writes_nothing(keyed, dump):
    (keyed.path / ".sops.yaml").unlink()

    done = keyed.here("import", "panel", dump(panel()), code=1)

    assert ".sops.yaml" in done.err
    assert list((keyed.path / "connections.d").glob("*.yaml")) == []


def test_records_that_somebody_manages_stay_as_they_are(keyed, dump):
    file = dump([panel_row(1, "spot", good())])
    keyed.here("import", "panel", file, "--adopt")
    before = keyed.here("state", "show", "spot").out

    done = keyed.here("import", "panel", file, "--adopt", "--force", "--format", "json")

    assert "in the store already" in remarks_of(rows_of(done)["spot"])
    assert keyed.here("state", "show", "spot").out == before


def test_times_ahead_of_the_clock_are_left_out(keyed, dump):
    year = datetime.now(UTC).year + 2
    row = panel_row(1, "spot", good(), last_used_at=f"{year}-01-01 00:00:00")

    keyed.here("import", "panel", dump([row]), "--adopt")

    assert f"{year}-01-01" not in keyed.here("state", "show", "spot").out


@pytest.mark.parametrize("way", ["stdin", "env file", "environment"])
def test_keys_come_from_safe_places_previous_ones_too(live, dump, monkeypatch, way):
    file = dump([panel_row(1, "spot", good())])
    arguments, stdin = [], ""
    if way == "stdin":
        arguments, stdin = ["--app-key-stdin"], f"{OTHER_KEY}\n{APP_KEY}\n"
    elif way == "env file":
        text = f'APP_NAME="x"\nAPP_KEY={OTHER_KEY}\nAPP_PREVIOUS_KEYS="{APP_KEY}"\n'
        (live.path / "panel.env").write_text(text)
        arguments = ["--env-file", "panel.env"]
    else:
        monkeypatch.setenv("APP_KEY", OTHER_KEY)
        monkeypatch.setenv("APP_PREVIOUS_KEYS", f"{APP_KEY},")

    live.here("import", "panel", file, *arguments, stdin=stdin)

    assert live.file("spot").exists()


@pytest.mark.parametrize(
    ("key", "text"),
    [("", "no APP_KEY was given"), (OTHER_KEY, "another panel's"), ("x", "no Laravel")],
)
def test_a_missing_or_wrong_key_names_the_fix(live, dump, monkeypatch, key, text):
    monkeypatch.setenv("APP_KEY", key)

    done = live.here("import", "panel", dump(panel()), code=1)

    assert text in done.err
    assert done.out == ""


def test_postgresql_json_and_csv_come_over_too(keyed, dump):
    rows = panel()
    for name, text in (
        ("pg.sql", pg_copy(rows)),
        ("rows.json", json.dumps(rows)),
    ):
        done = keyed.here(
            "import", "panel", dump([], text, name), "--dry-run", "--format", "json"
        )
        assert {row["standing"] for row in done.json["rows"]} == {"same"}


def test_a_dump_without_the_table_names_the_option(keyed, dump):
    text = mysqldump(panel(), table="shop_connections")

    refused = keyed.here("import", "panel", dump([], text), code=1)
    taken = keyed.here(
        "import", "panel", dump([], text), "--table", "shop_connections", "--dry-run"
    )

    assert "--table" in refused.err
    assert "would be written" in taken.out


def test_the_report_for_people(keyed, dump):
    rows = [panel_row(1, "spot", good()), panel_row(2, "bad", good(), type="fix")]

    done = keyed.here("import", "panel", dump(rows), code=1)

    assert "+ connections.d/spot.yaml  same: written" in done.out
    assert "! connections.d/bad.yaml  cannot be expressed: not imported" in done.out
    assert "from dump.sql:" in done.out
    assert "2 rows: 1 same, 1 cannot be expressed, 1 written" in done.out


def test_what_went_live_on_the_panels_word_is_told_aloud(keyed, dump):
    rows = [*panel(), panel_row(5, "failing", good(), status="error")]

    done = keyed.here("import", "panel", dump(rows), "--adopt")

    assert done.out.count("adopted as live, untested here") == 3
    assert done.out.count("recorded as inactive") == 1
    assert done.out.count("recorded, to be tested") == 1
    assert "3 connections went live on the panel's word" in done.out


def test_every_kind_of_text_is_written_as_it_was(keyed, dump):
    odd = ("yes", "no", "null", "1e5", "0x1f", "12:30:00", "- a", "a: b", "~", "é\n")
    symbols = [*odd, "BTC/USDT", "{x}", "'q\"", "#1", "true"]
    row = panel_row(1, "spot", good(), settings=json.dumps({"symbols": symbols}))

    done = keyed.here("import", "panel", dump([row]), "--format", "json")

    assert rows_of(done)["spot"]["result"] == "written"
    found = yaml.safe_load(keyed.file("spot").read_text())
    assert found["settings"]["symbols"] == [text.strip() for text in symbols]


HALF = "\\ud800"


@pytest.mark.parametrize(
    "changed",
    [
        {"credentials": f'{{"api_key": "{HALF}aaaaaaaa", "api_secret": "s"}}'},
        {"credentials": f'{{"{HALF}": "aaaaaaaa"}}', "last_error": "x"},
        {"config": f'{{"note": "{HALF}"}}'},
        {"config": '{"timeout": 1e999}'},
        {"config": '{"options": {"recvWindow": 99999999999999999999}}'},
        {"settings": f'{{"symbols": ["{HALF}", "a\\nb"]}}'},
        {"settings": json.dumps({"symbols": ["x" * 300]})},
        {"name": "x\n# y: [", "provider": "binance\n"},
        {"name": None, "id": None},
        {"last_error": "\ud800 of a character"},
        {"owner": "user:mallory", "protected": 1},
    ],
    ids=map(str, range(11)),
)
def test_odd_content_is_written_soundly_or_told_of(keyed, dump, changed):
    row = {**panel_row(1, "spot", good(), last_error="no"), **changed}

    file = dump([], json.dumps([row]))
    done = keyed.here(
        *("import", "panel", file, "--adopt", "--format", "json"), code=None
    )

    (found,) = done.json["rows"]
    assert done.code == (0 if found["result"] == "written" else 1)
    assert (found["standing"] == "cannot be expressed") is (done.code == 1)
    keyed.here("validate")


def test_bytes_that_are_no_text_harm_their_row_only(keyed):
    rows = [panel_row(1, "spot", good()), panel_row(2, "CAFE", good())]
    text = mysqldump(rows).encode().replace(b"CAFE", b"caf\xe9")
    (keyed.path / "dump.sql").write_bytes(text)

    done = keyed.here("import", "panel", "dump.sql", "--format", "json", code=None)

    assert done.json["rows"][0]["result"] == "written"
    keyed.here("validate", "--strict")


def test_a_store_that_somebody_holds_stops_it_before_anything_is_written(keyed, dump):
    from reconciler.wiring import App, Choices

    file = dump([panel_row(1, "spot", good())])
    app = App(Choices())
    with app.store.lock(operation="apply", who="somebody"):
        keyed.here("import", "panel", file, "--adopt", code=75)
    app.close()

    assert not keyed.file("spot").exists()
    keyed.here("import", "panel", file, "--adopt")
    keyed.here("plan", "--detailed-exitcode")


def test_a_file_in_json_is_not_overwritten_with_yaml(keyed, dump):
    theirs = keyed.path / "connections.d" / "spot.json"
    theirs.write_text('{"type": "ccxt_crypto", "provider": "binance"}')
    file = dump([panel_row(1, "spot", good())])

    done = keyed.here("import", "panel", file, "--force", code=1)

    assert "is JSON; remove it first" in done.out
    assert not keyed.file("spot").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--env-file", "x", "--app-key-stdin"), ("--user", "7"), ("--user", "=alice")],
)
def test_wrong_usage_ends_with_64(keyed, dump, arguments):
    keyed.here("import", "panel", dump(panel()), *arguments, code=64)
