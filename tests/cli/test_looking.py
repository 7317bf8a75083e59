"""list, status, show, history, sample, test, report, providers, state."""

from __future__ import annotations

import json
import stat

import pytest

from tests.cli.terminal import at_terminal

BALANCE = "10050.5"


@pytest.fixture
def fleet(applied):
    """One connection that runs, one public with labels, one not applied yet."""
    applied.here(
        *("new", "pub", "--type", "ccxt_crypto", "--provider", "kraken", "--public"),
        *("--label", "desk=fx", "--owner", "team:quants", "--symbol", "BTC/USD"),
    )
    applied.here("apply")
    applied.new("later")
    return applied


def listed(repo, *arguments):
    rows = repo.here("list", "--format", "json", *arguments).json["connections"]
    return [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((), ["later", "pub", "spot"]),
        (("--status", "pending"), ["later"]),
        (("--status", "pending", "--status", "in-sync"), ["later", "pub", "spot"]),
        (("--health", "healthy"), ["pub", "spot"]),
        (("--owner", "team:*"), ["pub"]),
        (("--provider", "kraken"), ["pub"]),
        (("--type", "mtapi"), []),
        (("--label", "desk=f*"), ["pub"]),
        (("--label", "desk=fx", "--label", "x=y"), []),
        (("--sort", "provider"), ["later", "spot", "pub"]),
        (("--sort", "health"), ["later", "pub", "spot"]),
        (("--sort", "tested"), ["spot", "pub", "later"]),
    ],
)
def test_list_filters_and_sorts(fleet, arguments, names):
    assert listed(fleet, *arguments) == names


@pytest.mark.parametrize("command", ["list", "history"])
def test_a_narrow_terminal_is_shown_what_matters_most(fleet, command):
    code, wide = at_terminal(fleet, (command,), {}, COLUMNS="200")
    _, narrow = at_terminal(fleet, (command,), {}, COLUMNS="80")

    assert code == 0
    assert "LATENCY" in wide.splitlines()[0]
    assert "LATENCY" not in narrow.splitlines()[0]
    assert "Not shown, for the terminal's width:" in narrow
    assert "LATENCY" in fleet.run(command, COLUMNS="20").out


def test_list_tells_of_files_with_errors(fleet):
    fleet.file("broken").write_text("name: broken\n")

    assert "1 file with errors" in fleet.here("list").err


def test_list_works_without_files(fleet):
    (fleet.path / "connections.d").rename(fleet.path / "gone")

    done = fleet.here("list")

    assert "spot" in done.out
    assert "cannot be read" in done.err


def test_nothing_at_all_is_said_kindly(repo):
    assert repo.here("list").out == "No connections.\n"
    assert repo.here("status").out == "No connections.\n"
    assert repo.here("history").out == "No actions.\n"
    assert "no report" in repo.here("report", code=1).err


def test_status_ends_with_6_when_asked(fleet, sandbox):
    fleet.here("status", "--exit-code")
    sandbox.set_fault("kraken", "maintenance")
    fleet.here("test", "pub", code=5)

    done = fleet.here("status", "--exit-code", code=6)

    assert "maintenance" in done.out
    fleet.here("status", code=0)
    fleet.here("status", "spot", "--exit-code", code=0)


def test_status_of_a_name_that_is_not_there(fleet):
    assert "'nobody'" in fleet.here("status", "nobody", code=1).err


def test_show_names_credentials_and_shows_none(fleet):
    done = fleet.here("show", "spot")

    assert "api_key, api_secret (sealed)" in done.out
    data = fleet.here("show", "spot", "--format", "json").json
    assert data["sealed_fields"] == ["api_key", "api_secret"]
    assert "ENC[" not in json.dumps(data)
    fleet.here("show", "nobody", code=1)


def test_history_is_newest_first(fleet):
    actions = fleet.here("history", "--format", "json").json["actions"]

    assert [a["name"] for a in actions] == ["pub", "spot"]
    only = fleet.here("history", "spot", "--limit", "1", "--format", "json").json
    assert len(only["actions"]) == 1


