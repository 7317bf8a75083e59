"""An open connection to an MT4/MT5 account behind a bridge, in the `v1` dialect.

    GET {base_url}/v1/accounts/{id}
    GET {base_url}/v1/accounts/{id}/symbols
    GET {base_url}/v1/accounts/{id}/quote?symbol
    GET {base_url}/v1/accounts/{id}/history?symbol&timeframe&limit[&from]

The paths stand in `calls` and nowhere else: on such bridges a GET can also place
orders, so no path is ever made from a file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from reconciler.adapters.providers.ladder.candles import bounded_limit
from reconciler.adapters.providers.ladder.climbing import (
    Climb,
    Rung,
    Step,
    Trail,
    ask,
    climb,
    clock_rung,
)
from reconciler.adapters.providers.metatrader.hours import (
    SilentError,
)
from reconciler.adapters.providers.metatrader.rights import (
    INVESTOR_HINT,
    investor_rungs,
)
from reconciler.adapters.providers.metatrader.series import (
    prove_series,
)
from reconciler.adapters.providers.mtapi.calls import (
    V1_CODES,
    AccountPath,
    account_request,
    read_document,
)
from reconciler.adapters.providers.mtapi.opening import Opening, make_client
from reconciler.adapters.providers.mtapi.rows import (
    read_account,
    read_candles,
    read_symbols,
    read_ticker,
)
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.redaction import make_scrubber
from reconciler.adapters.providers.rest import RestClient, explain_httpx
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker
from reconciler.core.secret import Credentials
from reconciler.core.verdict import ProbeName, Verdict

DEFAULT_TIMEFRAME = "H1"

T = TypeVar("T")


@asynccontextmanager
async def open_v1(
    opening: Opening, credentials: Credentials, network: Network
) -> AsyncIterator[MtapiSession]:
    """Open a session; nothing is sent before its first call."""
    client = make_client(opening, credentials, network, make_scrubber(credentials))
    try:
        yield MtapiSession(opening, client, network)
    finally:
        await client.close()


class MtapiSession:
    """One account behind a bridge."""

    def __init__(self, opening: Opening, client: RestClient, network: Network) -> None:
        self._opening = opening
        self._client = client
        self._network = network
        self._read_only: bool | None = None
        self._setting = Climb(
            network=network,
            scrub=client.scrub,
            timeout_s=opening.timeout_s,
            explain=explain_httpx,
        )

    async def test(self) -> Verdict:
        """Climb: the account with the key, the clock, its rights, the candles.

        There is no public rung: a bridge has no path that answers without a key.
        """
        steps = [
            Step(name=ProbeName.AUTH, run=self._auth),
            Step(name=ProbeName.CLOCK, run=clock_rung),
            *investor_rungs(self._opening.connection, lambda: self._read_only),
            Step(name=ProbeName.DATA, run=self._data),
        ]
        return await climb(steps, self._setting)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        count = bounded_limit(limit)
        require_timeframe(timeframe, self._opening.timeframes)
        params = {"symbol": symbol, "timeframe": timeframe, "limit": str(count)}
        if since_ms is not None:
            params["from"] = str(since_ms // 1000)

        async def fetch() -> Sequence[Candle]:
            candles = read_candles(await self._read(AccountPath.HISTORY, params))
            return candles[-count:] if since_ms is None else candles[:count]

        return await self._ask(fetch)

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current quote."""

        async def fetch() -> Ticker:
            document = await self._read(AccountPath.QUOTE, {"symbol": symbol})
            return read_ticker(symbol, document)

        return await self._ask(fetch)

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for, sorted."""

        async def fetch() -> Sequence[str]:
            return read_symbols(await self._read(AccountPath.SYMBOLS))

        return await self._ask(fetch)

    async def account(self) -> Account:
        """Return what the bridge says of the account."""

        async def fetch() -> Account:
            return read_account(await self._read(AccountPath.ACCOUNT))

        return await self._ask(fetch)

    # The rungs

    async def _auth(self, _trail: Trail) -> Rung:
        self._read_only = None
        try:
            account = read_account(await self._read(AccountPath.ACCOUNT))
        except SilentError as error:  # also off-hours: nothing has proven the key
            found = error.diagnosis
        else:
            self._read_only = account.read_only
            warnings = self._opening.keys.warnings
            if account.read_only is False:
                warnings = (*warnings, INVESTOR_HINT)
            return Rung(detail="the account was read", warnings=warnings)
        raise ProviderError(found)

    async def _data(self, _trail: Trail) -> Rung:
        return await prove_series(
            self,
            self._opening.connection,
            default=DEFAULT_TIMEFRAME,
            now=self._network.clock(),
        )

    # The bridge behind them

    async def _read(
        self, path: AccountPath, params: dict[str, str] | None = None
    ) -> Any:
        opening = self._opening
        values = opening.keys.values
        request = account_request(
            opening.base_url,
            values["account_id"],
            path,
            params=params or {},
            headers={"Authorization": f"Bearer {values['api_key']}"},
        )
        return await read_document(
            self._client, request, V1_CODES, now=self._network.clock()
        )

    async def _ask(self, work: Callable[[], Awaitable[T]]) -> T:
        return await ask(work, self._setting)


def require_timeframe(timeframe: str, known: Sequence[str]) -> None:
    """Raise `ProviderError` for a timeframe that the platform does not have.

    A bridge that does not know it may answer with another one.
    """
    if timeframe not in known:
        fix = f"use {', '.join(known)}"
        raise ProviderError(diagnose(Category.BAD_TIMEFRAME, detail=timeframe, fix=fix))
