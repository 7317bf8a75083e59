"""Clients that reach the sandbox the way the tool does: resolver, CA, real ccxt."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from reconciler.sandbox import SandboxInfo, sandbox_account


class SandboxResolver(AbstractResolver):
    """Every name is 127.0.0.1; refused names go to the port nobody listens on."""

    def __init__(self, file):
        self._file = file

    async def resolve(self, host, port=0, family=socket.AF_INET):
        info = self._read()
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=info.port_for(host),
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    def _read(self):
        return SandboxInfo.load(self._file)

    async def close(self):
        """Hold nothing, so close nothing."""


def client_session(sandbox, **kwargs: Any) -> aiohttp.ClientSession:
    """Return a session that can reach the sandbox and nothing else."""
    context = ssl.create_default_context(cafile=str(sandbox.info.ca_file))
    connector = aiohttp.TCPConnector(
        resolver=SandboxResolver(sandbox.file), ssl=context, use_dns_cache=False
    )
    return aiohttp.ClientSession(connector=connector, **kwargs)


@asynccontextmanager
async def exchange(sandbox, name, *, account="reader", provider=None, **config: Any):
    """Give an unmodified ccxt exchange that talks to the sandbox.

    `account=None` makes it keyless; `config` goes to ccxt's constructor last.
    """
    import ccxt.async_support as ccxt

    keys: dict[str, Any] = {}
    if account is not None:
        person = sandbox_account(provider or name, account)
        keys = {"apiKey": person.api_key, "secret": person.api_secret}
        if person.api_passphrase:
            keys["password"] = person.api_passphrase
    async with client_session(sandbox) as session:
        client = getattr(ccxt, name)(
            {"session": session, "enableRateLimit": False, "timeout": 5000}
            | keys
            | config
        )
        client.timeout_on_exit = 0
        try:
            yield client
        finally:
            await await_stragglers()
            await client.close()
            client.session = None


async def await_stragglers():
    """Wait for what a failed asyncio.gather inside ccxt left running.

    A request that is cancelled in its TLS handshake leaves an open socket behind,
    and one that outlives its session opens a new one.
    """
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=5)
