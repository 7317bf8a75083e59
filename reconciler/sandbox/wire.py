"""How an answer goes over the wire, also when it should not go so."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

from reconciler.sandbox.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.sandbox.faults import ActiveFault
    from reconciler.sandbox.provider import Answer

_DRIP_S = 0.1
_MIB = 1024 * 1024
_HUGE_MIB = 1024


def response(answer: Answer, now_s: float, *, dated: bool = True) -> web.Response:
    """Return an answer as it should go out; `now_s` is the provider's clock."""
    headers = {
        "Content-Type": answer.content_type,
        "Date": formatdate(now_s, usegmt=True),
        "Server": "sandbox",
        **answer.headers,
    }
    found = web.Response(status=answer.status, body=answer.body, headers=headers)
    if not dated:
        found = _Undated(status=answer.status, body=answer.body, headers=headers)
    return found


class _Undated(web.Response):
    """A response without the header that aiohttp adds to every one."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.pop("Date", None)


async def send(
    request: web.BaseRequest,
    answer: Answer,
    faults: tuple[ActiveFault, ...],
    *,
    now_s: float,
) -> web.StreamResponse:
    """Return the response, or send it in the way in which a fault breaks it."""
    active = {one.fault for one in faults}
    if Fault.CUT_OFF in active:
        return await _cut_off(request, answer)
    if Fault.UNSIZED in active:
        return _unsized(request, answer)
    if Fault.BROKEN_GZIP in active:
        return _broken_gzip(answer)
    if active & _ENDLESS.keys():
        fault = next(fault for fault in _ENDLESS if fault in active)
        return await _endless(request, fault)
    return response(answer, now_s, dated=Fault.NO_DATE not in active)


async def _cut_off(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Announce the whole body, send half of it, hang up."""
    found = web.StreamResponse(status=answer.status)
    found.content_type = answer.content_type
    found.content_length = max(2, len(answer.body))
    await found.prepare(request)
    await found.write(answer.body[: len(answer.body) // 2] or b" ")
    await asyncio.sleep(0)
    if request.transport is not None:
        with contextlib.suppress(ConnectionError):
            request.transport.close()
    return found


def _unsized(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Answer as HTTP/1.0 did, where the end is a closed connection: half of it."""
    head = f"HTTP/1.0 {answer.status} OK\r\nContent-Type: {answer.content_type}\r\n\r\n"
    transport = request.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.write(head.encode() + answer.body[: len(answer.body) // 2])
        transport.close()
    raise ConnectionResetError("the sandbox was told to leave the length out")


def _broken_gzip(answer: Answer) -> web.Response:
    """Return a packed answer that ends too early, with the length that it has."""
    packed = gzip.compress(answer.body or b" ")
    headers = {"Content-Type": answer.content_type, "Content-Encoding": "gzip"}
    return web.Response(
        status=answer.status, body=packed[: len(packed) // 2], headers=headers
    )


async def _endless(request: web.BaseRequest, fault: Fault) -> web.StreamResponse:
    """Send a body that does not end while anybody reads it."""
    found = web.StreamResponse(status=200, headers={"Content-Type": "application/json"})
    if fault is Fault.GZIP_BOMB:
        found.headers["Content-Encoding"] = "gzip"
    await found.prepare(request)
    for piece in _ENDLESS[fault]():
        await found.write(piece)
        await asyncio.sleep(_DRIP_S if fault is Fault.DRIP else 0)
    return found


def _dripping() -> Iterator[bytes]:
    yield b'{"data":['
    while True:
        yield b" "


def _flood() -> Iterator[bytes]:
    yield b'{"data":['
    for _ in range(_HUGE_MIB):
        yield b" " * _MIB


def _bomb() -> Iterator[bytes]:
    """Yield a gigabyte of blanks in a megabyte: one packed block, again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    blank = b" " * _MIB
    yield packer.compress(b'{"data":[') + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(blank) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(_HUGE_MIB):
        yield block


_ENDLESS = {Fault.DRIP: _dripping, Fault.HUGE: _flood, Fault.GZIP_BOMB: _bomb}
