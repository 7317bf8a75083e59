"""The process's one way out: one session, one TLS context, one resolver.

Everything that every request must obey is decided here once: redirects are never
followed (exchange libraries forward the key to wherever they lead), proxies come
from the file and not from the environment, and in sandbox mode every host, also a
literal address, leads to the loopback server, whatever a connection's file says.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import ResolveResult
from yarl import URL

from reconciler.adapters.providers.network.addresses import (
    NetworkRange,
    read_ranges,
    require_allowed,
    require_literal_allowed,
    require_plain_spelling,
)
from reconciler.adapters.providers.network.bounded import BoundedResponse
from reconciler.adapters.providers.network.contacts import Contacts
from reconciler.adapters.providers.network.inflight import Inflight
from reconciler.adapters.providers.network.knocking import (
    answers_greeting,
    takes_connections,
)
from reconciler.adapters.providers.network.loopback import (
    LoopbackResolver,
    Sandbox,
    read_sandbox,
)
from reconciler.adapters.providers.network.meter import (
    Recorder,
    note_connected,
    note_connecting,
    note_resolved,
    note_socket,
    note_turn,
)
from reconciler.adapters.providers.network.proxying import ProxyConnector
from reconciler.adapters.providers.network.tracing import make_keeper
from reconciler.adapters.providers.network.watching import Timed, Watched
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import InputError, ProviderError
from reconciler.core.ports import Clock

if TYPE_CHECKING:
    import httpx

DEFAULT_LIMIT = 64
_CLOSING_TURNS = 3
"""A cut TLS connection needs the loop twice more: for itself and what is below."""

_LOUD_LOGGERS = ("ccxt.base.exchange", "httpx", "httpcore", "aiohttp", "hpack")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What adapters get: sessions, a clock, and the place where the test runs.

    `shared` holds what adapters keep for the network's life (an exchange's
    markets); each uses its own key and registers what is to be closed in `exits`.
    `cache` is the folder of what adapters remember between runs, None for nothing.
    `contacts` remembers which hosts answered lately.
    `trace` takes each request and answer as lines, scrubbed; None for no trace.
    `make_tls` returns a TLS context of one's own, which trusts the given PEM
    authorities, the system's without any, and in the sandbox always the sandbox's.
    """

    session: aiohttp.ClientSession
    recorder: Recorder = field(repr=False)
    tls: ssl.SSLContext
    clock: Callable[[], datetime]
    make_tls: Callable[[str], ssl.SSLContext]
    vantage: str = ""
    proxy: str | None = field(default=None, repr=False)
    is_sandbox: bool = False
    allow: tuple[NetworkRange, ...] = ()
    cache: Path | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    exits: list[Callable[[], Any]] = field(default_factory=list)
    inflight: Inflight = field(default_factory=Inflight)
    contacts: Contacts = field(default_factory=lambda: Contacts(time.monotonic))
    trace: Callable[[str], None] | None = None

    def now_ms(self) -> int:
        """Return the present moment in UTC milliseconds."""
        return int(self.clock().timestamp() * 1000)

    def guarded(self, proxy: str | None = None) -> GuardedSession:
        """Return a session for a library that makes its own requests."""
        return self._guarded(proxy)

    def client(
        self, proxy: str | None = None, *, tls: ssl.SSLContext | None = None
    ) -> httpx.AsyncClient:
        """Return an httpx client over the same session; closing it closes nothing.

        With a context of its own it shares no connection with other clients.
        """
        # Not at the top: exchanges need no httpx, and a run imports it for long.
        from reconciler.adapters.providers.network.http_client import make_client

        return make_client(self._guarded(proxy, tls), tls=self.tls)

    async def knock(self, host: str, port: int) -> bool:
        """Tell whether a host takes a connection, under the rules of all requests."""
        known = self.session.connector
        return isinstance(known, _Connector) and await takes_connections(
            known, host, port
        )

    async def greets(self, host: str, port: int) -> bool:
        """Tell whether a host answers a TLS greeting, under the same rules."""
        known = self.session.connector
        return isinstance(known, _Connector) and await answers_greeting(
            known, host, port, self.tls
        )

    async def answers(self, url: str) -> bool:
        """Tell whether a URL answers anything at all; the answer is not read."""
        try:
            async with self._guarded(None).request("GET", url):
                return True
        except (aiohttp.ClientError, OSError, ProviderError):
            return False

    def _guarded(
        self, proxy: str | None, tls: ssl.SSLContext | None = None
    ) -> GuardedSession:
        return GuardedSession(
            self.session,
            recorder=self.recorder,
            proxy=self._allowed_proxy(proxy),
            tls=tls,
            allow=None if self.is_sandbox else self.allow,
            inflight=self.inflight,
        )

    def _allowed_proxy(self, proxy: str | None) -> str | None:
        if self.is_sandbox and proxy:
            raise ProviderError(
                diagnose(
                    Category.PROXY_UNREACHABLE,
                    detail="the sandbox is reached without a proxy",
                    fix="remove config.proxy, or test without --sandbox",
                )
            )
        return None if self.is_sandbox else proxy or self.proxy


