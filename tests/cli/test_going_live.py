"""plan and apply: saved plans, digests, guards, consent, targets, idempotence."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from reconciler.sandbox import sandbox_account

MANY = 12


@pytest.fixture
def many(live):
    """Twelve public connections that run."""
    for number in range(MANY):
        live.new(f"pub-{number:02}")
    live.here("apply")
    return live


def test_the_second_apply_does_nothing_and_asks_nobody(applied, sandbox):
    sandbox.reset_requests()

    done = applied.here("apply")

    assert "nothing to do" in done.out
    assert sandbox.requests == ()


def test_a_plan_needs_neither_key_nor_store(binance, monkeypatch):
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")

    done = binance.here("plan", "--detailed-exitcode", code=2)

    assert "+ spot" in done.out
    assert not (binance.path / ".reconcile/state.json").exists()


def test_changes_count_only_when_asked_for(binance):
    binance.here("plan", code=0)
    binance.here("plan", "--detailed-exitcode", code=2)
    binance.here("apply")
    binance.here("plan", "--detailed-exitcode", code=0)


def test_plan_speaks_three_formats(binance):
    assert binance.here("plan", "--format", "json").json["changes"][0]["name"] == "spot"
    assert "### Plan: 1 to create" in binance.here("plan", "--format", "markdown").out


def test_a_saved_plan_is_applied_as_it_was_reviewed(binance):
    binance.here("plan", "--out", "p.json")

    binance.here("apply", "p.json")

    assert binance.report["plan_digest"] == json.loads(binance.read("p.json"))["digest"]


def test_a_saved_plan_is_refused_when_the_files_moved_on(binance):
    binance.here("plan", "--out", "p.json")
    binance.edit("spot", "timeframes: [1h]", "timeframes: [4h]")

    done = binance.here("apply", "p.json", code=4)

    assert "stale-plan" in done.out
    assert binance.report["refusals"][0]["guard"] == "stale-plan"
    assert binance.here("list", "--format", "json").json["counts"]["pending"] == 1


def test_a_saved_plan_is_refused_when_the_store_moved_on(binance):
    binance.here("plan", "--out", "p.json")
    binance.here("apply")

    assert "the store moved on" in binance.here("apply", "p.json", code=4).out


def test_another_digest_is_refused(binance):
    digest = binance.here("plan", "--format", "json").json["digest"]

    binance.here("apply", "--expect", "0123456789abcdef", code=4)
    binance.here("apply", "--expect", digest)


def test_a_saved_plan_brings_its_own_scope(many):
    many.new("more-a")
    many.new("more-b")
    many.here("plan", "--target", "more-a", "--out", "p.json")

    many.here("apply", "p.json", "--target", "more-b", code=64)
    many.here("apply", "p.json")

    names = {row["name"] for row in many.report["connections"]}
    assert "more-a" in names
    assert "more-b" not in names


@pytest.mark.parametrize("text", ["", "{}", "[]", "no json", '{"digest": 1}'])
def test_what_is_no_plan_is_refused(binance, text):
    (binance.path / "p.json").write_text(text)

    assert "is not a plan" in binance.here("apply", "p.json", code=1).err


def test_what_goes_away_takes_consent(many):
    many.file("pub-00").unlink()

    done = many.here("apply", code=4)

    assert "--yes" in done.out
    assert many.here("list", "--format", "json").json["counts"].get("inactive") is None
    many.here("apply", "--yes")
    assert many.here("list", "--format", "json").json["counts"]["inactive"] == 1


def test_what_its_own_file_switches_off_needs_no_consent(applied):
    applied.edit("spot", "type: ccxt_crypto", "active: false\ntype: ccxt_crypto")

    applied.here("apply", "--no-input")

    assert applied.here("list", "--format", "json").json["counts"]["inactive"] == 1


def test_a_reviewed_plan_is_consent(applied):
    applied.edit("spot", "type: ccxt_crypto", "active: false\ntype: ccxt_crypto")
    digest = applied.here("plan", "--format", "json").json["digest"]

    applied.here("apply", "--expect", digest)


def test_too_many_removals_are_refused(many):
    for number in range(5):
        many.file(f"pub-{number:02}").unlink()

    done = many.here("plan", code=4)
    many.here("apply", "--yes", code=4)

    assert "to allow it: --allow-removals 5" in done.out
    many.here("apply", "--yes", "--allow-removals", "5")


def test_an_empty_folder_is_refused(applied):
    applied.file("spot").unlink()

    done = applied.here("apply", "--yes", code=4)

    assert "--allow-empty" in done.out
    applied.here("apply", "--yes", "--allow-empty")


def test_a_protected_connection_stays(live):
    live.here(
        *("new", "spot", "--type", "ccxt_crypto", "--provider", "binance"),
        *("--public", "--protected"),
    )
    live.new("other")
    live.here("apply")
    live.file("spot").unlink()

    live.here("plan", code=4)
    done = live.here("apply", "--yes", code=4)

    assert "--allow-protected spot" in done.out
    live.here("apply", "--yes", "--allow-protected", "spot")


def test_prune_deletes_what_is_not_declared(many):
    many.file("pub-00").unlink()

    many.here("apply", "--yes", "--prune")

    assert "pub-00" not in many.here("list").out
    assert "delete" in many.here("history", "pub-00").out


def test_without_prune_it_is_switched_off(many):
    many.file("pub-00").unlink()

    many.here("apply", "--yes")

    rows = many.here("list", "--status", "orphaned", "--format", "json").json
    assert [row["name"] for row in rows["connections"]] == ["pub-00"]


def test_another_workspaces_record_is_not_taken(applied):
    text = applied.read("reconcile.yaml").replace("workspace: test", "workspace: two")
    (applied.path / "reconcile.yaml").write_text(text)

    done = applied.here("apply", code=4)

    assert "--take-over spot" in done.out
    applied.here("apply", "--take-over", "spot")


def test_a_broken_file_does_not_hold_back_the_others(binance):
    binance.file("broken").write_text("name: broken\n")

    done = binance.here("apply", code=3)

    assert "broken.yaml" in done.out
    assert "healthy" in binance.here("list").out
    binance.here("plan", code=3)


def test_a_bad_key_leaves_the_old_one_running(applied):
    applied.reseal("spot", "api_secret", "not-the-secret-of-this-key")

    done = applied.here("apply", code=5)

    assert "rejected" in done.out
    (row,) = applied.report["connections"]
    assert (row["health"], row["sync"]) == ("healthy", "rejected")
    applied.here("sample", "spot", "--limit", "1")
    applied.here("apply", code=5)


def test_retry_tests_a_rejected_revision_again(applied, sandbox):
    applied.edit("spot", "timeframes: [1h]", "timeframes: [1h, 4h]")
    sandbox.set_fault("binance", "bad_key")
    applied.here("apply", code=5)
    sandbox.clear_faults()

    applied.here("apply", code=5)
    applied.here("apply", "--retry", code=0)


def test_the_lock_is_waited_for_and_then_given_up(applied, tmp_path):
    holder = (
        "import sys, time\nfrom pathlib import Path\n"
        "from reconciler.wiring import App, Choices\n"
        "app = App(Choices(directory=Path()))\n"
        "with app.store.lock(operation='test', who='me'):\n"
        "    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        (sys.executable, "-c", holder),
        cwd=applied.path,
        env=applied.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        done = applied.here("apply", "--lock-timeout", "1s", code=75)
        assert "test" in done.err
        assert "reconcile state unlock" in applied.here("state", "list").out
        process.stdin.close()


def test_without_any_key_nothing_is_tested_and_nothing_recorded(binance, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")

    done = binance.here("apply", code=1)

    assert "no age key is at hand" in done.err
    assert "spot" in done.err
    assert "keys.txt: does not exist" in done.err
    assert binance.report["exit_code"] == 1
    assert binance.report["connections"] == []


def test_without_any_key_what_needs_none_goes_on(binance, monkeypatch):
    binance.new("public")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")

    done = binance.here("apply", code=1)

    assert "no_key" in done.out

    rows = binance.here("list", "--format", "json").json["connections"]
    assert {row["name"]: row["sync"] for row in rows} == {
        "public": "in-sync",
        "spot": "pending",
    }


def test_a_test_without_any_key_breaks_no_health(applied, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")

    for what in ("spot", "connections.d/spot.yaml"):
        done = applied.here("test", what, code=1)
        assert "no age key is at hand" in done.err

    applied.here("status", "--exit-code")


def test_the_wrong_key_fails_the_run_and_says_who_can_open_it(binance, monkeypatch):
    binance.here("keygen", "-o", "other.agekey")
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", "other.agekey")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")

    done = binance.here("apply", code=1)

    assert "no_key: no age key at hand opens the credentials" in done.out
    assert "Set SOPS_AGE_KEY_FILE" in done.out
    listed = binance.here("list", "--format", "json").json["connections"]
    assert [row["sync"] for row in listed] == ["pending"]


def test_after_a_refusal_the_summary_does_not_say_nothing_to_do(applied):
    applied.file("spot").unlink()

    done = applied.here("apply", "--allow-empty", "--no-input", code=4)

    assert done.out.endswith("Apply: refused, nothing was done; 1 healthy.\n")
    assert applied.here("report").out == done.out


def test_a_pattern_that_matches_nothing_is_no_success(applied):
    for command in (("plan",), ("apply",)):
        done = applied.here(*command, "--target", "spto", code=1)
        assert "--target spto leaves none of 1 connection" in done.err

    applied.here("plan", "--target", "sp*")


def test_apply_shows_the_plan_without_the_fields_of_new_connections(binance):
    assert "settings.symbols" in binance.here("plan").out

    brief = binance.here("apply")

    assert "+ spot  create" in brief.err
    assert "settings.symbols" not in brief.err


def test_forty_nine_good_files_and_a_broken_one(live):
    for number in range(49):
        live.new(f"public-{number}")
    live.file("broken").write_text("type: [")

    done = live.here("apply", code=3)

    assert done.out.count("  applied  ") == 49
    assert "49 applied; 49 healthy; 1 file with errors." in done.out
    assert done.out.count("broken.yaml") == 1


def test_apply_writes_json_and_markdown(binance):
    report = binance.here("apply", "--format", "json").json

    assert report["counts"]["applied"] == 1
    assert binance.here("report", "--format", "json").json == report
    assert "spot" in binance.here("report", "--format", "markdown").out


def test_other_accounts_do_not_matter(live):
    account = sandbox_account("kucoin")
    live.new(
        "alts",
        provider="kucoin",
        api_key=account.api_key,
        api_secret=account.api_secret,
        api_passphrase=account.api_passphrase,
    )

    live.here("apply", "--parallelism", "1")
