"""Up but wrong: another market's candles, and saying that they are right after all."""

from __future__ import annotations

import pytest


def category(repo, name="spot"):
    found = repo.here("status", "--format", "json").json["connections"]
    row = next(one for one in found if one["name"] == name)
    return row["diagnosis"] and row["diagnosis"]["category"]


@pytest.fixture
def swapped(applied, sandbox):
    """A connection that runs, whose exchange now answers with another market."""
    sandbox.set_fault("binance", "other_symbol")
    return applied


def test_another_markets_candles_fail_by_name_and_with_their_fix(swapped):
    done = swapped.here("test", "spot", code=5)

    assert "changed_data: the data is not what it was" in done.out
    assert "BTC/USDT" in done.out
    assert "another unit?" in done.out
    assert "--accept-sample" in done.out
    assert category(swapped) == "changed_data"


def test_a_file_that_does_not_run_yet_is_held_to_nothing(swapped):
    source = swapped.file("spot").read_text()
    swapped.file("twin").write_text(source.replace("name: spot", "name: twin"))

    swapped.here("test", "connections.d/twin.yaml")


def test_what_somebody_accepts_is_the_measure_from_then_on(swapped, sandbox):
    swapped.here("test", "spot", code=5)

    swapped.here("test", "spot", "--accept-sample")
    swapped.here("test", "spot")

    assert category(swapped) is None
    sandbox.clear_faults()
    swapped.here("test", "spot", code=5)
    assert category(swapped) == "changed_data"


@pytest.mark.parametrize("fault", ["bad_key", "rubbish_candles", "no_candles"])
def test_a_test_that_fails_accepts_nothing(swapped, sandbox, fault):
    sandbox.set_fault("binance", fault)
    swapped.here("test", "spot", "--accept-sample", code=5)
    sandbox.clear_faults()

    swapped.here("test", "spot")

    assert category(swapped) is None


def test_applying_again_accepts_nothing(swapped):
    swapped.here("test", "spot", code=5)
    swapped.here("apply", code=None)

    swapped.here("test", "spot", code=5)
    assert category(swapped) == "changed_data"


def test_accepting_is_for_what_was_named(swapped, sandbox):
    source = swapped.file("spot").read_text()
    sandbox.clear_faults()
    swapped.file("twin").write_text(source.replace("name: spot", "name: twin"))
    swapped.here("apply")
    sandbox.set_fault("binance", "other_symbol")

    swapped.here("test", "spot", "--accept-sample")

    swapped.here("test", "spot")
    swapped.here("test", "twin", code=5)
