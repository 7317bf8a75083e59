"""Every command and every class of failure ends with the code of `design.md` §6.

A new command without its rows fails here.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from types import SimpleNamespace

import click
import pytest

from reconciler.cli.manual import every_command
from reconciler.core.outcome import ExitCode
from reconciler.sandbox import sandbox_account
from tests.cli import failure_classes as when
from tests.cli.cli_runner import Repo

PATIENCE_S = 40

COMMANDS = {
    " ".join(path[1:])
    for path, command in every_command()
    if not isinstance(command, click.Group) or command.invoke_without_command
} - {""}

# command: [(exit code, situation, what follows the command's words)]
TABLE = {
    "init": [
        (0, when.nothing, "elsewhere"),
        (1, when.nothing, ""),
        (64, when.nothing, "--ci none --ci github"),
    ],
    "keygen": [(0, when.nothing, "-o my.agekey"), (1, when.nothing, "")],
    "new": [
        (0, when.nothing, "more --type ccxt_crypto --provider kraken --public"),
        (1, when.nothing, "spot --type ccxt_crypto --provider kraken --public"),
    ],
    "import panel": [
        (0, when.a_dump, "dump.sql"),
        (1, when.a_dump_without_its_key, "dump.sql"),
        (75, when.a_dump, "dump.sql --adopt"),
    ],
    "import json": [(0, when.plain_json, "body.json"), (1, when.nothing, "body.json")],
    "import freqtrade": [
        (0, when.a_freqtrade, "freqtrade.json"),
        (1, when.nothing, "freqtrade.json"),
    ],
    "import hummingbot": [
        (0, when.a_hummingbot, "mexc.yml"),
        (1, when.nothing, "mexc.yml"),
    ],
    "encrypt": [
        (0, when.plain_text, "plain"),
        (1, when.nothing, "nowhere.yaml"),
        (3, when.no_yaml, "spot"),
    ],
    "decrypt": [(0, when.nothing, "spot"), (1, when.no_key, "spot")],
    "edit": [(0, when.an_editor, "spot"), (1, when.an_editor_and_no_key, "spot")],
    "set": [
        (0, when.nothing, "spot api_secret --stdin"),
        (1, when.no_key, "spot api_secret --stdin"),
    ],
    "unset": [
        (0, when.nothing, "spot password"),
        (1, when.no_key, "spot api_secret"),
    ],
    "rotate": [(0, when.nothing, "spot"), (1, when.no_key, "spot")],
    "updatekeys": [
        (0, when.other_recipients, "spot"),
        (1, when.other_recipients_and_no_key, "spot"),
        (6, when.other_recipients, "--dry-run --exit-code"),
    ],
    "secrets status": [
        (0, when.nothing, ""),
        (1, when.nothing, "nowhere"),
        (6, when.other_recipients, "--exit-code"),
    ],
    "validate": [
        (0, when.nothing, ""),
        (1, when.no_folder, ""),
        (3, when.an_invalid_file, ""),
        (3, when.plain_text, ""),
        (3, when.an_invalid_setting, ""),
    ],
    "fmt": [
        (0, when.crooked_layout, ""),
        (1, when.nothing, "nowhere.yaml"),
        (3, when.no_yaml, ""),
        (3, when.crooked_layout, "--check"),
    ],
    "policy codeowners": [
        (0, when.a_policy, ""),
        (1, when.nothing, ""),
        (3, when.a_policy, "--check .gitignore"),
    ],
    "explain": [(0, when.nothing, "R311"), (64, when.nothing, "R999")],
    "plan": [
        (0, when.a_change, ""),
        (0, when.a_change_and_no_key, ""),
        (1, when.a_damaged_store, ""),
        (2, when.a_change, "--detailed-exitcode"),
        (3, when.an_invalid_file, ""),
        (3, when.an_invalid_setting, ""),
        (4, when.a_lost_file, ""),
        (4, when.a_change_in_a_freeze, ""),
        (64, when.nothing, "--base main --out plan.json"),
    ],
    "apply": [
        (0, when.a_change, ""),
        (1, when.a_change_and_no_key, ""),
        (1, when.a_damaged_store, ""),
        (3, when.an_invalid_file, ""),
        (3, when.an_invalid_setting, ""),
        (4, when.a_lost_file, "--yes"),
        (4, when.a_change, "--expect 0000000000000000"),
        (4, when.a_change_in_a_freeze, ""),
        (0, when.a_change_in_a_freeze, "--during-freeze always"),
        (5, when.a_rejected_change, ""),
        (75, when.a_change, "--lock-timeout 0s"),
        (130, when.a_silent_provider, ""),
        (143, when.a_silent_provider, ""),
    ],
    "test": [
        (0, when.nothing, "spot"),
        (1, when.no_key, "spot"),
        (1, when.a_damaged_store, "spot"),
        (3, when.an_invalid_file, "broken"),
        (5, when.a_failing_provider, "--all"),
        (4, when.a_suspension, "spot"),
        (64, when.nothing, ""),
        (64, when.nothing, "spot --here --wait"),
        (1, when.nothing, "spot --wait"),
        (130, when.a_silent_provider, "spot"),
        (143, when.a_silent_provider, "--all"),
    ],
    "suspend": [
        (0, when.nothing, "spot --reason incident"),
        (1, when.nothing, "nowhere --reason incident"),
        (1, when.a_damaged_store, "spot --reason incident"),
        (64, when.nothing, "spot"),
    ],
    "resume": [
        (0, when.a_suspension, "spot"),
        (1, when.nothing, "spot"),
        (5, when.a_suspension_and_a_failing_provider, "spot"),
        (64, when.nothing, ""),
    ],
    "daemon": [
        (0, when.nothing, "--once"),
        (0, when.a_change, "--once"),
        (1, when.a_change_and_no_key, "--once"),
        (1, when.a_damaged_store, "--once"),
        (1, when.no_folder, "--once"),
        (3, when.an_invalid_file, "--once"),
        (3, when.an_invalid_setting, "--once"),
        (3, when.an_invalid_setting, ""),
        (4, when.a_lost_file, "--once --yes"),
        (5, when.a_rejected_change, "--once"),
        (75, when.a_change, "--once"),
        (130, when.a_silent_provider, ""),
        (143, when.a_silent_provider, "--once"),
    ],
    "list": [
        (0, when.nothing, ""),
        (1, when.a_damaged_store, ""),
        (3, when.an_invalid_setting, ""),
    ],
    "status": [
        (0, when.a_failed_connection, ""),
        (1, when.a_damaged_store, ""),
        (3, when.an_invalid_setting, ""),
        (6, when.a_failed_connection, "--exit-code"),
    ],
    "show": [
        (0, when.nothing, "spot"),
        (1, when.nothing, "nowhere"),
        (3, when.an_invalid_setting, "spot"),
    ],
    "history": [(0, when.nothing, ""), (1, when.a_damaged_store, "")],
    "sample": [
        (0, when.nothing, "spot --limit 1"),
        (1, when.no_key, "spot"),
        (1, when.a_failing_provider, "spot"),
        (3, when.an_invalid_setting, "spot"),
        (64, when.nothing, ""),
        (130, when.a_silent_provider, "spot"),
        (143, when.a_silent_provider, "spot"),
    ],
    "report": [
        (0, when.nothing, ""),
        (1, when.no_report, ""),
        (3, when.an_invalid_setting, ""),
    ],
    "alerts list": [
        (0, when.a_channel, ""),
        (1, when.a_damaged_memory_of_alerts, ""),
        (3, when.an_invalid_setting, ""),
    ],
    "alerts test": [
        (0, when.a_channel, "ops"),
        (1, when.a_channel, "nowhere"),
        (1, when.a_channel_without_its_key, ""),
        (3, when.an_invalid_setting, ""),
    ],
    "providers list": [(0, when.nothing, ""), (1, when.nothing, "nowhere")],
    "providers diagnose": [
        (0, when.nothing, "binance --status 401"),
        (1, when.nothing, "binance --status 401 --body nowhere.json"),
    ],
    "doctor": [
        (0, when.nothing, ""),
        (1, when.no_key, ""),
        (1, when.a_damaged_store, ""),
        (1, when.an_invalid_setting, ""),
    ],
    "schema": [(0, when.nothing, ""), (64, when.nothing, "nothing")],
    "state list": [(0, when.nothing, ""), (1, when.a_damaged_store, "")],
    "state show": [(0, when.nothing, "spot"), (1, when.nothing, "nowhere")],
    "state pull": [(0, when.nothing, ""), (1, when.a_damaged_store, "")],
    "state backup": [
        (0, when.nothing, "-o backup.json"),
        (1, when.a_backup, "-o backup.json"),
    ],
    "state restore": [
        (0, when.a_backup, "backup.json --yes"),
        (1, when.nothing, "nowhere.json --yes"),
        (4, when.a_backup, "backup.json"),
        (75, when.a_backup, "backup.json --yes"),
    ],
    "state rm": [
        (0, when.nothing, "spot --yes"),
        (1, when.nothing, "nowhere --yes"),
        (4, when.nothing, "spot"),
        (75, when.nothing, "spot --yes"),
    ],
    "state unlock": [(1, when.nothing, "not-the-id")],
    "tokens new": [
        (0, when.nothing, "grafana --principal admin --role reader"),
        (1, when.a_token, "taken --principal admin"),
        (3, when.an_invalid_setting, "grafana --principal admin"),
        (64, when.nothing, "grafana"),
        (64, when.nothing, "no/name --principal admin"),
    ],
    "sandbox": [(1, when.nothing, "--dir reconcile.yaml/box")],
    "sandbox fault": [
        (0, when.nothing, "kraken timeout"),
        (1, when.no_sandbox, "kraken timeout"),
        (64, when.nothing, "kraken nonsense"),
    ],
    "sandbox clear": [(0, when.nothing, ""), (1, when.no_sandbox, "")],
    "sandbox accounts": [(0, when.nothing, "binance"), (1, when.nothing, "nowhere")],
    "merge-driver": [
        (0, when.three_versions, "base.yaml ours.yaml theirs.yaml"),
        (0, when.a_clone, "--install"),
        (1, when.a_conflict, "base.yaml ours.yaml theirs.yaml"),
        (1, when.nothing, "--install"),
        (64, when.nothing, "base.yaml"),
    ],
    "textconv": [
        (0, when.nothing, "connections.d/spot.yaml"),
        (1, when.nothing, "nowhere.yaml"),
    ],
}
CANNOT_FAIL = {"explain", "schema"}
"""They read nothing that could be away."""

ROWS = [
    pytest.param(command, *row, id=f"{command}-{row[0]}-{row[1].__name__}-{row[2]}")
    for command, rows in TABLE.items()
    for row in rows
]
SIGNALS = {130: signal.SIGINT, 143: signal.SIGTERM}


@pytest.fixture(scope="session")
def _template(tmp_path_factory, _living_sandbox):
    """A repository whose one connection runs, and the home of whoever made it."""
    root = tmp_path_factory.mktemp("template")
    (root / "home").mkdir()
    (root / "repo").mkdir()
    made = Repo(root / "repo", None, None, environment(root, _living_sandbox))
    account = sandbox_account("binance")
    made.run("keygen")
    made.run("init", "--workspace", "test", "--ci", "none")
    keys = f'{{"api_key": "{account.api_key}", "api_secret": "{account.api_secret}"}}'
    words = ("--type", "ccxt_crypto", "--provider", "binance", "--credentials-stdin")
    made.run("new", "spot", *words, stdin=keys)
    made.run("apply")
    return root


def environment(root, sandbox):
    return {
        "HOME": str(root / "home"),
        "XDG_CONFIG_HOME": str(root / "home/config"),
        "NO_COLOR": "1",
        "RECONCILE_SANDBOX": str(sandbox.file),
    }


@pytest.fixture
def world(_template, tmp_path, monkeypatch, capfd, sandbox):
    """A copy of it, and its commands run in this process."""
    for name in list(os.environ):
        if name.startswith(("RECONCILE_", "SOPS_", "APP_")):
            monkeypatch.delenv(name)
    shutil.copytree(_template, tmp_path / "copy")
    env = environment(tmp_path / "copy", sandbox)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path / "copy/repo")
    return Repo(tmp_path / "copy/repo", monkeypatch, capfd, env)


def test_every_command_has_its_rows():
    assert TABLE.keys() == COMMANDS


def test_every_code_has_a_row():
    assert {row[0] for rows in TABLE.values() for row in rows} == set(ExitCode)


@pytest.mark.parametrize("command", TABLE)
def test_every_command_succeeds_and_fails_in_the_table(command):
    codes = {row[0] for row in TABLE[command]}

    assert 0 in codes or command in {"state unlock", "sandbox"}  # see below
    assert 1 in codes or command in CANNOT_FAIL


@pytest.mark.parametrize(("command", "code", "situation", "arguments"), ROWS)
def test_the_code_is_that_of_the_table(
    world, sandbox, command, code, situation, arguments
):
    situation(world, sandbox)
    words = (*command.split(), *arguments.split())

    if code in SIGNALS:
        done = stopped(world, sandbox, words, SIGNALS[code])
    else:
        with when.held_lock(world) if code == 75 else when.free_lock(world):
            done = world.here(*words, stdin="new-value", code=None)

    assert done.code == code, done
    assert "a bug in reconcile" not in done.err
    assert "Traceback" not in done.err
    assert code == 0 or done.err or done.out


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_wrong_usage_is_sixty_four(world, command):
    done = world.here(*command.split(), "--no-such-option", code=64)

    assert "--no-such-option" in done.err


def stopped(world, sandbox, words, number):
    """Run a command, signal it while a provider is silent, and look at the lock."""
    sandbox.reset_requests()
    process = world.start(*words)
    wait_until(lambda: any("binance" in one.host for one in sandbox.requests))
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert "The lock is free." in world.here("state", "list").out
    return SimpleNamespace(code=process.returncode, out=out, err=err)


def wait_until(condition):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize(("code", "number"), SIGNALS.items())
def test_an_editor_that_is_left_alone_can_be_stopped(world, sandbox, code, number):
    when.a_slow_editor(world, sandbox)
    before = world.read("connections.d/spot.yaml")

    process = world.start("edit", "spot")
    wait_until((world.path.parent / "editing").exists)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE_S)

    assert process.returncode == code
    assert world.read("connections.d/spot.yaml") == before


def test_the_holders_own_id_unlocks(world):
    with when.held_lock(world) as held:
        world.here("state", "unlock", held.id)

    assert "The lock is free." in world.here("state", "list").out


def test_what_a_killed_run_left_holds_nobody_up(world, sandbox):
    when.a_silent_provider(world, sandbox)
    process = world.start("apply")
    wait_until(lambda: any("binance" in one.host for one in sandbox.requests))
    lock = world.here("state", "list", "--format", "json").json["lock"]
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    sandbox.clear_faults()

    world.here("apply", "--lock-timeout", "0s")

    assert lock["operation"] == "apply"
    assert lock["expires_at"] > lock["created_at"]
