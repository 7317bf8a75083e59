"""What one request costs: bare aiohttp, httpx over it as we use it, plain httpx.

Run it as `python benchmarks/http_transport.py [REQUESTS] [ROUNDS]`. All three ask the
same loopback server, a slice each in turn, 32 at a time; quote the ratios.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

import aiohttp
import httpx
from aiohttp import web

from reconciler.adapters.providers.network.session import open_network

AT_ONCE = 32
SLICE = 200
BODY = b'{"rows": [[1700000000000, 1.0, 2.0, 0.5, 1.5, 10.0]]}'
LOOPBACK = "127.0.0.1"

Ask = Callable[[], Awaitable[bytes]]


async def answer(_request: web.Request) -> web.Response:
    return web.Response(body=BODY, content_type="application/json")


async def serve() -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_get("/candles", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    port = runner.addresses[0][1]
    return runner, f"http://{LOOPBACK}:{port}/candles?symbol=BTC&limit=20"


async def by_aiohttp(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as response:
        return await response.read()


async def by_httpx(client: httpx.AsyncClient, url: str) -> bytes:
    return (await client.get(url)).content


async def timed(ask: Ask, count: int) -> float:
    """Return the processor time of `count` requests, 32 at a time."""
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            if await ask() != BODY:
                raise AssertionError("another answer")

    start = time.process_time()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return time.process_time() - start


async def measure(requests: int, rounds: int) -> None:
    runner, url = await serve()
    allow = [f"{LOOPBACK}/32"]
    async with (
        aiohttp.ClientSession() as session,
        open_network(allow=allow, limit=AT_ONCE) as network,
        httpx.AsyncClient() as plain,
    ):
        ours = network.client()
        ways: dict[str, Ask] = {
            "aiohttp": partial(by_aiohttp, session, url),
            "httpx over aiohttp": partial(by_httpx, ours, url),
            "httpx": partial(by_httpx, plain, url),
        }
        for ask in ways.values():
            await timed(ask, AT_ONCE)  # connections are open
        over, alone = [], []
        for _ in range(rounds):
            took = dict.fromkeys(ways, 0.0)
            for _ in range(requests // SLICE):
                for name, ask in ways.items():
                    took[name] += await timed(ask, SLICE)
            each = {name: value / requests * 1e3 for name, value in took.items()}
            print(", ".join(f"{name} {ms:.2f} ms" for name, ms in each.items()))
            over.append(took["httpx over aiohttp"] / took["aiohttp"])
            alone.append(took["httpx"] / took["httpx over aiohttp"])
        await ours.aclose()
    await runner.cleanup()
    print(f"httpx over aiohttp / aiohttp: {statistics.median(over):.2f}")
    print(f"httpx / httpx over aiohttp:   {statistics.median(alone):.2f}")


def main(requests: int = 2000, rounds: int = 3) -> None:
    asyncio.run(measure(requests, rounds))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
