"""Whether a host is there: it takes a connection, or it answers a TLS greeting.

What merely takes connections, as a gateway does whose own line is down, says nothing
of the world behind it.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Protocol

import aiohttp
from aiohttp.abc import ResolveResult

from reconciler.core.errors import ProviderError

_NOBODY = (aiohttp.ClientError, OSError, ProviderError)


class Addresses(Protocol):
    """Knows where hosts are, and where connections may not lead."""

    async def addresses(self, host: str, port: int) -> list[ResolveResult]:
        """Return where a host is; raises `ProviderError` for what is not allowed."""
        ...


async def takes_connections(known: Addresses, host: str, port: int) -> bool:
    """Tell whether a host takes a connection; nothing is sent."""
    return await _connects(known, host, port, tls=None)


async def answers_greeting(
    known: Addresses, host: str, port: int, tls: ssl.SSLContext
) -> bool:
    """Tell whether a host answers a TLS greeting, whatever its certificate."""
    try:
        return await _connects(known, host, port, tls=tls)
    except ssl.SSLCertVerificationError:
        return True


async def _connects(
    known: Addresses, host: str, port: int, *, tls: ssl.SSLContext | None
) -> bool:
    try:
        found = await known.addresses(host, port)
    except _NOBODY:
        return False
    for place in found:  # a machine may have a way to one of them only
        try:
            _, writer = await asyncio.open_connection(
                place["host"],
                place["port"],
                ssl=tls,
                server_hostname=host if tls else None,
            )
        except ssl.SSLCertVerificationError:
            raise
        except _NOBODY:
            continue
        writer.transport.abort()
        return True
    return False
