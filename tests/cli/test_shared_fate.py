"""What meets many at once: our own network, a key of many, a limit on our address."""

from __future__ import annotations

import pytest

EXCHANGES = ("kraken", "binance", "okx", "bybit")


@pytest.fixture
def four(live):
    """Four public connections at four exchanges, applied."""
    for exchange in EXCHANGES:
        symbol = "BTC/USD" if exchange == "kraken" else "BTC/USDT"
        live.here(
            *("new", exchange, "--type", "ccxt_crypto", "--provider", exchange),
            *("--public", "--symbol", symbol, "--timeframe", "1h"),
        )
    live.here("apply")
    return live


def rows(repo):
    found = repo.here("status", "--format", "json").json["connections"]
    return {row["name"]: row for row in found}


def health(repo):
    return {row["health"] for row in rows(repo).values()}


def test_a_network_that_is_cut_is_nobodys_failure(four, sandbox):
    for exchange in EXCHANGES:
        sandbox.set_fault(exchange, "refused")

    four.here("test", "--all", code=1)

    assert health(four) == {"unknown"}
    row = rows(four)["okx"]
    assert row["unable"]["diagnosis"]["category"] == "own_network"
    assert row["failures"] == 0
    shown = four.here("status").out
    assert "not tested since" in shown
    assert "this machine has no network" in shown


def test_a_network_that_is_back_leaves_no_trace_on_the_axes(four, sandbox):
    for exchange in EXCHANGES:
        sandbox.set_fault(exchange, "refused")
    four.here("test", "--all", code=1)
    sandbox.clear_faults()

    four.here("test", "--all")

    assert health(four) == {"healthy"}
    row = rows(four)["okx"]
    assert (row["unable"], row["failures"], row["failing_since"]) == (None, 0, None)


def test_one_exchange_that_is_gone_is_its_own_failure(four, sandbox):
    sandbox.set_fault("okx", "refused")

    four.here("test", "--all", code=5)

    row = rows(four)["okx"]
    assert (row["health"], row["failures"]) == ("degraded", 1)
    assert row["diagnosis"]["category"] == "connection_refused"


def test_a_bad_key_in_ten_files_is_asked_about_once(applied, sandbox):
    source = applied.file("spot").read_text()
    for number in range(9):
        name = f"twin{number}"
        applied.file(name).write_text(source.replace("name: spot", f"name: {name}"))
    applied.here("apply")
    sandbox.set_fault("binance", "bad_key")

    applied.here("test", "--all", code=1)

    found = rows(applied).values()
    assert sorted(row["health"] for row in found) == ["error"] + ["unknown"] * 9
    frozen = [row["unable"]["diagnosis"]["category"] for row in found if row["unable"]]
    assert frozen == ["key_refused"] * 9


def test_a_ban_of_one_is_waited_for_by_all_at_the_exchange(applied, sandbox):
    for number in range(5):
        applied.here(
            *("new", f"pub{number}", "--type", "ccxt_crypto", "--provider"),
            *("binance", "--public", "--symbol", "BTC/USDT", "--timeframe", "1h"),
        )
    applied.here("apply")
    sandbox.set_fault("binance", "banned")

    applied.here("test", "--all", "--parallelism", "1", code=1)

    found = rows(applied).values()
    postponed = [row for row in found if row["unable"]]
    assert len(postponed) == 5
    assert all(row["unable"]["until"] for row in postponed)
    assert [row["failures"] for row in postponed] == [0] * 5
