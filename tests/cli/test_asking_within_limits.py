"""`sample` and programs obey the limits of tests: bans, Retry-After, one queue."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack

import pytest

from reconciler import open_connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.wiring import Choices

CANDLES = ("BTC/USDT", "1h")


@pytest.fixture
def two(applied):
    """Two connections at one exchange, applied: `spot` with a key, `open` without."""
    applied.here(
        *("new", "open", "--type", "ccxt_crypto", "--provider", "binance"),
        *("--public", "--symbol", "BTC/USDT", "--timeframe", "1h"),
    )
    applied.here("apply")
    return applied


def asking(work):
    """Run a program that opens `spot` and `open`, and return what its work returns."""

    async def program():
        async with AsyncExitStack() as stack:
            opened = [
                await stack.enter_async_context(
                    open_connection(name, choices=Choices.of_environment())
                )
                for name in ("spot", "open")
            ]
            return await work(*opened)

    return asyncio.run(program())


async def category_of(question):
    with pytest.raises(ProviderError) as caught:
        await question
    return caught.value.diagnosis.category


def test_a_sample_waits_for_the_end_of_a_ban_that_a_test_met(two, sandbox):
    sandbox.set_fault("binance", "banned", seconds=600)
    two.here("test", "spot", code=5)
    sandbox.clear_faults()
    sandbox.reset_requests()

    for name in ("spot", "open"):
        said = two.here("sample", name, code=1).err
        assert "as 'spot' was told" in said

    assert sandbox.requests == ()


def test_a_ban_at_one_exchange_holds_nobody_up_elsewhere(two, sandbox):
    two.here(
        *("new", "other", "--type", "ccxt_crypto", "--provider", "kraken"),
        *("--public", "--symbol", "BTC/USD", "--timeframe", "1h"),
    )
    two.here("apply")
    sandbox.set_fault("binance", "banned", seconds=600)
    two.here("test", "spot", code=5)

    two.here("sample", "other", "--limit", "3")


def test_a_test_that_passes_ends_the_wait(two, sandbox):
    sandbox.set_fault("binance", "banned", seconds=600)
    two.here("test", "spot", code=5)
    sandbox.clear_faults()
    two.here("test", "spot")

    two.here("sample", "spot", "--limit", "3")


def test_a_program_is_held_to_what_one_of_its_connections_was_told(two, sandbox):
    async def work(spot, public):
        await public.candles(*CANDLES, limit=3)
        sandbox.set_fault("binance", "banned", seconds=600)
        told = await category_of(spot.candles(*CANDLES, limit=3))
        sandbox.clear_faults()
        sandbox.reset_requests()
        return told, await category_of(public.candles(*CANDLES, limit=3))

    assert asking(work) == (Category.IP_BANNED, Category.POSTPONED)
    assert sandbox.requests == ()


def test_what_a_program_was_told_outlives_its_connections(two, sandbox):
    async def banned(spot, _public):
        sandbox.set_fault("binance", "banned", seconds=600)
        return await category_of(spot.candles(*CANDLES, limit=3))

    async def later(_spot, public):
        return await category_of(public.candles(*CANDLES, limit=3))

    assert asking(banned) is Category.IP_BANNED
    sandbox.clear_faults()

    assert asking(later) is Category.POSTPONED


def test_connections_of_a_program_load_an_exchanges_markets_once(two, sandbox):
    shutil.rmtree(two.path / ".reconcile/cache")
    sandbox.reset_requests()

    async def work(spot, public):
        await asyncio.gather(
            spot.candles(*CANDLES, limit=3), public.candles(*CANDLES, limit=3)
        )

    asking(work)

    paths = [one.path for one in sandbox.requests]
    assert paths.count("/api/v3/exchangeInfo") == 1
    assert paths.count("/api/v3/klines") == 2


def test_a_refused_key_is_not_tried_by_a_programs_next_question(applied, sandbox):
    source = applied.file("spot").read_text()
    applied.file("open").write_text(source.replace("name: spot", "name: open"))
    applied.here("apply")
    sandbox.set_fault("binance", "bad_key")

    async def work(spot, other):
        return await category_of(spot.account()), await category_of(other.account())

    assert asking(work) == (Category.INVALID_CREDENTIALS, Category.KEY_REFUSED)
