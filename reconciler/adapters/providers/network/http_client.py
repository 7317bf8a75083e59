"""httpx over the network's one session; imported only by what speaks plain HTTP."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx
from httpx_aiohttp import AiohttpTransport

if TYPE_CHECKING:
    from reconciler.adapters.providers.network.session import GuardedSession


def make_client(session: GuardedSession, *, tls: ssl.SSLContext) -> httpx.AsyncClient:
    """Return a client over the session; closing it closes nothing."""
    transport = _SharedTransport(session, tls=tls)
    return httpx.AsyncClient(
        transport=transport, follow_redirects=False, trust_env=False
    )


class _SharedTransport(AiohttpTransport):
    """httpx over the network's session, which outlives the client."""

    def __init__(self, session: GuardedSession, *, tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._guarded = session

    def get_client(self) -> Any:
        """Return the session; the transport itself would make one."""
        return self._guarded

    async def aclose(self) -> None:
        """Leave the session open."""
