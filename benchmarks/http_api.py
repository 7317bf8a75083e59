"""The API over 10,000 connections, beside a server that sends constant bytes.

Run `python benchmarks/http_api.py [CONNECTIONS] [PAIRS]`. Both servers are uvicorn on
loopback in one process with one client beside it, and take turns request by request,
so that a busy machine slows both. The floor sends a body of the same length. Quote the
ratios of the medians.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.responses import Response
from starlette.routing import Route

from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.market import Mark
from reconciler.core.record import Commit, Deployed, Record, Status
from reconciler.core.statistics import Statistics, counted
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from reconciler.daemon.control import DaemonState
from reconciler.daemon.http.server.listening import listen_at
from reconciler.daemon.http.server.serving import serving
from reconciler.wiring import App, Choices

QUESTIONS = {
    "first page, by name": "/api/v1/connections?limit=50",
    "filter and sort": "/api/v1/connections?health=error&health=degraded"
    "&provider=binance&sort=latency&order=desc&limit=50",
    "search, owner, label": "/api/v1/connections?q=binance%20prod&owner=user:*"
    "&label=env=prod&sort=tested&limit=50",
    "500 rows": "/api/v1/connections?limit=500",
    "one connection": "/api/v1/connections/c-04711",
    "metrics": "/metrics",
    "badge of all": "/badge.svg",
}
PROVIDERS = ("binance", "okx", "kraken", "kucoin", "bybit", "gate", "bitget", "mexc")


class Standing:
    """A daemon that does nothing but stand."""

    def state(self):
        now = datetime.now(UTC)
        return DaemonState(run_id="bench", started_at=now, now=now)


def record_of(number, now, luck):
    failed = not luck.randrange(10)
    status = ProbeStatus.FAILED if failed else ProbeStatus.PASSED
    probes = tuple(
        Probe(name=name, status=ProbeStatus.PASSED, latency_ms=luck.random() * 100)
        for name in (ProbeName.DNS, ProbeName.CONNECT, ProbeName.TLS, ProbeName.PUBLIC)
    )
    last = Probe(
        name=ProbeName.AUTH,
        status=status,
        latency_ms=5.0,
        diagnosis=diagnose(Category.INVALID_CREDENTIALS) if failed else None,
    )
    tested = now - timedelta(seconds=luck.randrange(900))
    candle_ms = int(tested.timestamp() * 1000) - luck.randrange(3_600_000)
    marks = tuple(
        Mark(symbol=symbol, timeframe="1h", rows=100, last_candle_at_ms=candle_ms,
             last_price=None)
        for symbol in ("BTC/USDT", "ETH/USDT")
    )  # fmt: skip
    name = f"c-{number:05}"
    return Record(
        name=name,
        type="ccxt_crypto",
        provider=luck.choice(PROVIDERS),
        owner=luck.choice(("admin", "user:anna", "user:ben")),
        managed_by="default",
        status=Status.ERROR if failed else Status.ACTIVE,
        created_at=now,
        updated_at=now,
        labels={"env": luck.choice(("prod", "test")), "desk": "spot"},
        active=Deployed(
            revision=f"{number:064x}",
            text="x" * 2000,
            file=f"connections.d/{name}.yaml",
            commit="c" * 40,
            at=now,
        ),
        failures=4 if failed else not luck.randrange(20),
        last_tested_at=tested,
        last_connected_at=tested,
        last_test=Verdict(probes=(*probes, last), at=tested, marks=marks),
        marks=marks,
        stats=counted(
            Statistics(), at=tested, up=not failed, speaks_for_s=86_400, latency_ms=50
        ),
    )


def used_kb():
    """Return the memory in use now, resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


async def timed(client, url):
    began = time.perf_counter()
    answer = await client.get(url)
    answer.raise_for_status()
    return time.perf_counter() - began, len(answer.content)


async def measure(app, count, pairs):
    async def constant(request):
        return Response(b"x" * int(request.path_params["size"]))

    pages = [Route("/floor/{size}", constant)]
    listen = listen_at("127.0.0.1:0")
    before_kb = used_kb()
    async with (
        serving(app, control=Standing(), listen=listen, pages=pages) as at,
        httpx.AsyncClient(base_url=at.url, timeout=120) as client,
    ):
        first_s, _ = await timed(client, "/api/v1/connections?limit=1")
        grown_mb = (used_kb() - before_kb) // 1024
        print(f"{count} connections: first look {first_s:.2f} s, +{grown_mb} MB")
        async with bare_server() as floor:
            for title, url in QUESTIONS.items():
                await report(title, url, client, floor, pairs)
        await changes(app, at, pairs)


@contextlib.asynccontextmanager
async def bare_server():
    from uvicorn import Config, Server

    async def constant(scope, _receive, send):
        size = int(scope["path"].rpartition("/")[2])
        length = str(size).encode()
        headers = [(b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * size})

    server = Server(
        Config(constant, port=0, log_config=None, access_log=False, lifespan="off")
    )
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve())
    await asyncio.sleep(0.5)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.should_exit = True
    await task


async def report(title, url, client, floor, pairs):
    _, size = await timed(client, url)
    ours, floors = [], []
    for _ in range(pairs):
        ours.append((await timed(client, url))[0])
        floors.append((await timed(floor, f"/{size}"))[0])
    mine, bare = statistics.median(ours), statistics.median(floors)
    print(
        f"{title:24} {size / 1024:7.1f} KiB  ours {mine * 1000:7.2f} ms"
        f"  floor {bare * 1000:6.2f} ms  ratio {mine / bare:5.1f}"
    )


async def changes(app, at, pairs):
    """One commit of 1 % of the records, then the next look."""
    store, took = app.store, []
    names = [f"c-{n:05}" for n in range(0, 10_000, 100)]
    for _ in range(max(3, pairs // 10)):
        put = tuple(one for name in names if (one := store.get(name)))
        store.commit(Commit(put=put))
        began = time.perf_counter()
        await at.site.view.seen(anew=True)
        took.append(time.perf_counter() - began)
    print(f"{'1 % changed, seen':24} {statistics.median(took) * 1000:.0f} ms (thread)")


def main():
    count = int(sys.argv[1]) if sys.argv[1:] else 10_000
    pairs = int(sys.argv[2]) if sys.argv[2:] else 50
    luck, now = random.Random(1), datetime.now(UTC)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        app = App(Choices(directory=Path(folder)))
        records = tuple(record_of(number, now, luck) for number in range(count))
        app.store.commit(Commit(put=records))
        del records
        asyncio.run(measure(app, count, pairs))
        app.close()


if __name__ == "__main__":
    main()
