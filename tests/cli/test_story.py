"""The main job from an empty folder to a refused plan, as whole processes."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox import sandbox_account


@pytest.fixture
def told(bare, sandbox):
    """An empty folder, and a sandbox named in the environment."""
    bare.env["RECONCILE_SANDBOX"] = str(sandbox.file)
    return bare


def credentials_of(provider):
    account = sandbox_account(provider)
    return json.dumps(
        {"api_key": account.api_key, "api_secret": account.api_secret},
    )


def test_from_an_empty_folder_to_a_refused_plan(told, sandbox):
    public = told.run("keygen").out.strip()
    told.run("init", "--workspace", "story", "--age-recipient", public)
    for name, provider in (("spot", "binance"), ("treasury", "kraken")):
        told.run(
            *("new", name, "--type", "ccxt_crypto", "--provider", provider),
            *("--timeframe", "1h", "--protected", "--credentials-stdin"),
            stdin=credentials_of(provider),
        )
    assert told.run("validate").out == "No problems.\n"
    assert "2 to create" in told.run("plan").out

    applied = told.run("apply")
    assert "SANDBOX" in applied.err
    assert "2 applied" in applied.out
    sandbox.reset_requests()
    assert "nothing to do" in told.run("apply").out
    assert sandbox.requests == ()

    assert told.run("list").out.count("healthy") == 2
    assert "2 healthy" in told.run("status", "--exit-code").out
    assert "(sealed)" in told.run("show", "spot").out
    assert told.run("history").out.count("create") == 2
    assert "3 candles" in told.run("sample", "spot", "--limit", "3").out

    good = told.file("spot").read_text()
    lines = good.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "  api_secret:" in line)
    lines[at] = "  api_secret: not-the-secret\n"
    told.file("spot").write_text("".join(lines))
    told.run("validate", code=3)
    told.run("encrypt", "connections.d/spot.yaml")
    assert "invalid_credentials" in told.run("apply", code=5).out
    (spot, _) = told.report["connections"]
    assert (spot["health"], spot["sync"]) == ("healthy", "rejected")
    told.run("sample", "spot", "--limit", "1")
    told.file("spot").write_text(good)
    told.run("apply")

    told.file("treasury").unlink()
    assert "--allow-protected treasury" in told.run("plan", code=4).out
    told.run("apply", "--yes", code=4)
    assert told.run("report", "--format", "json").json["exit_code"] == 4
