"""An open connection to an MT4/MT5 account in the vendor's own dialect.

    GET /ConnectEx?user&password&server   (or /Connect?user&password&host&port)
    GET /AccountSummary, /AccountDetails, /CheckConnect, /ConnectionStatus  ?id
    GET /GetQuote?id&symbol
    GET /SymbolList?id   (MT5 also /Symbols)
    GET /PriceHistory?id&symbol&from&to&timeFrame=MINUTES      MT5
    GET /QuoteHistory?id&symbol&timeframe=NAME&from&count      MT4
    GET /Disconnect?id

There is no `limit` on MT5: the span of time is computed, weekends walked over. The
forming bar comes along, as it does everywhere else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
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
    closed_sentence,
    reopening,
    silent,
    window_end_ms,
    window_start_ms,
)
from reconciler.adapters.providers.metatrader.rights import (
    INVESTOR_HINT,
    investor_rungs,
)
from reconciler.adapters.providers.metatrader.series import (
    prove_series,
)
from reconciler.adapters.providers.mtapi.calls import NativePath
from reconciler.adapters.providers.mtapi.login import Entry, Login
from reconciler.adapters.providers.mtapi.native_rows import (
    read_bars,
    read_names,
    read_offset,
    read_quote,
    read_summary,
    to_text,
)
from reconciler.adapters.providers.mtapi.opening import (
    Opening,
    learning_scrubber,
    make_client,
)
from reconciler.adapters.providers.mtapi.session import (
    DEFAULT_TIMEFRAME,
    require_timeframe,
)
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.rest import RestClient, explain_httpx
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker, timeframe_ms
from reconciler.core.secret import Credentials
from reconciler.core.verdict import ProbeName, ProbeStatus, Verdict

_HOLIDAYS_MS = 4 * 86_400_000
"""How far back is looked once more when a window holds too few bars."""
_MOST_AHEAD = timedelta(hours=14)
_ZONE_WARNING = (
    "the bridge does not tell the server's time zone: its times are taken as UTC; "
    "set config.utc_offset to the hours that the server is ahead"
)
_ZONE_FIX = "set config.utc_offset to the hours that the server's time is ahead of UTC"

T = TypeVar("T")


@asynccontextmanager
async def open_native(
    opening: Opening, entry: Entry, credentials: Credentials, network: Network
) -> AsyncIterator[NativeSession]:
    """Open a session; the login is made at its first call, and ended at its end."""
    scrub = learning_scrubber(credentials)
    client = make_client(opening, credentials, network, scrub)
    login = Login(entry, client, network, scrub)
    try:
        yield NativeSession(opening, login, client, network)
    finally:
        await login.close()
        await client.close()


class NativeSession:
    """One account behind a bridge, logged in."""

    def __init__(
        self, opening: Opening, login: Login, client: RestClient, network: Network
    ) -> None:
        self._opening = opening
        self._login = login
        self._network = network
        self._details: Any = None
        self._has_details = False
        self._read_only: bool | None = None
        self._setting = Climb(
            network=network,
            scrub=client.scrub,
            timeout_s=opening.timeout_s,
            explain=explain_httpx,
        )

    @property
    def _connection(self) -> Connection:
        return self._opening.connection

    async def test(self) -> Verdict:
        """Climb: login and account, the clock, the login's rights, the candles."""
        steps = [
            Step(name=ProbeName.AUTH, run=self._auth),
            Step(name=ProbeName.CLOCK, run=clock_rung),
            *investor_rungs(self._connection, lambda: self._read_only),
            Step(name=ProbeName.DATA, run=self._data),
        ]
        return await climb(steps, self._setting)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        count = bounded_limit(limit)
        require_timeframe(timeframe, self._opening.timeframes)
        is_mt4 = self._opening.platform == "mt4"
        read = self._quote_history if is_mt4 else self._price_history

        async def fetch() -> Sequence[Candle]:
            if since_ms is None:
                return (await read(symbol, timeframe, count))[-count:]
            bars = await read(symbol, timeframe, count, since_ms)
            return [bar for bar in bars if bar.opened_at_ms >= since_ms][:count]

        return await self._ask(fetch)

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current quote."""

        async def fetch() -> Ticker:
            document = await self._login.read(NativePath.GET_QUOTE, symbol=symbol)
            return read_quote(symbol, document, await self._offset())

        return await self._ask(fetch)

    async def symbols(self) -> Sequence[str]:
        """Return the symbols as the account spells them, sorted."""

        async def fetch() -> Sequence[str]:
            document = await self._login.read_if_there(NativePath.SYMBOL_LIST)
            if document is None:
                document = await self._login.read(NativePath.SYMBOLS)
            return read_names(document)

        return await self._ask(fetch)

    async def account(self) -> Account:
        """Return what the broker says of the account."""
        return await self._ask(self._account)

    # The rungs

    async def _auth(self, _trail: Trail) -> Rung:
        """Log in anew, so that a password which was changed is noticed."""
        self._read_only, self._has_details = None, False
        await self._login.close()
        await self._login.open()
        warnings = self._opening.keys.warnings
        try:
            self._read_only = (await self._account()).read_only
            await self._require_connected()
        except SilentError as error:
            return self._closed(error, warnings)
        if self._read_only is False:
            warnings = (*warnings, INVESTOR_HINT)
        if await self._offset() is None:
            warnings = (*warnings, _ZONE_WARNING)
        return Rung(detail="logged in; the account was read", warnings=warnings)

    def _closed(self, error: SilentError, warnings: tuple[str, ...]) -> Rung:
        now = self._network.clock()
        if reopening(now) is None:
            raise error
        read = "the account was read" if self._read_only is not None else "logged in"
        return Rung(
            status=ProbeStatus.UNPROVEN,
            detail=f"{read}; the broker is silent: {closed_sentence(now)}",
            warnings=warnings,
        )

    async def _require_connected(self) -> None:
        """Raise `SilentError` while the bridge has lost the broker."""
        await self._login.check()
        status = await self._login.read_if_there(NativePath.CONNECTION_STATUS)
        if isinstance(status, dict) and status.get("isConnected") is False:
            lost = diagnose(
                Category.EXCHANGE_UNAVAILABLE,
                detail="the bridge is not connected to the broker",
                evidence={"isConnected": "false"},
            )
            raise silent(ProviderError(lost), self._network.clock())

    async def _data(self, _trail: Trail) -> Rung:
        try:
            return await prove_series(
                self,
                self._connection,
                default=DEFAULT_TIMEFRAME,
                now=self._network.clock(),
            )
        except ProviderError as error:
            found = error.diagnosis
            hours_off = {Category.MALFORMED_DATA, Category.STALE_DATA}
            if found.category not in hours_off or await self._offset() is not None:
                raise
        raise ProviderError(replace(found, fix=_ZONE_FIX))

    # The account behind them

    async def _account(self) -> Account:
        document = await self._login.read(NativePath.ACCOUNT_SUMMARY)
        return read_summary(document, await self._read_details())

    async def _read_details(self) -> Any:
        if not self._has_details:
            path = NativePath.ACCOUNT_DETAILS
            self._details = await self._login.read_if_there(path)
            self._has_details = True
        return self._details

    async def _offset(self) -> timedelta | None:
        if self._opening.offset is not None:
            return self._opening.offset
        return read_offset(await self._read_details())

    async def _price_history(
        self, symbol: str, timeframe: str, count: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Ask MT5 for a span of time, once more for a longer one after holidays."""
        step, now_ms = timeframe_ms(timeframe) or 0, self._network.now_ms()
        if since_ms is not None:
            end = window_end_ms(since_ms, step * count) + _HOLIDAYS_MS
            until = min(now_ms, end)
            return await self._span(symbol, timeframe, since_ms, until)
        start = window_start_ms(now_ms, step * (count + 1))
        bars = await self._span(symbol, timeframe, start, now_ms)
        if len(bars) >= count:
            return bars
        earlier = window_start_ms(start, _HOLIDAYS_MS + step * count)
        return await self._span(symbol, timeframe, earlier, now_ms)

    async def _span(
        self, symbol: str, timeframe: str, start_ms: int, end_ms: int
    ) -> Sequence[Candle]:
        offset = await self._offset()
        # A server of unknown zone may be hours ahead: its newest bars are wanted too.
        ahead = _MOST_AHEAD if offset is None else offset
        minutes = (timeframe_ms(timeframe) or 0) // 60_000
        document = await self._login.read(
            NativePath.PRICE_HISTORY,
            symbol=symbol,
            timeFrame=str(minutes),
            **{"from": to_text(start_ms, offset), "to": to_text(end_ms, ahead)},
        )
        return read_bars(document, offset)

    async def _quote_history(
        self, symbol: str, timeframe: str, count: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Ask MT4 for a number of bars before a moment."""
        offset, until = await self._offset(), self._network.now_ms()
        if since_ms is not None:
            span = (timeframe_ms(timeframe) or 0) * count
            until = min(until, window_end_ms(since_ms, span))
            count += 1
        document = await self._login.read(
            NativePath.QUOTE_HISTORY,
            symbol=symbol,
            timeframe="MN1" if timeframe == "MN" else timeframe,
            count=str(count),
            **{"from": to_text(until, _MOST_AHEAD if offset is None else offset)},
        )
        return read_bars(document, offset)

    async def _ask(self, work: Callable[[], Awaitable[T]]) -> T:
        return await ask(work, self._setting)
