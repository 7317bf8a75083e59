"""SIGINT and SIGTERM: tests end, the report is written, the lock is released."""

from __future__ import annotations

import signal
import time

import pytest

from reconciler.sandbox import sandbox_account

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143}
PATIENCE_S = 40


@pytest.fixture
def fleet(live):
    """Connections of three providers that were never applied."""
    for provider in ("binance", "kraken"):
        account = sandbox_account(provider)
        live.new(
            provider,
            provider=provider,
            api_key=account.api_key,
            api_secret=account.api_secret,
        )
    live.new("public")
    return live


def wait_until(condition):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), SIGNALS.items())
def test_an_apply_ends_well(fleet, sandbox, number, code):
    sandbox.set_fault("kraken", "timeout")

    process = fleet.start("apply")
    wait_until(lambda: any("kraken" in r.host for r in sandbox.requests))
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == code, out + err
    assert fleet.report["exit_code"] == code
    assert "Traceback" not in err
    assert "The lock is free." in fleet.here("state", "list").out


def test_the_next_run_carries_on(fleet, sandbox):
    sandbox.set_fault("kraken", "timeout")
    process = fleet.start("apply")
    wait_until(lambda: any("kraken" in r.host for r in sandbox.requests))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    sandbox.clear_faults()

    fleet.here("apply", "--retry")

    assert fleet.here("plan", "--detailed-exitcode").code == 0


def test_a_second_signal_ends_it_now(fleet, sandbox):
    sandbox.set_fault("kraken", "timeout")
    process = fleet.start("apply")
    wait_until(lambda: any("kraken" in r.host for r in sandbox.requests))
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130
    assert time.monotonic() - started < 4
    assert fleet.report["exit_code"] == 130
    assert "Traceback" not in err
    assert "The lock is free." in fleet.here("state", "list").out


def test_waiting_for_the_lock_can_be_stopped(fleet, sandbox):
    sandbox.set_fault("kraken", "timeout")
    first = fleet.start("apply")
    wait_until(lambda: any("kraken" in r.host for r in sandbox.requests))
    second = fleet.start("apply", "--lock-timeout", "60s")
    time.sleep(1.5)

    second.send_signal(signal.SIGINT)
    _, err = second.communicate(timeout=PATIENCE_S)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=PATIENCE_S)

    assert second.returncode == 130
    assert "Stopped by SIGINT" in err


def test_a_killed_run_is_simply_run_again(fleet, sandbox):
    sandbox.set_fault("kraken", "timeout")
    process = fleet.start("apply")
    wait_until(lambda: any("kraken" in r.host for r in sandbox.requests))
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    sandbox.clear_faults()
    lock = fleet.here("state", "list", "--format", "json").json["lock"]

    if lock:
        fleet.here("state", "unlock", lock["id"])
    fleet.here("apply", "--retry")

    assert fleet.here("list", "--format", "json").json["counts"]["healthy"] == 3


def test_the_sandbox_command_serves_until_a_signal(repo):
    process = repo.start("sandbox", "--dir", "box")
    line = process.stdout.readline()
    file = line.strip().partition("RECONCILE_SANDBOX=")[2]
    keys = repo.here("sandbox", "accounts", "binance").out.splitlines()
    repo.here("--sandbox", file, "sandbox", "fault", "binance", "slow", "seconds=2")
    repo.here("--sandbox", file, "sandbox", "fault", "*", "slow", "account=reader")
    one = repo.here("--sandbox", file, "sandbox", "clear", "binance")
    every = repo.here("--sandbox", file, "sandbox", "clear")
    repo.here("--sandbox", file, "sandbox", "fault", "binance", "nonsense", code=64)
    repo.here("--sandbox", file, "sandbox", "fault", "binance", "slow", "x", code=64)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    assert keys[0] == "binance reader  may read"
    assert keys[1].split() == ["api_key", sandbox_account("binance").api_key]
    assert "Still set for every provider: slow" in one.err
    assert "Still set" not in every.err
    assert not (repo.path / "box/sandbox.json").exists()
