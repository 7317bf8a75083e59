"""`test --all` on loopback, paired with bare aiohttp and HMAC doing the same.

Run `python benchmarks/test_all.py [CONNECTIONS ...]`. The sandbox plays ten exchanges
in this process; those of Kraken are public connections, since its nonces let one
account do one thing at a time. The requests of one `reconcile test --all`, which asks
about each key too, are recorded; the floor sends as many of each, signed by hand, from
as many workers as tests run side by side. Both are whole processes and take turns; the
sandbox's own work weighs on both alike. Both run once before, so that their modules are
compiled, as those of an installed package are.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from signing import sign

from reconciler.sandbox import Sandbox, SandboxInfo, running_sandbox, sandbox_account

PAIRS = 5
PARALLELISM = 32
"""The default of `reconcile.yaml`."""
LIMIT_S = 240
EXCHANGES = ("binance", "bingx", "bitget", "bybit", "coinbase", "gate", "kraken",
             "kucoin", "mexc", "okx")  # fmt: skip
PUBLIC = ("kraken",)
HOUR_S = 3600
QUERIES = {
    ("binance", "/api/v3/klines"): "symbol=BTCUSDT&interval=1h&limit=20",
    ("bingx", "/openApi/spot/v1/market/kline"): "symbol=BTC-USDT&interval=1h&limit=20",
    ("bitget", "/api/v2/spot/market/candles"): (
        "symbol=BTCUSDT&granularity=1h&limit=20"
    ),
    ("bybit", "/v5/market/instruments-info"): "category=spot",
    ("bybit", "/v5/market/kline"): "category=spot&symbol=BTCUSDT&interval=60&limit=20",
    ("coinbase", "/api/v3/brokerage/market/products/BTC-USDT/candles"): (
        "granularity=ONE_HOUR&start={past}&end={now}"
    ),
    ("gate", "/api/v4/spot/candlesticks"): (
        "currency_pair=BTC_USDT&interval=1h&limit=20"
    ),
    ("kraken", "/0/public/OHLC"): "pair=XBTUSDT&interval=60",
    ("kucoin", "/api/v1/market/candles"): (
        "symbol=BTC-USDT&type=1hour&startAt={past}&endAt={now}"
    ),
    ("mexc", "/api/v3/klines"): "symbol=BTCUSDT&interval=60m&limit=20",
    ("okx", "/api/v5/market/candles"): "instId=BTC-USDT&bar=1H&limit=20",
    ("okx", "/api/v5/market/history-candles"): "instId=BTC-USDT&bar=1H&limit=20",
    ("okx", "/api/v5/public/instruments"): "instType=SPOT",
}


def main(*counts: int) -> None:
    for count in counts or (200, 1000):
        with tempfile.TemporaryDirectory(prefix="test-all-") as folder:
            root = Path(folder)
            with running_sandbox(root / "sandbox") as sandbox:
                measure(root, sandbox, count)


def measure(root: Path, sandbox: Sandbox, count: int) -> None:
    environment = prepare(root, sandbox, count)
    ours = (sys.executable, "-m", "reconciler", "-C", str(root))
    timed((*ours, "apply", "--yes"), environment)
    sandbox.reset_requests()
    timed((*ours, "test", "--all"), environment)
    plan = [
        (r.host, r.method, r.path, r.provider, r.authenticated, r.status)
        for r in sandbox.requests
        if r.status
    ]
    (root / "requests.json").write_text(json.dumps(plan))
    floor = (sys.executable, __file__, "--floor", str(root))
    timed(floor, environment)
    pairs = [
        (timed((*ours, "test", "--all"), environment), timed(floor, environment))
        for _ in range(PAIRS)
    ]
    tests_s = median(test.clock_s for test, _ in pairs)
    bare_s = median(bare.clock_s for _, bare in pairs)
    ratios = [bare.clock_s / test.clock_s for test, bare in pairs]
    work = median(bare.processor_s / test.processor_s for test, bare in pairs)
    print(
        f"{count} connections, {len(plan)} requests: test --all {tests_s:.1f} s "
        f"({count / tests_s:.0f} tests/s), bare client {bare_s:.1f} s; "
        f"{median(ratios):.0%} of its speed ({min(ratios):.0%} to {max(ratios):.0%}), "
        f"by the processor {work:.0%}; target 60%"
    )


def prepare(root: Path, sandbox: Sandbox, count: int) -> dict[str, str]:
    """Write sealed connections and the key that opens them."""
    from reconciler.adapters.sops import Recipients, seal
    from reconciler.adapters.sops.age import key_file

    key = root / "age.txt"
    recipient = key_file.make(key, now=datetime.now(UTC))
    folder = root / "connections.d"
    folder.mkdir()
    for index in range(count):
        provider = EXCHANGES[index % len(EXCHANGES)]
        name = f"{provider}-{index:04}"
        path = folder / f"{name}.yaml"
        text = document(name, provider)
        if provider in PUBLIC:
            path.write_text(text)
            continue
        path.write_text(
            seal(
                text,
                file=str(path),
                recipients=Recipients.of([recipient]),
                now=datetime.now(UTC),
            )
        )
    kept = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPYCACHEPREFIX": str(root / "bytecode"),
        "RECONCILE_SANDBOX": str(sandbox.file),
        "SOPS_AGE_KEY_FILE": str(key),
    }


def document(name: str, provider: str) -> str:
    account = sandbox_account(provider, "reader")
    names = ("api_key", "api_secret", "api_passphrase") * (provider not in PUBLIC)
    secrets = {n: value for n in names if (value := getattr(account, n))}
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in secrets.items())
    return f"""\