def test_sample_takes_the_first_that_is_declared(fleet):
    data = fleet.here("sample", "spot", "--limit", "5", "--format", "json").json

    assert (data["symbol"], data["timeframe"]) == ("BTC/USDT", "1h")
    assert len(data["candles"]) == 5


def test_sample_leaves_a_trace_and_a_mark(fleet):
    fleet.here("sample", "spot", "--timeframe", "4h", "--limit", "7")

    record = fleet.here("show", "spot", "--format", "json").json["record"]
    (action, *_) = fleet.here("history", "spot", "--format", "json").json["actions"]
    assert record["last_used_at"]
    assert {mark["timeframe"] for mark in record["marks"]} == {"1h", "4h"}
    assert (action["action"], action["result"]) == ("fetch", "applied")
    assert action["detail"] == "BTC/USDT 4h"


def test_sample_as_csv(fleet):
    lines = fleet.here("sample", "spot", "--limit", "2", "--format", "csv").out.split()

    assert len(lines) == 3
    fleet.here("sample", "spot", "--ticker", "--format", "csv", code=64)


def test_a_fetch_that_fails_says_why_and_is_noted(fleet, sandbox):
    sandbox.set_fault("binance", "rate_limited")

    done = fleet.here("sample", "spot", code=1)

    assert "fix:" in done.err
    (action, *_) = fleet.here("history", "spot", "--format", "json").json["actions"]
    assert (action["action"], action["result"]) == ("fetch", "failed")


def test_balances_never_enter_the_store(live):
    live.new(
        "fx",
        provider="mt4_account_1001",
        kind="mtapi",
        api_key="sandbox-mtapi-reader-key",
        account_id="1001",
    )
    live.here("apply")

    done = live.here("sample", "fx", "--account", "--ticker", "--list-symbols")

    assert BALANCE in done.out
    assert BALANCE not in live.here("state", "pull").out
    for file in (live.path / ".reconcile").rglob("*"):
        if file.is_file():
            assert BALANCE.encode() not in file.read_bytes(), file


def test_sample_of_what_does_not_run(fleet):
    assert "no active revision" in fleet.here("sample", "later", code=1).err
    fleet.here("sample", "spot", "--limit", "1001", code=64)
    fleet.here("sample", "spot", "--since", "yesterday", code=64)


def test_test_by_name_pattern_and_all(fleet):
    assert fleet.here("test", "spot", "--format", "json").json["passed"] == 1
    assert fleet.here("test", "*", "--format", "json").json["passed"] == 2
    assert fleet.here("test", "--all", "--format", "json").json["passed"] == 2
    assert fleet.report["command"] == "test"


def test_a_file_is_tested_without_a_trace(fleet):
    before = fleet.here("state", "pull").out

    done = fleet.here("test", "later", "connections.d/later.yaml")

    assert "later: passed" in done.out
    assert fleet.here("state", "pull").out == before


def test_an_invalid_file_is_not_tested(fleet):
    fleet.file("broken").write_text("name: broken\n")

    done = fleet.here("test", "connections.d/broken.yaml", code=3)

    assert "R202" in done.err


def test_test_of_nothing(fleet):
    assert "nothing matches 'nix-*'" in fleet.here("test", "nix-*", code=1).err


def test_report_now_speaks_of_the_store(fleet):
    (fleet.path / ".reconcile/report.json").unlink()

    report = fleet.here("report", "--now", "--format", "json").json

    assert report["counts"]["healthy"] == 2
    assert not (fleet.path / ".reconcile/report.json").exists()


def test_report_goes_to_a_file(fleet):
    fleet.here("report", "--format", "markdown", "-o", "r.md")

    assert "spot" in fleet.read("r.md")


def test_providers_by_type_id_and_text(repo):
    everything = repo.here("providers", "--format", "json").json["types"]
    kraken = repo.here("providers", "kraken").out

    assert {kind["type"] for kind in everything} >= {
        "ccxt_crypto",
        "mtapi",
        "custom_api",
    }
    assert "api_secret" in kraken
    assert "binance" in repo.here("providers", "--search", "BINANCE").out
    assert "did you mean 'kraken'?" in repo.here("providers", "krakn", code=1).err


