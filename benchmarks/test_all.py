"""`test --all` on loopback, paired with bare aiohttp and HMAC doing the same.

Run `python benchmarks/test_all.py [CONNECTIONS ...]`. The sandbox plays Binance, OKX
and KuCoin in this process (not Kraken: its nonces let one account do one thing at a
time). The requests of one `reconcile test --all` are recorded; the floor sends as many
of each, signed by hand, from as many workers as tests run side by side. Both are whole
processes and take turns; the sandbox's own work weighs on both alike.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from statistics import median

from reconciler.sandbox import Sandbox, SandboxInfo, running_sandbox, sandbox_account

PAIRS = 3
PARALLELISM = 32
"""The default of `reconcile.yaml`."""
LIMIT_S = 240
SYMBOLS = {"binance": "BTC/USDT", "okx": "ETH/USDT", "kucoin": "SOL/USDT"}
QUERIES = {
    "/api/v3/exchangeInfo": "",
    "/api/v3/klines": "symbol=BTCUSDT&interval=1h&limit=3",
    "/api/v5/market/candles": "instId=ETH-USDT&bar=1H&limit=3",
    "/api/v5/market/history-candles": "instId=ETH-USDT&bar=1H&limit=3",
    "/api/v5/public/instruments": "instType=SPOT",
    "/api/v1/market/candles": "symbol=SOL-USDT&type=1hour",
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
    plan = [(one.host, one.method, one.path, one.provider, one.authenticated)
            for one in sandbox.requests if one.status]  # fmt: skip
    (root / "requests.json").write_text(json.dumps(plan))
    floor = (sys.executable, __file__, "--floor", str(root))
    pairs = [
        (timed((*ours, "test", "--all"), environment), timed(floor, environment))
        for _ in range(PAIRS)
    ]
    tests_s, bare_s = (median(side) for side in zip(*pairs, strict=True))
    ratio = median(bare / test for test, bare in pairs)
    print(
        f"{count} connections, {len(plan)} requests: test --all {tests_s:.1f} s "
        f"({count / tests_s:.0f} tests/s), bare client {bare_s:.1f} s; "
        f"{ratio:.0%} of its speed, target 60% (of a later issue)"
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
        provider = list(SYMBOLS)[index % len(SYMBOLS)]
        name = f"{provider}-{index:04}"
        path = folder / f"{name}.yaml"
        text = document(name, provider)
        path.write_text(
            seal(
                text,
                file=str(path),
                recipients=Recipients.of([recipient]),
                now=datetime.now(UTC),
            )
        )
    return {
        **os.environ,
        "RECONCILE_SANDBOX": str(sandbox.file),
        "SOPS_AGE_KEY_FILE": str(key),
    }


def document(name: str, provider: str) -> str:
    account = sandbox_account(provider, "reader")
    secrets = {"api_key": account.api_key, "api_secret": account.api_secret}
    if account.api_passphrase:
        secrets["api_passphrase"] = account.api_passphrase
    lines = "\n".join(f"  {key}: {value}" for key, value in secrets.items())
    return f"""\
version: 1
name: {name}
type: ccxt_crypto
provider: {provider}
credentials:
{lines}
settings:
  symbols: [{SYMBOLS[provider]}]
  timeframes: [1h]
"""


def timed(command: tuple[str, ...], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        command,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    if done.returncode:
        raise SystemExit(f"{command[3:]}: {done.stdout[-600:]}{done.stderr[-600:]}")
    return time.perf_counter() - started


async def floor(root: Path) -> None:
    """Send the recorded requests, signed, from as many workers as tests run."""
    import aiohttp

    info = SandboxInfo.load(root / "sandbox" / "sandbox.json")
    waiting = json.loads((root / "requests.json").read_text())
    trust = ssl.create_default_context(cafile=str(info.ca_file))
    statuses: dict[int, int] = {}

    async def work(session: aiohttp.ClientSession) -> None:
        while waiting:
            host, method, path, provider, signed = waiting.pop()
            target, headers = path, {}
            if QUERIES.get(path):
                target += f"?{QUERIES[path]}"
            if signed:
                target, headers = sign(provider, method, path)
            url = f"https://127.0.0.1:{info.port}{target}"
            async with session.request(
                method, url, headers={"Host": host, **headers}, server_hostname=host
            ) as answer:
                await answer.read()
                statuses[answer.status] = statuses.get(answer.status, 0) + 1

    connector = aiohttp.TCPConnector(ssl=trust, limit=PARALLELISM)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(work(session) for _ in range(PARALLELISM)))
    bad = {status: n for status, n in statuses.items() if status != HTTPStatus.OK}
    if bad:
        raise SystemExit(f"the bare client got {bad}")


def sign(provider: str, method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the target and the headers, signed as each exchange documents it."""
    account = sandbox_account(provider, "reader")
    now_ms = int(time.time() * 1000)
    if provider == "binance":
        query = f"timestamp={now_ms}&recvWindow=60000"
        digest = hmac.new(account.api_secret.encode(), query.encode(), hashlib.sha256)
        target = f"{path}?{query}&signature={digest.hexdigest()}"
        return target, {"X-MBX-APIKEY": account.api_key}
    if provider == "okx":
        now = datetime.now(UTC)
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"
        return path, {
            "OK-ACCESS-KEY": account.api_key,
            "OK-ACCESS-SIGN": mac(account.api_secret, stamp + method + path),
            "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": account.api_passphrase,
        }
    return path, {
        "KC-API-KEY": account.api_key,
        "KC-API-SIGN": mac(account.api_secret, f"{now_ms}{method}{path}"),
        "KC-API-TIMESTAMP": str(now_ms),
        "KC-API-PASSPHRASE": mac(account.api_secret, account.api_passphrase),
        "KC-API-KEY-VERSION": "2",
    }


def mac(secret: str, text: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--floor"]:
        asyncio.run(floor(Path(sys.argv[2])))
    else:
        main(*map(int, sys.argv[1:]))