class GuardedSession:
    """An aiohttp session that follows no redirect and knows its proxy.

    Exchange libraries pass neither option; it has the methods that they call. Behind
    a proxy it judges literal addresses itself, since the proxy connects to them.
    """

    __slots__ = ("_allow", "_inflight", "_proxy", "_recorder", "_session", "_tls")

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        recorder: Recorder,
        proxy: str | None,
        tls: ssl.SSLContext | None = None,
        allow: Sequence[NetworkRange] | None = (),
        inflight: Inflight | None = None,
    ) -> None:
        self._session = session
        self._recorder = recorder
        self._inflight = inflight or Inflight()
        self._proxy = proxy
        self._tls = tls
        self._allow = allow

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers of every request; libraries copy them into theirs."""
        return self._session.headers

    def __getattr__(self, method: str) -> Any:
        if method not in {"get", "post", "put", "patch", "delete"}:
            raise AttributeError(method)

        return partial(self.watched, method.upper())

    def watched(self, method: str, url: Any, **options: Any) -> Watched:
        """Return a request whose end the network waits for: it must be left again."""
        request = self._asked(method, url, options)
        return Watched(request, url, self._recorder, self._inflight)

    def request(self, method: str, url: Any, **options: Any) -> Timed:
        """Return aiohttp's request, with our own options for redirects and proxy."""
        return Timed(self._asked(method, url, options), url, self._recorder)

    def _asked(self, method: str, url: Any, options: dict[str, Any]) -> Any:
        options |= {"allow_redirects": False, "proxy": self._proxy}
        if self._tls is not None:
            options["ssl"] = self._tls
        if self._proxy is not None and self._allow is not None:
            require_literal_allowed(URL(url).raw_host or "", self._allow)
        return self._session.request(method, url, **options)


@asynccontextmanager
async def open_network(  # noqa: PLR0913  # what a run may choose
    sandbox: Path | None = None,
    *,
    clock: Clock | None = None,
    vantage: str = "",
    proxy: str | None = None,
    limit: int = DEFAULT_LIMIT,
    trust_env: bool = False,
    allow: Sequence[str] = (),
    cache: Path | None = None,
    trace: Callable[[str], None] | None = None,
) -> AsyncIterator[Network]:
    """Open the network of one run; `sandbox` is the path of a `sandbox.json`.

    Without a clock, this machine's is asked. `limit` is the number of connections
    that may be open at once. `allow` are the CIDRs that are no public addresses and
    may be reached all the same.

    Raises `InputError` when the sandbox's file is missing or malformed, or when a
    proxy is asked for together with the sandbox.
    """
    pin_loggers()
    if sandbox is not None and (proxy or trust_env):
        raise InputError("the sandbox is reached without a proxy: choose one of both")
    now = clock.now if clock is not None else _now
    make_tls = partial(_make_tls, read_sandbox(sandbox) if sandbox else None)
    tls, ranges = make_tls(""), read_ranges(allow)
    contacts = Contacts(time.monotonic)
    session = aiohttp.ClientSession(
        connector=_make_connector(sandbox, tls=tls, limit=limit, allow=ranges),
        trace_configs=[] if trace is None else [make_keeper()],
        response_class=BoundedResponse,
        trust_env=trust_env,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "reconcile"},
        timeout=aiohttp.ClientTimeout(total=None),
    )
    network = Network(
        session=session,
        recorder=_recorder(now, contacts),
        tls=tls,
        clock=now,
        make_tls=make_tls,
        allow=ranges,
        cache=cache,
        vantage=vantage,
        proxy=proxy,
        is_sandbox=sandbox is not None,
        contacts=contacts,
        trace=trace,
    )
    try:
        yield network
    finally:
        for leave in reversed(network.exits):
            await leave()
        await network.inflight.settle()
        await session.close()
        for _ in range(_CLOSING_TURNS):
            await asyncio.sleep(0)


