"""Connections and calls that the tests of REST feeds share."""

from __future__ import annotations

import asyncio

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.providers.custom_api import ADAPTER
from reconciler.adapters.providers.network.session import open_network
from reconciler.core.connection import Connection
from reconciler.core.secret import Secret
from reconciler.sandbox import sandbox_account

KEY = {"api_key": sandbox_account("feed").api_key}
TOKEN_URL = "https://login.sandbox.example/oauth/token"


def feed(credentials=None, **config):
    """Return a connection to the sandbox's feed and its plain credentials."""
    credentials = KEY if credentials is None else credentials
    config = {"endpoint": "https://feed.sandbox.example/v1", **config}
    connection = Connection(
        name="feed",
        type="custom_api",
        provider="feed",
        credential_names=tuple(credentials),
        config=config,
        symbols=("BTC/USDT",),
        timeframes=("1m",),
    )
    return connection, credentials


def oauth(name="reader", **oauth2):
    """Return a connection with borrowed tokens."""
    account = sandbox_account("feed-oauth", name)
    return feed(
        {"client_id": account.api_key, "client_secret": account.api_secret},
        endpoint="https://feed-oauth.sandbox.example/v1",
        auth={"oauth2": {"token_url": TOKEN_URL, **oauth2}},
    )


def with_session(sandbox, case, work, **network_options):
    """Open the case, do the work, close everything; return what the work returns."""
    connection, credentials = case
    sealed = {name: Secret(value) for name, value in credentials.items()}

    async def run():
        async with (
            open_network(
                sandbox.file if sandbox else None,
                clock=SystemClock(),
                **network_options,
            ) as network,
            ADAPTER.open(connection, sealed, network) as session,
        ):
            return await work(session)

    return asyncio.run(run())


def verdict_of(sandbox, case, **network_options):
    """Return the verdict of one test."""
    return with_session(sandbox, case, lambda one: one.test(), **network_options)


def probe_of(verdict, name):
    """Return a verdict's probe."""
    return next(probe for probe in verdict.probes if probe.name is name)


def paths_of(sandbox, provider):
    """Return the paths that a provider was asked for, in order."""
    return [r.path for r in sandbox.requests if r.provider == provider]
