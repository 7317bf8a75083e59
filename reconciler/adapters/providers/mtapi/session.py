"""An open connection to an MT4/MT5 account behind a bridge, in the `v1` dialect.

    GET {base_url}/v1/accounts/{id}
    GET {base_url}/v1/accounts/{id}/symbols
    GET {base_url}/v1/accounts/{id}/quote?symbol
    GET {base_url}/v1/accounts/{id}/history?symbol&timeframe&limit[&from]

The paths stand here and nowhere else: on such bridges a GET can also place orders,
so no path is ever made from a file.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

from reconciler.adapters.providers.budget import permission_rungs
from reconciler.adapters.providers.candles import (
    SAMPLE_ROWS,
    bounded_limit,
    foreign_exchange,
    prove_candles,
)
from reconciler.adapters.providers.checks import is_base_url, is_text, nearest
from reconciler.adapters.providers.ladder import (
    Climb,
    Rung,
    Step,
    Trail,
    ask,
    climb,
    clock_rung,
    sample_plan,
)
from reconciler.adapters.providers.mtapi.checks import REQUIRED, TIMEFRAMES
from reconciler.adapters.providers.mtapi.rows import (
    read_account,
    read_candles,
    read_symbols,
    read_ticker,
)
from reconciler.adapters.providers.network import Network
from reconciler.adapters.providers.plain_keys import PlainKeys, read_plain_keys
from reconciler.adapters.providers.redaction import make_scrubber
from reconciler.adapters.providers.rest import (
    PLAIN_CODES,
    Request,
    RestClient,
    explain_httpx,
    join_url,
)
from reconciler.adapters.providers.settings import (
    checked,
    pacer_of,
    setting,
    timeout_s,
)
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Mark, Ticker
from reconciler.core.secret import Credentials
from reconciler.core.verdict import ProbeName, ProbeStatus, Verdict

DEFAULT_BASE_URL = "https://api.mtapi.io"
DEFAULT_TIMEOUT_S = 30.0
DEFAULT_TIMEFRAME = "H1"

_CODES = {
    **PLAIN_CODES,
    # The vendor's own words, met when a gateway hands its answers on.
    "connect_error": Category.EXCHANGE_UNAVAILABLE,
    "invalid_account": Category.INVALID_CREDENTIALS,
    "market_closed": Category.EXCHANGE_UNAVAILABLE,
    "service_not_available": Category.EXCHANGE_UNAVAILABLE,
    # Every path has the account in it: what is not found is the account.
    "not_found": Category.INVALID_CREDENTIALS,
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Where the account is and how to ask for it."""

    account_url: str
    keys: PlainKeys
    timeout_s: float


@asynccontextmanager
async def open_session(
    connection: Connection, credentials: Credentials, network: Network
) -> AsyncIterator[MtapiSession]:
    """Open a session; nothing is sent before its first call.

    Raises `ProviderError` for settings that cannot be used.
    """
    bridge = _prepare(connection, credentials)
    proxy = setting(connection, credentials, "proxy")
    if proxy is not None:
        checked("proxy", proxy, is_text, category=Category.BAD_URL)
    client = RestClient(
        network,
        scrub=make_scrubber(credentials),
        pacer=pacer_of(network, connection, ticks=time.monotonic),
        proxy=proxy,
    )
    try:
        yield MtapiSession(connection, bridge, client, network)
    finally:
        await client.close()