version: 1
name: {name}
type: ccxt_crypto
provider: {provider}
{"credentials:" if lines else ""}
{lines}settings:
  symbols: [BTC/USDT]
  timeframes: [1h]
"""


@dataclass(frozen=True, slots=True)
class Took:
    """What one process took; a busy machine moves the second less."""

    clock_s: float
    processor_s: float


def timed(command: tuple[str, ...], environment: dict[str, str]) -> Took:
    started, before = time.perf_counter(), os.times()
    done = subprocess.run(
        command,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    if done.returncode:
        raise SystemExit(f"{command[1:]}: {done.stdout[-600:]}{done.stderr[-600:]}")
    after = os.times()
    return Took(
        clock_s=time.perf_counter() - started,
        processor_s=after.children_user
        - before.children_user
        + after.children_system
        - before.children_system,
    )


async def floor(root: Path) -> None:
    """Send the recorded requests, signed, from as many workers as tests run."""
    import aiohttp

    info = SandboxInfo.load(root / "sandbox" / "sandbox.json")
    waiting = json.loads((root / "requests.json").read_text())
    trust = ssl.create_default_context(cafile=str(info.ca_file))
    strange: list[tuple[str, str, int]] = []

    async def work(session: aiohttp.ClientSession) -> None:
        while waiting:
            host, method, path, provider, signed, status = waiting.pop()
            target, headers = path, {}
            if query := QUERIES.get((provider, path)):
                now = int(time.time())
                target += "?" + query.format(past=now - 20 * HOUR_S, now=now)
            if signed:
                target, headers = sign(provider, host, path)
            url = f"https://127.0.0.1:{info.port}{target}"
            async with session.request(
                method, url, headers={"Host": host, **headers}, server_hostname=host
            ) as answer:
                await answer.read()
                if answer.status != status:
                    strange.append((provider, path, answer.status))

    connector = aiohttp.TCPConnector(ssl=trust, limit=PARALLELISM)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(work(session) for _ in range(PARALLELISM)))
    if strange:
        raise SystemExit(f"the bare client got {strange[:3]}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--floor"]:
        asyncio.run(floor(Path(sys.argv[2])))
    else:
        main(*map(int, sys.argv[1:]))