def _recorder(now: Callable[[], datetime], contacts: Contacts) -> Recorder:
    return Recorder(
        ticks=time.perf_counter,
        now_ms=lambda: now().timestamp() * 1000,
        note=contacts.note,
    )


def pin_loggers() -> None:
    """Keep the libraries from writing URLs, headers and bodies to a log."""
    for name in _LOUD_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


def _make_tls(sandbox: Sandbox | None, ca_pem: str = "") -> ssl.SSLContext:
    if sandbox is not None:
        return ssl.create_default_context(cafile=str(sandbox.ca_file))
    if ca_pem:
        return ssl.create_default_context(cadata=ca_pem)
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()  # a company's own CA stands in the system's store
    return context


def _make_connector(
    sandbox: Path | None,
    *,
    tls: ssl.SSLContext,
    limit: int,
    allow: Sequence[NetworkRange],
) -> aiohttp.TCPConnector:
    options: dict[str, Any] = {"ssl": tls, "limit": limit, "use_dns_cache": False}
    if sandbox is None:
        return _Connector(allow=allow, **options)
    return _LoopbackConnector(resolver=LoopbackResolver(sandbox), **options)


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), tz=UTC)


class _Connector(ProxyConnector):
    """Refuses addresses that are not allowed, and cuts a connection that is given up.

    A name is judged by what it resolves to, and just that is connected to. And a
    provider that hangs would never answer TLS's goodbye, so that the connection
    would outlive the network.
    """

    def __init__(self, *, allow: Sequence[NetworkRange] = (), **options: Any) -> None:
        super().__init__(**options)
        self._allow = allow
        make_protocol = self._factory

        def noted() -> Any:
            note_socket(time.perf_counter())  # TCP is through when this is called
            return make_protocol()

        self._factory = noted  # type: ignore[assignment]

    async def addresses(self, host: str, port: int) -> list[ResolveResult]:
        """Return where a host is, refusing what connections may not lead to."""
        return await self._resolve_host(host, port)

    async def _resolve_host(
        self, host: str, port: int, traces: Any = None
    ) -> list[ResolveResult]:
        require_plain_spelling(host)
        began = time.perf_counter()
        found = await super()._resolve_host(host, port, traces)
        note_resolved(began, time.perf_counter())
        for result in found:
            require_allowed(host, result["host"], self._allow)
        return found

    async def _create_connection(self, *request: Any) -> Any:
        note_connecting(time.perf_counter())
        protocol = await super()._create_connection(*request)
        transport = protocol.transport
        note_connected(
            time.perf_counter(),
            transport.get_extra_info("ssl_object") if transport else None,
        )
        return protocol

    async def _wait_for_available_connection(self, *request: Any) -> None:
        await super()._wait_for_available_connection(*request)
        note_turn(time.perf_counter())

    def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
        if should_close:
            protocol.abort()
        super()._release(key, protocol, should_close=should_close)


class _LoopbackConnector(_Connector):
    """Asks the resolver also for literal addresses, which aiohttp skips.

    Without it, `https://10.0.0.1` in a file would leave the sandbox.
    """

    async def _resolve_host(
        self, host: str, port: int, traces: Any = None
    ) -> list[ResolveResult]:
        del traces
        began = time.perf_counter()
        found = await self._resolver.resolve(host, port, family=self._family)
        note_resolved(began, time.perf_counter())
        return found
