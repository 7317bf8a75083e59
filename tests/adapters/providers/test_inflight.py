"""A network closes after the last request that a library left running."""

from __future__ import annotations

import asyncio
import gc

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.network.inflight import Inflight
from reconciler.adapters.providers.network.meter import Recorder
from reconciler.adapters.providers.network.session import open_network
from reconciler.adapters.providers.network.watching import Watched

URL = "https://api.gateio.ws/api/v4/spot/time"


async def get(network, seen):
    async with network.guarded().get(URL) as response:
        seen.append(response.status)


def test_a_network_waits_for_requests_that_nobody_waits_for(sandbox, recwarn):
    sandbox.set_fault("gate", "slow", seconds=0.2)
    seen = []

    async def fail():
        await asyncio.sleep(0)
        raise LookupError

    async def work():
        async with open_network(sandbox.file, clock=SystemClock()) as network:
            with pytest.raises(LookupError):
                await asyncio.gather(get(network, seen), get(network, seen), fail())

    asyncio.run(work())
    gc.collect()

    assert seen == [200, 200]
    assert [w for w in recwarn if w.category is ResourceWarning] == []


def test_it_does_not_wait_for_a_silent_provider(sandbox):
    sandbox.set_fault("gate", "timeout")
    left = []

    async def work():
        loop = asyncio.get_running_loop()
        async with open_network(sandbox.file, clock=SystemClock()) as network:
            left.append(loop.create_task(get(network, [])))
            await asyncio.sleep(0.1)
        return left[0].cancelled()

    assert asyncio.run(asyncio.wait_for(work(), timeout=5))


class Failing:
    async def __aenter__(self):
        raise LookupError

    async def __aexit__(self, *_):
        """Is never reached."""


def test_a_request_that_fails_to_begin_is_not_under_way():
    async def work():
        inflight = Inflight()
        recorder = Recorder(ticks=lambda: 0.0, now_ms=lambda: 0.0)
        with pytest.raises(LookupError):
            async with Watched(Failing(), URL, recorder, inflight):
                pass
        await asyncio.create_task(inflight.settle())
        return inflight._tasks

    assert asyncio.run(work()) == {}
