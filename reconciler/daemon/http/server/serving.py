"""Serving beside the daemon's loop, in the same asyncio loop.

async with serving(app, control=engine, listen=listen, desired=engine.desired) as at:
log(f"listening at {at.url}")
...
at.rules = read_rules(app)  # after a reload
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.routing import BaseRoute
from uvicorn import Config, Server

from reconciler.core.ports import DesiredSet
from reconciler.daemon.control import Control
from reconciler.daemon.http.access.ruling import read_rules, renewed
from reconciler.daemon.http.app import make_app
from reconciler.daemon.http.limits import Limits
from reconciler.daemon.http.meter import Meter
from reconciler.daemon.http.server import tls
from reconciler.daemon.http.server.listening import Listen, bound_socket, check_safe
from reconciler.daemon.http.server.protocol import PatientProtocol
from reconciler.daemon.http.site import Rules, Site
from reconciler.daemon.http.view import View
from reconciler.wiring import App

_THREADS: Final = 4
_KEEP_ALIVE_S: Final = 5
_GRACE_S: Final = 5
"""How long requests may go on when the daemon stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is being served, and where: `port` is the real one."""

    site: Site
    listen: Listen
    port: int

    @property
    def url(self) -> str:
        """Return where it is, for people."""
        host = f"[{self.listen.host}]" if ":" in self.listen.host else self.listen.host
        scheme = "https" if self.listen.speaks_tls else "http"
        return f"{scheme}://{host}:{self.port}/"

    def take(self, rules: Rules) -> None:
        """Let new rules hold from the next request on.

        Raises:
            InputError: It would not be safe to go on with them; the old ones hold.
        """
        check_safe(self.listen, rules.section)
        self.site.rules = rules


@asynccontextmanager
async def serving(
    app: App,
    *,
    control: Control,
    listen: Listen,
    desired: Callable[[], DesiredSet | None] = lambda: None,
    meter: Meter | None = None,
    pages: Sequence[BaseRoute] = (),
) -> AsyncIterator[Served]:
    """Serve until left; then requests that run may end.

    Args:
        app: The daemon's outside world; its store is read from threads.
        control: The engine.
        listen: Where.
        desired: Returns what the files said last; cheap, called from a thread.
        meter: What counts tests, as a listener of the engine.
        pages: Further routes, for people: the status page.

    Raises:
        InputError: It cannot listen there, or it would not be safe.
        DocumentError: `http:` in the settings, or the policy, is invalid.
    """
    rules = read_rules(app)
    check_safe(listen, rules.section)
    paper, held = _certificate(listen), listen.limits
    with _executor() as executor, contextlib.closing(bound_socket(listen)) as bound:
        view = View(
            app.store,
            app.clock,
            executor,
            workspace=app.workspace,
            desired=desired,
            outage=lambda: control.state().outage,
        )
        site = Site(
            control=control,
            view=view,
            store=app.store,
            clock=app.clock,
            executor=executor,
            operator=app.who.partition("@")[0],
            rules=rules,
            speaks_tls=listen.speaks_tls,
            loopback=listen.is_loopback,
            limits=held,
            meter=meter or Meter(),
        )
        server = _server(make_app(site, pages=pages), paper, held)
        served = Served(site=site, listen=listen, port=bound.getsockname()[1])
        async with _running(server, bound), _renewing(served, paper):
            yield served


def _certificate(listen: Listen) -> tls.Certificate | None:
    if listen.certificate is None or listen.key is None:
        return None
    return tls.Certificate(listen.certificate, listen.key)


@contextlib.contextmanager
def _executor() -> Iterator[ThreadPoolExecutor]:
    """Yield threads of our own: whatever blocks elsewhere does not block looking."""
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="http")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


class _Beside(Server):
    """uvicorn's server beside another loop: signals are the daemon's."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets=sockets)
        self.ready.set()


def _server(app: object, paper: tls.Certificate | None, limits: Limits) -> _Beside:
    config = Config(
        app,  # type: ignore[arg-type]  # starlette and uvicorn spell ASGI differently
        http=partial(PatientProtocol, limits=limits),  # type: ignore[arg-type]  # a type
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # its finer ones tell whole addresses, and what is in them
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=limits.header_bytes,
    )
    config.load()
    if paper:
        config.ssl = paper.context
    return _Beside(config)


@asynccontextmanager
async def _running(server: _Beside, bound: socket.socket) -> AsyncIterator[None]:
    """Run the server while inside; leaving waits until it has stopped."""
    serve = asyncio.create_task(server.serve(sockets=[bound]))
    listening = asyncio.create_task(server.ready.wait())
    try:
        await asyncio.wait({serve, listening}, return_when=asyncio.FIRST_COMPLETED)
        if serve.done():
            serve.result()
        yield
    finally:
        server.should_exit = True
        listening.cancel()
        await serve


@asynccontextmanager
async def _renewing(
    served: Served, paper: tls.Certificate | None
) -> AsyncIterator[None]:
    """Look after the files that may change, while inside."""
    renew = asyncio.create_task(_renew(served, paper))
    try:
        yield
    finally:
        renew.cancel()


async def _renew(served: Served, paper: tls.Certificate | None) -> None:
    site = served.site
    while True:
        await asyncio.sleep(site.limits.renewal_s)
        if paper:
            await site.run(paper.renew)
        before = site.rules
        rules = await site.run(renewed, before)
        if site.rules is before:  # nobody took other ones meanwhile
            site.rules = rules
