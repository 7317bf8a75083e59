"""An open connection to a REST feed that its file describes, backups included."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from reconciler.adapters.providers.custom_api.answer_rules import make_rules
from reconciler.adapters.providers.custom_api.backups import is_gone, merged
from reconciler.adapters.providers.custom_api.caller import Caller, make_retry
from reconciler.adapters.providers.custom_api.endpoint import EndpointSession
from reconciler.adapters.providers.custom_api.feed import Feed, read_feed
from reconciler.adapters.providers.custom_api.sections import OAUTH2
from reconciler.adapters.providers.custom_api.signers import (
    PlainSigner,
    Signer,
    make_hmac_signer,
)
from reconciler.adapters.providers.custom_api.tls import (
    client_refusal,
    make_tls,
    read_certificate,
)
from reconciler.adapters.providers.custom_api.tokens import (
    TokenSigner,
    make_token_request,
)
from reconciler.adapters.providers.ladder.climbing import Climb
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.redaction import Scrubber, make_scrubber
from reconciler.adapters.providers.rest import RestClient, explain_httpx
from reconciler.adapters.providers.settings import Pacer, pacer_of
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Diagnosis
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker
from reconciler.core.secret import Credentials
from reconciler.core.verdict import Verdict

T = TypeVar("T")


@asynccontextmanager
async def open_session(
    connection: Connection, credentials: Credentials, network: Network
) -> AsyncIterator[CustomSession]:
    """Open a session; nothing is sent before its first call.

    Raises `ProviderError` for settings that cannot be used.
    """
    feed = read_feed(connection, credentials)
    certificate = read_certificate(credentials, now=network.clock())
    if certificate is not None:
        warnings = (*feed.warnings, *certificate.warnings)
        feed = replace(feed, certificate_ends_at=certificate.ends_at, warnings=warnings)
    scrub = make_scrubber(credentials)
    pacer = pacer_of(network, connection, ticks=time.monotonic)
    make_client = partial(_client, network, feed, scrub)
    bare_tls = make_tls(network, feed.tls, None)
    own_tls = make_tls(network, feed.tls, certificate)
    clients = [make_client(pacer, own_tls), make_client(pacer, bare_tls)]
    # The issuer of tokens is somebody else: neither our limit nor our TLS is its.
    clients.append(make_client(Pacer(None, ticks=time.monotonic), None))
    caller = Caller(
        client=clients[0],
        bare=clients[1],
        signer=_signer(feed, network, clients[2]),
        retry=make_retry(feed.retry),
        timeout_s=feed.timeout_s,
        now=network.clock,
    )
    setting = Climb(
        network=network,
        scrub=scrub,
        timeout_s=feed.timeout_s,
        explain=partial(_explain, has_certificate=certificate is not None),
    )
    try:
        yield CustomSession(
            [
                EndpointSession(
                    connection, replace(feed, endpoint=url), caller, network, setting
                )
                for url in (feed.endpoint, *feed.backups)
            ],
            names=_names(feed),
        )
    finally:
        for client in clients:
            await client.close()


class CustomSession:
    """One feed, at its endpoint or, where that is gone, at a backup."""

    def __init__(
        self, endpoints: Sequence[EndpointSession], *, names: Sequence[str]
    ) -> None:
        self._endpoints = endpoints
        self._names = names

    async def test(self) -> Verdict:
        """Test every endpoint; return one verdict, with a row for each."""
        main, *backups = self._endpoints
        if not backups:
            return await main.test()
        found = await asyncio.gather(*(one.test() for one in self._endpoints))
        return merged(self._names, found)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        return await self._first(
            lambda one: one.candles(symbol, timeframe, limit=limit, since_ms=since_ms)
        )

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current price."""
        return await self._first(lambda one: one.ticker(symbol))

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for, sorted."""
        return await self._first(lambda one: one.symbols())

    async def account(self) -> Account:
        """Return what the feed says of the account."""
        return await self._first(lambda one: one.account())

    async def _first(self, work: Callable[[EndpointSession], Awaitable[T]]) -> T:
        """Return what the first endpoint answers; raises the main one's diagnosis."""
        failed: list[ProviderError] = []
        for endpoint in self._endpoints:
            try:
                return await work(endpoint)
            except ProviderError as error:
                if not is_gone(error.diagnosis):
                    raise
                failed.append(error)
        raise failed[0]


def _client(
    network: Network,
    feed: Feed,
    scrub: Scrubber,
    pacer: Pacer,
    tls: ssl.SSLContext | None,
) -> RestClient:
    return RestClient(
        network,
        scrub=scrub,
        pacer=pacer,
        proxy=feed.proxy,
        tls=tls,
        max_body_bytes=feed.max_body_bytes,
        rules=make_rules(feed.error_rules),
    )


def _signer(feed: Feed, network: Network, issuer: RestClient) -> Signer:
    keys = feed.keys.values
    if feed.method == "hmac":
        return make_hmac_signer(keys, feed.auth.get("hmac", {}), network.clock)
    if feed.method == OAUTH2:
        asked = make_token_request(keys, feed.auth["oauth2"])
        return TokenSigner(asked, issuer, ticks=time.monotonic)
    return PlainSigner(method=feed.method, auth=feed.auth, keys=keys)


def _names(feed: Feed) -> tuple[str, ...]:
    """Return how endpoints are called; the main one may be sealed, the others not."""
    hosts = (urlsplit(url).netloc for url in feed.backups)
    return ("the endpoint", *(f"the backup {host}" for host in hosts))


def _explain(error: Exception, *, has_certificate: bool) -> Diagnosis | None:
    refused = client_refusal(error, has_certificate=has_certificate)
    return refused or explain_httpx(error)
