"""The loopback server: one TLS port that plays every provider by host name.

This module does what needs a socket; what is answered is decided in `engine`.
Nothing that could hold a credential is logged: an exception in a handler becomes
a plain 500, and its type (never its text) goes to the log.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

from aiohttp import web

from reconciler.core.errors import InputError
from reconciler.sandbox.candles import Market
from reconciler.sandbox.certificates import CertificateDesk
from reconciler.sandbox.control import reply_to_control
from reconciler.sandbox.engine import REDIRECT_TRAP, account_name, judge
from reconciler.sandbox.faults import CONNECTION_FAULTS, ActiveFault, Fault, FaultBoard
from reconciler.sandbox.info import (
    CA_NAME,
    CONTROL_HOST,
    FILE_NAME,
    SandboxInfo,
    write_private,
)
from reconciler.sandbox.provider import Call, Kind, Provider, json_answer
from reconciler.sandbox.providers import PROVIDER_OF_HOST, PROVIDERS
from reconciler.sandbox.record import RecordedRequest, carries_credentials
from reconciler.sandbox.wire import response, send

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOOPBACK = "127.0.0.1"
_REMEMBERED = 100_000  # requests; more than a load test sends
_SHUTDOWN_S = 0.2
_FAREWELL_S = 0.05  # for TLS handshakes under way, which no runner knows about

logger = logging.getLogger(__name__)


class Service:
    """A sandbox that can be started once and closed once, inside one event loop."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int = 0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._wanted_port = port
        self._now = now
        self._memory: dict[str, int] = {}
        self._desk = CertificateDesk(now=now, fault_for=self._certificate_fault)
        self._connections: WeakKeyDictionary[asyncio.Transport, str] = (
            WeakKeyDictionary()
        )
        self._web = web.Server(self._answer, handler_cancellation=True, access_log=None)
        self._listener: asyncio.Server | None = None
        self._closed = socket.socket()
        self._requests: deque[RecordedRequest] = deque(maxlen=_REMEMBERED)
        self.board = FaultBoard()
        self.info: SandboxInfo | None = None

    @property
    def file(self) -> Path:
        """Where the sandbox file is, while the service runs."""
        return self._directory / FILE_NAME

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request so far, oldest first."""
        return tuple(self._requests)

    def forget_requests(self) -> None:
        """Start the record of requests anew."""
        self._requests.clear()

    async def start(self) -> SandboxInfo:
        """Listen, then write the sandbox file: whoever sees it can connect."""
        self._directory.mkdir(parents=True, exist_ok=True)
        _refuse_second(self.file)
        self._closed.bind((LOOPBACK, 0))  # bound, never listening: ECONNREFUSED
        self._listener = await asyncio.get_running_loop().create_server(
            self._web,
            LOOPBACK,
            self._wanted_port,
            ssl=self._desk.server_context(),
            backlog=1024,
        )
        ca_file = self._directory / CA_NAME
        write_private(ca_file, self._desk.ca_pem)
        self._publish(
            SandboxInfo(
                pid=os.getpid(),
                port=self._listener.sockets[0].getsockname()[1],
                closed_port=self._closed.getsockname()[1],
                ca_file=ca_file.absolute(),
                started_at=datetime.fromtimestamp(self._now(), UTC).isoformat(),
            )
        )
        assert self.info is not None  # noqa: S101  (just published)
        return self.info

    async def close(self) -> None:
        """Take the sandbox file away, then stop listening."""
        if self.info is not None:  # never another sandbox's files
            self.file.unlink(missing_ok=True)
            self.info.ca_file.unlink(missing_ok=True)
        if self._listener is not None:
            await _hang_up(self._listener, self._web)
        self._closed.close()

    def put_fault(self, fault: ActiveFault) -> None:
        """Set a fault; connections it breaks are dropped, so it acts at once."""
        self.board.put(fault)
        self._settle(fault)

    def clear_faults(self, provider: str | None = None) -> None:
        """Heal one provider, or all."""
        healed = [f for f in self.board if provider in (None, f.provider)]
        self.board.clear(provider)
        for fault in healed:
            self._settle(fault)

    def _settle(self, fault: ActiveFault) -> None:
        if fault.fault not in CONNECTION_FAULTS:
            return
        hosts = _hosts_of(fault)
        for transport, host in list(self._connections.items()):
            if host in hosts and not transport.is_closing():
                transport.abort()  # a closed TLS transport has nothing to abort
        self._publish(self.info)

    def _publish(self, info: SandboxInfo | None) -> None:
        if info is None:
            return
        refused = {
            host
            for fault in self.board
            if fault.fault is Fault.REFUSED
            for host in _hosts_of(fault)
        }
        self.info = replace(info, refused_hosts=tuple(sorted(refused)))
        self.info.dump(self.file)

    def _certificate_fault(self, host: str) -> Fault | None:
        provider = PROVIDER_OF_HOST.get(host)
        return self.board.connection_fault(provider.name) if provider else None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._dispatch(request)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001  (a bug here must look like a 500)
            logger.error("handler failed: %s", type(error).__name__)  # noqa: TRY400
            return web.Response(status=500, text="sandbox error")

    async def _dispatch(self, request: web.BaseRequest) -> web.StreamResponse:
        host = _host_of(request)
        if request.transport is not None:
            self._connections[request.transport] = host
        body = await request.read()
        if host == CONTROL_HOST:
            answer = reply_to_control(self, request.method, request.path, body)
            return response(answer, self._now())
        provider = PROVIDER_OF_HOST.get(host)
        if provider is None:
            return self._answer_stranger(request, host)
        return await self._play(provider, request, host, body)

    def _answer_stranger(self, request: web.BaseRequest, host: str) -> web.Response:
        trapped = host == REDIRECT_TRAP
        status = 200 if trapped else 421
        self._remember(request, status, "trap" if trapped else "unknown")
        message = (
            "credentials sent here would be lost"
            if trapped
            else "the sandbox does not play this host"
        )
        answer = json_answer({"sandbox": message, "host": host}, status=status)
        return response(answer, self._now())

    async def _play(
        self, provider: Provider, request: web.BaseRequest, host: str, body: bytes
    ) -> web.StreamResponse:
        call = self._call(provider, request, host, body)
        route = provider.find_route(call.method, call.path)
        name = account_name(provider, call)
        kinds = route.kinds if route else frozenset({Kind.PUBLIC})
        faults = self.board.meeting(provider.name, kinds, name)
        call = replace(call, now_s=call.now_s + _signed_skew_s(faults))
        if self._hangs_up(provider, faults):
            met = tuple(one.fault for one in faults)
            self._remember(request, 0, provider.name, account=name, faults=met)
            return _reset(request)
        verdict = judge(provider, route, call, faults)
        self._remember(
            request,
            0 if _has(faults, Fault.TIMEOUT) else verdict.answer.status,
            provider.name,
            account=name,
            authenticated=verdict.authenticated,
            faults=tuple(one.fault for one in faults),
        )
        await _wait(faults)
        return await send(request, verdict.answer, faults, now_s=call.now_s)

    def _hangs_up(self, provider: Provider, faults: tuple[ActiveFault, ...]) -> bool:
        # A client that has cached the address reaches a refused provider all the same.
        refused = self.board.connection_fault(provider.name) is Fault.REFUSED
        return refused or _has(faults, Fault.RESET)

    def _call(
        self, provider: Provider, request: web.BaseRequest, host: str, body: bytes
    ) -> Call:
        now_s = self._now()
        target = request.raw_path
        query = target.partition("?")[2]
        return Call(
            method=request.method,
            host=host,
            path=request.path,
            target=target,
            query_string=query,
            params=dict(parse_qsl(query, keep_blank_values=True)),
            headers=request.headers,
            body=body,
            now_s=now_s + self._skew_s(provider),
            peer_ip=request.remote or LOOPBACK,
            market=Market(now_s=now_s),
            memory=self._memory,
            certificate=_certificate_name(request.transport),
        )

    def _skew_s(self, provider: Provider) -> float:
        return sum(
            fault.seconds
            for fault in self.board
            if fault.fault is Fault.CLOCK_SKEW and fault.covers(provider.name)
        )

    def _remember(
        self,
        request: web.BaseRequest,
        status: int,
        provider: str,
        *,
        account: str | None = None,
        authenticated: bool = False,
        faults: tuple[str, ...] = (),
    ) -> None:
        self._requests.append(
            RecordedRequest(
                at_s=self._now(),
                host=_host_of(request),
                method=request.method,
                path=request.path,
                provider=provider,
                account=account,
                credentials=carries_credentials(request.headers, request.query_string),
                authenticated=authenticated,
                status=status,
                faults=faults,
            )
        )


def _host_of(request: web.BaseRequest) -> str:
    return request.host.partition(":")[0].lower()


def _certificate_name(transport: asyncio.BaseTransport | None) -> str:
    """Return the common name in a caller's certificate, which TLS has verified."""
    found = transport.get_extra_info("peercert") if transport is not None else None
    subject = found.get("subject", ()) if found else ()
    names = {name: value for part in subject for name, value in part}
    return str(names.get("commonName", ""))