def test_a_backup_can_be_restored(fleet):
    path = fleet.here("state", "backup").out.strip()
    before = fleet.here("list", "--health", "healthy").out.splitlines()[1].split()[0]
    fleet.here("state", "rm", "spot", "--yes")
    assert "spot" not in listed(fleet, "--health", "healthy")

    fleet.here("state", "restore", path, code=4)
    fleet.here("state", "restore", path, "--yes")

    assert listed(fleet, "--health", "healthy") == ["pub", "spot"]
    assert stat.S_IMODE((fleet.path / path).stat().st_mode) == 0o600
    assert before == "pub"
    fleet.here("state", "backup", "-o", path, code=1)


def test_state_commands_refuse_what_is_not_there(fleet):
    fleet.here("state", "show", "nobody", code=1)
    fleet.here("state", "rm", "nobody", "--yes", code=1)
    fleet.here("state", "unlock", "0123", code=1)
    fleet.here("state", "restore", "nowhere.json", "--yes", code=1)
    (fleet.path / "junk.json").write_text("{}")
    fleet.here("state", "restore", "junk.json", "--yes", code=1)


def test_state_rm_takes_consent(fleet):
    assert "--yes" in fleet.here("state", "rm", "spot", code=4).err
    assert "spot" in listed(fleet, "--health", "healthy")


def test_state_show_holds_the_sealed_document(fleet):
    record = fleet.here("state", "show", "spot").json["record"]

    assert "ENC[AES256_GCM" in record["active"]["text"]


def test_a_damaged_store_is_refused_with_a_way_out(fleet):
    store = fleet.path / ".reconcile/state.json"
    store.write_bytes(store.read_bytes()[:-200] + b"garbage")

    done = fleet.here("plan", code=1)

    assert "state" in done.err
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_former_id_of_a_provider_is_found_and_explained(bare):
    found = bare.here("providers", "--search", "huobi")
    gone = bare.here("providers", "--search", "ftx", code=1)
    moved = bare.here("providers", "gateio", code=1)

    assert "once huobi, huobipro" in found.out
    assert "closed in November 2022" in gone.err
    assert "'gateio' is now called 'gate'" in moved.err


def test_a_search_without_a_match_is_no_success(bare):
    done = bare.here("providers", "--search", "krakn", code=1)

    assert "no provider matches 'krakn'; did you mean 'kraken'?" in done.err
    assert done.out == ""


def test_a_name_that_never_was_has_no_history(applied):
    done = applied.here("history", "spto", code=1)

    assert "nothing was ever done with 'spto'" in done.err
    assert "create" in applied.here("history", "spot").out


def test_a_sample_counts_only_what_was_asked_for(applied):
    ticker = applied.here("sample", "spot", "--ticker").out
    account = applied.here("sample", "spot", "--account").out

    assert "\n\nTicker of BTC/USDT, in " in ticker
    assert "\n\nAccount, in " in account
    assert "candle" not in ticker + account


def test_no_candle_is_no_success(applied, sandbox):
    sandbox.set_fault("binance", "no_candles")

    done = applied.here("sample", "spot", code=1)

    assert "0 candles of BTC/USDT 1h" in done.out
    applied.here("sample", "spot", "--since", "2026-01-01")
    applied.here("sample", "spot", "--ticker")


def test_a_public_connection_has_no_account(live):
    live.new("public")
    live.here("apply")

    done = live.here("sample", "public", "--account", code=64)

    assert "'public' is public: it has no account" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("fault", "binanc", "slow"), 1, "did you mean 'binance'?"),
        (("fault", "binance", "slo"), 64, "did you mean 'slow'?"),
        (("fault", "binance", "slow", "foo=1"), 64, "no parameter 'foo'"),
        (("clear", "nope"), 1, "plays no 'nope'"),
    ],
)
def test_a_misspelt_fault_is_told(live, arguments, code, said):
    done = live.here("sandbox", *arguments, code=code)

    assert said in done.err
