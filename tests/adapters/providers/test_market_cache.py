"""Markets remembered between runs: cheaper, and never another result."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.adapters.providers.ccxt_crypto.hub import Place, hub_of
from reconciler.adapters.providers.ccxt_crypto.market_cache import MAX_FILES
from reconciler.adapters.providers.ccxt_crypto.session import open_session
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.connection import Connection
from reconciler.core.secret import Secret
from reconciler.core.verdict import ProbeName
from reconciler.sandbox import Fault, sandbox_account

TEN = ("binance", "bingx", "bitget", "bybit", "coinbase", "gate", "kraken", "kucoin",
       "mexc", "okx")  # fmt: skip
VOLATILE = (
    "last",
    "origin",
    "session",
    "asyncio_loop",
    "throttler",
    "on_rest_response",
)
FRESH, REMEMBERED = False, True


class At:
    def __init__(self, later=timedelta()):
        self.later = later

    def now(self):
        return datetime.now(UTC) + self.later


def without_info(value):
    """Leave out what came as it is from the exchange, today's prices included."""
    if isinstance(value, dict):
        return {k: without_info(v) for k, v in value.items() if k != "info"}
    return [without_info(v) for v in value] if isinstance(value, list) else value


@asynccontextmanager
async def network_of(sandbox, cache, **options):
    async with open_network(sandbox.file, cache=cache, **options) as network:
        yield network


def loaded(sandbox, cache, exchange="binance", **options):
    """Return what a template holds, and whether it was remembered."""

    async def run():
        async with network_of(sandbox, cache, **options) as network:
            found = await hub_of(network).load(Place(exchange=exchange))
            held = {
                name: without_info(value)
                for name, value in vars(found.template).items()
                if not name.startswith(VOLATILE)
            }
            return held, found.remembered

    return asyncio.run(run())


def result_of(sandbox, cache, symbol="BTC/USDT", exchange="binance"):
    account = sandbox_account(exchange, "reader")
    names = ("api_key", "api_secret")
    connection = Connection(
        name="one",
        type="ccxt_crypto",
        provider=exchange,
        credential_names=names,
        symbols=(symbol,),
        timeframes=("1h",),
    )
    credentials = {each: Secret(getattr(account, each)) for each in names}

    async def run():
        async with (
            network_of(sandbox, cache) as network,
            open_session(connection, credentials, network) as session,
        ):
            return await session.test()

    return asyncio.run(run())


def told(verdict):
    """Return what a verdict says, without times."""
    return [(p.name, p.status, p.diagnosis) for p in verdict.probes], verdict.passed


def file_in(cache):
    (found,) = (cache / "markets").iterdir()
    return found


def rewrite(path, change):
    """Change a file's content, and make its checksum right again."""
    content = json.loads(path.read_bytes().partition(b"\n")[2])
    change(content)
    body = json.dumps(content).encode()
    path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


@pytest.mark.parametrize("exchange", TEN)
def test_an_exchange_with_remembered_markets_is_as_if_they_were_loaded(
    sandbox, tmp_path, exchange
):
    fresh, first = loaded(sandbox, tmp_path, exchange)
    again, second = loaded(sandbox, tmp_path, exchange)

    assert first is FRESH
    assert second is REMEMBERED
    assert again.keys() == fresh.keys()
    for name, value in fresh.items():
        if isinstance(value, str | int | float | dict | list | None):
            assert again[name] == value, name


def test_with_remembered_markets_the_exchange_is_asked_for_its_time(sandbox, tmp_path):
    result_of(sandbox, tmp_path)
    sandbox.reset_requests()

    verdict = result_of(sandbox, tmp_path)

    paths = [one.path for one in sandbox.requests]
    public = next(p for p in verdict.probes if p.name is ProbeName.PUBLIC)
    assert verdict.passed
    assert "/api/v3/time" in paths
    assert "/api/v3/exchangeInfo" not in paths
    assert public.latency_ms
    assert "of an earlier run" in public.detail


