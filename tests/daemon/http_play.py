"""A daemon's HTTP side as others meet it: real sockets, real store, real sandbox.

`RealControl` does what the engine does when somebody asks, over the same parts.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import httpx

from reconciler.core.errors import InputError, StateError
from reconciler.core.suspension import Suspension
from reconciler.daemon.control import DaemonState
from reconciler.daemon.http.limits import Limits
from reconciler.daemon.http.server.listening import listen_at
from reconciler.daemon.http.server.serving import serving
from reconciler.daemon.pages.routes import PAGES
from reconciler.recording import record_fetch, running_job
from reconciler.retesting import test_records as run_tests
from reconciler.suspending import resume, suspend
from reconciler.wiring import App


@dataclass
class RealControl:
    """What HTTP needs of a daemon, over a real repository."""

    app: App
    said: dict = field(default_factory=dict)
    """What the state says beside its times."""

    def state(self):
        now = self.app.clock.now()
        return replace(DaemonState(run_id="r1", started_at=now, now=now), **self.said)

    async def test(self, name, *, who):
        record = self._record(name)
        if record.active is None:
            raise StateError(f"'{name}' has no active revision")
        ports = replace(self.app.ports(), who=lambda: who)
        (outcome,) = await asyncio.to_thread(run_tests, ports, [record])
        return outcome

    async def sample(self, name, ask, *, who):
        self._record(name)
        job = await asyncio.to_thread(running_job, self.app, name)
        sample = await asyncio.to_thread(self.app.sampler.sample, job, ask)
        await asyncio.to_thread(
            record_fetch, self.app, name, ask, sample=sample, detail=ask.symbol
        )
        return sample

    async def suspend(self, name, *, who, reason, until):
        now = self.app.clock.now()
        held = Suspension(who=who, reason=reason, at=now, until=until)
        await asyncio.to_thread(suspend, self.app.store, name, held)

    async def resume(self, name, *, who):
        now = self.app.clock.now()
        await asyncio.to_thread(resume, self.app.store, name, who=who, now=now)

    def _record(self, name):
        record = self.app.store.get(name)
        if record is None:
            raise InputError(f"there is no connection '{name}'")
        return record


@contextmanager
def served(app, *, control=None, listen=None, limits=None, pages=PAGES, **more):
    """Serve in a thread with a loop of its own; yields what is served."""
    found, failures, ready = [], [], threading.Event()
    listen = replace(listen or listen_at("127.0.0.1:0"), limits=limits or Limits())
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def run():
        try:
            async with serving(
                app,
                control=control or RealControl(app),
                listen=listen,
                pages=pages,
                **more,
            ) as at:
                found.append(at)
                ready.set()
                await done.wait()
        except Exception as error:  # noqa: BLE001  # raised where it is awaited
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(20)
        if failures:
            raise failures[0]
        yield found[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(20)
        assert not thread.is_alive()
        loop.close()
    if failures:
        raise failures[0]


@contextmanager
def client_of(at, *, token="", **options):
    """Yield a client of what is served."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=at.url, headers=headers, timeout=20, **options) as one:
        yield one
