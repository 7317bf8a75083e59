"""The tester of a daemon's whole life: one network, replaced only when it must be."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.core.ports import Ask, Job, Sample
from reconciler.core.verdict import Verdict
from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.adapters.providers.running.job import JobTest


class OpenTester:
    """Tests over an open network; counts who uses it, so that it can be replaced."""

    def __init__(
        self, test: JobTest, leave: AbstractAsyncContextManager[JobTest], app: App
    ) -> None:
        self._test, self._leave = test, leave
        self.allow = app.settings.network.allow
        self._using = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @classmethod
    async def opened(cls, app: App) -> OpenTester:
        """Open the network."""
        manager = app.open_tester()
        return cls(await manager.__aenter__(), manager, app)

    def take(self, app: App) -> None:
        """Use another's keys and adapters from now on, over the same network."""
        self._test = replace(self._test, unsealer=app.unsealer, adapters=app.adapters)

    def limit_of(self, kind: str) -> int:
        """Return how many tests of one provider of a type may run side by side."""
        return self._test.limit_of(kind)

    async def network_is_up(self) -> bool:
        """Tell whether our own network is not known to be down; asks while it is."""
        self._begin()
        try:
            return await self._test.network_is_up()
        finally:
            self._end()

    async def of(self, job: Job) -> Verdict:
        """Return the job's verdict; raises nothing but cancellation."""
        self._begin()
        try:
            return await self._test.of(job)
        finally:
            self._end()

    async def sample(self, job: Job, ask: Ask) -> Sample:
        """Fetch data; raises `ProviderError` or `SecretError`."""
        self._begin()
        try:
            return await self._test.sample(job, ask)
        finally:
            self._end()

    async def close(self) -> None:
        """Close the network once nobody uses it."""
        await self._idle.wait()
        await self._leave.__aexit__(None, None, None)

    def _begin(self) -> None:
        self._using += 1
        self._idle.clear()

    def _end(self) -> None:
        self._using -= 1
        if not self._using:
            self._idle.set()
