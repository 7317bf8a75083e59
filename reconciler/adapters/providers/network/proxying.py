"""Whose failure it is when the way leads through a proxy: the proxy's until it opens.

aiohttp words a proxy that hangs up, that is no proxy or whose name nobody knows as if
it were the provider.
"""

from __future__ import annotations

from typing import Any

import aiohttp

from reconciler.adapters.providers.network.meter import current_timing


class ProxyBrokenError(aiohttp.ClientConnectionError):
    """A proxy did not let us through, and did not say why; the text says how."""


class ProxyConnector(aiohttp.TCPConnector):
    """Notes who is waited for, and blames a proxy for what happens at it."""

    async def _create_proxy_connection(self, *request: Any) -> Any:
        _note(at_proxy=True)
        try:
            found = await super()._create_proxy_connection(*request)
        except aiohttp.ClientHttpProxyError:
            raise
        except aiohttp.ClientError as error:
            said = _said(error)
            if said and _is_at_proxy():
                raise ProxyBrokenError(said) from None
            raise
        _note(at_proxy=False)
        return found

    async def _start_tls_connection(self, *request: Any, **options: Any) -> Any:
        _note(at_proxy=False)  # it has opened the way: what follows is the provider's
        return await super()._start_tls_connection(*request, **options)


def _said(error: aiohttp.ClientError) -> str:
    """Return what a proxy did that an exception stands for, empty for anything else."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name does not resolve"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it hung up: an HTTP proxy would answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return "its answer is no HTTP: it is no HTTP proxy"
    return ""


def _note(*, at_proxy: bool) -> None:
    timing = current_timing()
    if timing is not None:
        timing.at_proxy = at_proxy


def _is_at_proxy() -> bool:
    timing = current_timing()
    return timing is not None and timing.at_proxy