async def _hang_up(listener: asyncio.Server, server: web.Server) -> None:
    """Stop accepting, let handshakes end, then close what is open.

    In this order: asyncio loses a connection that it accepts in the very moment in
    which its server closes.
    """
    loop = asyncio.get_running_loop()
    for listening in listener.sockets:
        loop.remove_reader(listening.fileno())
    await asyncio.sleep(_FAREWELL_S)
    listener.close()
    await server.shutdown(_SHUTDOWN_S)
    await asyncio.sleep(_FAREWELL_S)


def _refuse_second(file: Path) -> None:
    """Leave a sandbox that runs alone: two would fight over one file."""
    try:
        info = SandboxInfo.load(file)
        socket.create_connection((LOOPBACK, info.port), timeout=1).close()
    except (InputError, OSError):
        return  # none, or left behind by one that was killed
    raise InputError(f"a sandbox already runs here: '{file}', process {info.pid}")


def _hosts_of(fault: ActiveFault) -> frozenset[str]:
    return frozenset(
        host
        for provider in PROVIDERS.values()
        if fault.covers(provider.name)
        for host in provider.hosts
    )


def _has(faults: tuple[ActiveFault, ...], fault: Fault) -> bool:
    return any(active.fault is fault for active in faults)


def _signed_skew_s(faults: tuple[ActiveFault, ...]) -> float:
    """Return how far the clock of signed calls alone is off."""
    return sum(one.seconds for one in faults if one.fault is Fault.SIGNED_SKEW)


async def _wait(faults: tuple[ActiveFault, ...]) -> None:
    for active in faults:
        if active.fault in (Fault.TIMEOUT, Fault.SLOW):
            await asyncio.sleep(active.seconds)


def _reset(request: web.BaseRequest) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("the sandbox was told to hang up")