class MtapiSession:
    """One account behind a bridge."""

    def __init__(
        self,
        connection: Connection,
        bridge: Bridge,
        client: RestClient,
        network: Network,
    ) -> None:
        self._connection = connection
        self._bridge = bridge
        self._client = client
        self._network = network
        self._setting = Climb(
            network=network,
            scrub=client.scrub,
            timeout_s=bridge.timeout_s,
            explain=explain_httpx,
        )

    async def test(self) -> Verdict:
        """Climb: the account with the key, the clock, the declared candles.

        There is no public rung: a bridge has no path that answers without a key.
        """
        steps = [
            Step(name=ProbeName.AUTH, run=self._auth),
            Step(name=ProbeName.CLOCK, run=clock_rung),
            *permission_rungs(self._connection),
            Step(name=ProbeName.DATA, run=self._data),
        ]
        return await climb(steps, self._setting)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        count = bounded_limit(limit)
        _require_timeframe(timeframe)
        params = {"symbol": symbol, "timeframe": timeframe, "limit": str(count)}
        if since_ms is not None:
            params["from"] = str(since_ms // 1000)

        async def fetch() -> Sequence[Candle]:
            candles = read_candles(await self._read("history", params))
            return candles[-count:] if since_ms is None else candles[:count]

        return await self._ask(fetch)

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current quote."""

        async def fetch() -> Ticker:
            return read_ticker(symbol, await self._read("quote", {"symbol": symbol}))

        return await self._ask(fetch)

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for, sorted."""

        async def fetch() -> Sequence[str]:
            return read_symbols(await self._read("symbols"))

        return await self._ask(fetch)

    async def account(self) -> Account:
        """Return what the bridge says of the account."""

        async def fetch() -> Account:
            return read_account(await self._read(""))

        return await self._ask(fetch)

    # The rungs

    async def _auth(self, _trail: Trail) -> Rung:
        account = read_account(await self._read(""))
        warnings = self._bridge.keys.warnings
        if account.read_only is False:
            hint = "this login may trade: the investor password only reads"
            warnings = (*warnings, hint)
        return Rung(detail="the account was read", warnings=warnings)

    async def _data(self, _trail: Trail) -> Rung:
        connection = self._connection
        if not connection.symbols:
            return Rung(status=ProbeStatus.UNPROVEN, detail="no symbol is declared")
        plan = sample_plan(connection, DEFAULT_TIMEFRAME)
        marks = [await self._sample(symbol, frame) for symbol, frame in plan]
        return Rung(detail=f"{len(marks)} series of candles", marks=tuple(marks))

    async def _sample(self, symbol: str, timeframe: str) -> Mark:
        try:
            candles = await self.candles(symbol, timeframe, limit=SAMPLE_ROWS)
        except ProviderError as error:
            if error.diagnosis.category is not Category.BAD_SYMBOL:
                raise
            raise await self._suggest(symbol, error) from None
        return prove_candles(
            candles,
            symbol=symbol,
            timeframe=timeframe,
            now_ms=self._network.now_ms(),
            max_age=foreign_exchange,
        )

    async def _suggest(self, symbol: str, error: ProviderError) -> ProviderError:
        """Name the account's spelling: brokers append letters, and case counts."""
        try:
            names = await self.symbols()
        except ProviderError:
            return error
        plain = {name.lower(): name for name in reversed(names)}
        longer = (n for n in names if n.lower().startswith(symbol.lower()))
        close = plain.get(symbol.lower()) or next(longer, "") or nearest(symbol, plain)
        if not close:
            return error
        fix = f"did you mean '{plain.get(close, close)}'?"
        return ProviderError(replace(error.diagnosis, fix=fix))

    # The bridge behind them

    async def _read(self, what: str, params: dict[str, str] | None = None) -> Any:
        request = Request(
            url=join_url(self._bridge.account_url, what),
            params=params or {},
            headers={"Authorization": f"Bearer {self._bridge.keys.values['api_key']}"},
        )
        return await self._client.read(request, _CODES)

    async def _ask(self, work: Callable[[], Awaitable[T]]) -> T:
        return await ask(work, self._setting)


def _prepare(connection: Connection, credentials: Credentials) -> Bridge:
    base_url = setting(connection, credentials, "base_url") or DEFAULT_BASE_URL
    allow_http = connection.config.get("allow_http") is True
    checked(
        "base_url",
        base_url,
        lambda value: is_base_url(value, allow_http=allow_http),
        category=Category.BAD_URL,
    )
    keys = read_plain_keys(credentials, REQUIRED, in_header=True)
    account = quote(keys.values["account_id"], safe="")
    return Bridge(
        account_url=join_url(base_url, f"v1/accounts/{account}"),
        keys=keys,
        timeout_s=timeout_s(connection, credentials, default=DEFAULT_TIMEOUT_S),
    )


def _require_timeframe(timeframe: str) -> None:
    # A bridge that does not know it may answer with another one.
    if timeframe not in TIMEFRAMES:
        known = ", ".join(TIMEFRAMES)
        raise ProviderError(
            diagnose(Category.BAD_TIMEFRAME, detail=timeframe, fix=f"use {known}")
        )