def test_only_we_may_read_what_is_remembered(sandbox, tmp_path):
    loaded(sandbox, tmp_path)

    assert file_in(tmp_path).stat().st_mode & 0o777 == 0o600
    assert "-loopback-" in file_in(tmp_path).name


def spoil_text(path):
    path.write_bytes(path.read_bytes().replace(b"BTCUSDT", b"ETHUSDT"))


def spoil_cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def spoil_mode(path):
    path.chmod(0o644)


def spoil_link(path):
    real = path.with_suffix(".real")
    path.rename(real)
    path.symlink_to(real)


def spoil_shape(path):
    rewrite(path, lambda content: content.update(markets=[{"no": "symbol"}]))


def spoil_nothing_in_it(path):
    rewrite(path, lambda content: content.update(markets=[]))


def spoil_future(path):
    rewrite(path, lambda content: content.update(saved_at=9e12))


def spoil_folder(path):
    path.unlink()
    path.mkdir()


SPOILERS = [
    spoil_text, spoil_cut, spoil_mode, spoil_link, spoil_shape, spoil_nothing_in_it,
    spoil_future, spoil_folder,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILERS)
def test_what_is_odd_in_any_way_is_as_if_it_were_not_there(sandbox, tmp_path, spoil):
    expected = result_of(sandbox, tmp_path)
    spoil(file_in(tmp_path))

    _, remembered = loaded(sandbox, tmp_path)
    verdict = result_of(sandbox, tmp_path)

    assert remembered is FRESH
    assert told(verdict) == told(expected)


def test_after_six_hours_markets_are_loaded_anew(sandbox, tmp_path):
    loaded(sandbox, tmp_path)

    _, soon = loaded(sandbox, tmp_path, clock=At(timedelta(hours=5.9)))
    _, late = loaded(sandbox, tmp_path, clock=At(timedelta(hours=6.1)))

    assert soon is REMEMBERED
    assert late is FRESH


def drop_bitcoin(content):
    content["markets"] = [m for m in content["markets"] if m["symbol"] != "BTC/USDT"]


def misname_bitcoin(content):
    for market in content["markets"]:
        if market["symbol"] == "BTC/USDT":
            market["id"] = "GONE"


@pytest.mark.parametrize("change", [drop_bitcoin, misname_bitcoin])
def test_wrong_markets_change_no_result(sandbox, tmp_path, change):
    expected = result_of(sandbox, tmp_path)
    rewrite(file_in(tmp_path), change)

    verdict = result_of(sandbox, tmp_path)

    assert verdict.passed
    assert told(verdict) == told(expected)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.MAINTENANCE, Fault.HTML])
def test_an_exchange_that_is_down_is_found_down_all_the_same(sandbox, tmp_path, fault):
    result_of(sandbox, tmp_path)
    sandbox.set_fault("binance", fault)

    verdict = result_of(sandbox, tmp_path)

    assert not verdict.passed
    assert told(verdict) == told(result_of(sandbox, None))


def test_an_unknown_symbol_is_refused_with_the_markets_of_today(sandbox, tmp_path):
    result_of(sandbox, tmp_path)

    verdict = result_of(sandbox, tmp_path, symbol="NO/SUCH")

    assert told(verdict) == told(result_of(sandbox, None, symbol="NO/SUCH"))


def test_only_so_many_are_kept(sandbox, tmp_path):
    folder = tmp_path / "markets"
    folder.mkdir()
    for age in range(MAX_FILES):
        old = folder / f"old-{age}.json"
        old.write_text("{}")
        os.utime(old, (1e9 - age, 1e9 - age))

    loaded(sandbox, tmp_path)

    oldest = folder / f"old-{MAX_FILES - 1}.json"
    assert len(list(folder.iterdir())) == MAX_FILES
    assert not oldest.exists()


def test_without_a_folder_nothing_is_remembered(sandbox):
    loaded(sandbox, None)

    assert loaded(sandbox, None)[1] is FRESH
