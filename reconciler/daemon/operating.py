"""The running daemon as HTTP, the page and `reconcile test` speak to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reconciler.core.errors import InputError, ProviderError
from reconciler.core.outcome import Outcome
from reconciler.core.ports import Ask, DesiredSet, Job, Sample
from reconciler.core.record import Status
from reconciler.core.suspension import Suspension
from reconciler.daemon.control import DaemonState
from reconciler.daemon.loop.engine import Engine
from reconciler.daemon.process.offloading import Offload
from reconciler.recording import record_fetch, running_job
from reconciler.suspending import resume, suspend
from reconciler.wiring import App


class Fetcher(Protocol):
    """Fetches data over the network that is open."""

    async def sample(self, job: Job, ask: Ask) -> Sample:
        """Return what was asked for; raises `ProviderError` or `SecretError`."""
        ...


@dataclass(slots=True, kw_only=True)
class Operations:
    """Implements `daemon.control.Control`; `app` and `fetcher` follow reloads."""

    app: Callable[[], App]
    engine: Engine
    fetcher: Callable[[], Fetcher]
    offload: Offload
    desired: Callable[[], DesiredSet | None]

    def state(self) -> DaemonState:
        """Return what the daemon says of itself; cheap, never blocks."""
        return self.engine.state()

    async def test(self, name: str, *, who: str) -> Outcome:
        """Test what runs before everything that is merely due; wait for the outcome."""
        return await self.engine.test(name, who=who)

    async def sample(self, name: str, ask: Ask, *, who: str) -> Sample:
        """Fetch data through what runs, and note the use.

        Raises:
            InputError: Nothing of that name is recorded.
            StateError: It does not run.
            ProviderError: The provider said no.
        """
        app = self.app()
        await self._require(name)
        job = await self.offload(running_job, app, name)
        sample, detail = None, ""
        try:
            sample = await self.fetcher().sample(job, ask)
        except ProviderError as error:
            detail = str(error)
            raise
        finally:
            await self.offload(
                record_fetch, app, name, ask, sample=sample, detail=detail, who=who
            )
        return sample

    async def suspend(
        self, name: str, *, who: str, reason: str, until: datetime | None
    ) -> None:
        """Take a connection out of service for a time; it is not tested meanwhile."""
        app = self.app()
        suspension = Suspension(who=who, reason=reason, at=app.clock.now(), until=until)
        await self.offload(suspend, app.store, name, suspension)
        self.engine.wake()

    async def resume(self, name: str, *, who: str) -> None:
        """Put a suspended connection back, and test it if it runs."""
        app = self.app()
        record = await self.offload(
            resume, app.store, name, who=who, now=app.clock.now()
        )
        if record.active is not None and record.status is not Status.INACTIVE:
            task = asyncio.ensure_future(self.engine.test(name, who=who))
            task.add_done_callback(_forget)
        self.engine.wake()

    async def _require(self, name: str) -> None:
        if await self.offload(self.app().store.get, name) is None:
            raise InputError(f"no connection '{name}' is recorded")


def _forget(task: asyncio.Task[Outcome]) -> None:
    """Let a test that nobody waits for end as it likes."""
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
