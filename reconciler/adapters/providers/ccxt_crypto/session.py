"""An open connection to an exchange: its test and its read-only calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from reconciler.adapters.providers.ccxt_crypto.catalogue import Exchange
from reconciler.adapters.providers.ccxt_crypto.classify import (
    Case,
    explain_ccxt,
    explain_no_rows,
)
from reconciler.adapters.providers.ccxt_crypto.hub import (
    Loaded,
    hub_of,
    release,
)
from reconciler.adapters.providers.ccxt_crypto.introspection import (
    introspection_of,
    read_key,
)
from reconciler.adapters.providers.ccxt_crypto.library import import_exchange
from reconciler.adapters.providers.ccxt_crypto.listener import Listener
from reconciler.adapters.providers.ccxt_crypto.opening import Opening, prepare
from reconciler.adapters.providers.ccxt_crypto.private_reads import (
    prove_key,
    read_of,
)
from reconciler.adapters.providers.ccxt_crypto.rows import (
    cut_to_newest,
    nearest_symbol,
    prove_rows,
    read_account,
    read_candles,
    read_ticker,
)
from reconciler.adapters.providers.ladder.budget import permission_rungs
from reconciler.adapters.providers.ladder.calendars import age_rule
from reconciler.adapters.providers.ladder.candles import (
    SAMPLE_ROWS,
    always_open,
    bounded_limit,
)
from reconciler.adapters.providers.ladder.climbing import (
    Climb,
    Rung,
    Step,
    Trail,
    ask,
    climb,
    clock_rung,
    explain_any,
    sample_plan,
)
from reconciler.adapters.providers.ladder.patience import waiting_for_turn
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.settings import (
    pacer_of,
)
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, Diagnosis, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Mark, Ticker
from reconciler.core.permissions import KeyFacts
from reconciler.core.secret import Credentials
from reconciler.core.verdict import ProbeName, ProbeStatus, Verdict

DEFAULT_TIMEOUT_S = 20.0
DEFAULT_TIMEFRAME = "1h"

T = TypeVar("T")


@asynccontextmanager
async def open_session(
    connection: Connection, credentials: Credentials, network: Network
) -> AsyncIterator[CcxtSession]:
    """Open a session; nothing is sent before its first call.

    Raises `ProviderError` for settings that cannot be used.
    """
    session = CcxtSession(prepare(connection, credentials, network))
    try:
        yield session
    finally:
        session.release()


class CcxtSession:
    """One connection's exchange, made from the shared template on first use."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._exchange: Any = None
        self._signing = False
        self._told: Any = None
        self._used_remembered = False
        self._listener = Listener(opening.scrub)
        self._setting = Climb(
            network=opening.network,
            scrub=opening.scrub,
            timeout_s=opening.timeout_s,
            explain=self._explain,
        )

    async def test(self) -> Verdict:
        """Climb: markets, clock, a signed read, the declared candles."""
        steps = [
            Step(name=ProbeName.PUBLIC, run=self._public),
            Step(name=ProbeName.CLOCK, run=self._clock),
        ]
        if self._opening.keys.values:
            steps.append(Step(name=ProbeName.AUTH, run=self._auth))
            can_ask = introspection_of(self._opening.place.exchange) is not None
            read = self._read_key if can_ask else None
            steps.extend(permission_rungs(self._opening.connection, read))
        steps.append(Step(name=ProbeName.DATA, run=self._data))
        # A used instance remembers that it was let in and then reads a refusal as
        # a flood protection: every test begins with a new one.
        self.release()
        verdict = await climb(steps, self._setting)
        if verdict.passed or not self._doubts_markets(verdict):
            return verdict
        self.release()
        return await climb(steps, self._setting)

    def _doubts_markets(self, verdict: Verdict) -> bool:
        """Have remembered markets loaded anew, if the data failed over them.

        Returns whether there is reason to test again.
        """
        failed = next((p for p in verdict.probes if p.diagnosis is not None), None)
        if failed is None or failed.name is not ProbeName.DATA:
            return False
        hub_of(self._opening.network).renew(self._opening.place)
        return self._used_remembered

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        count = bounded_limit(limit)

        async def fetch() -> Sequence[Candle]:
            exchange = await self._ready()
            self._require_market(exchange, symbol, timeframe)
            rows = await exchange.fetch_ohlcv(symbol, timeframe, since_ms, count)
            candles = read_candles(rows)
            return candles[-count:] if since_ms is None else candles[:count]

        return await self._ask(fetch)

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current price."""

        async def fetch() -> Ticker:
            exchange = await self._ready()
            self._require_symbol(exchange, symbol)
            return read_ticker(symbol, await exchange.fetch_ticker(symbol))

        return await self._ask(fetch)

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for, sorted."""

        async def fetch() -> Sequence[str]:
            return tuple(sorted((await self._ready()).markets))

        return await self._ask(fetch)

    async def account(self) -> Account:
        """Return the balances that are not zero."""
        if not self._opening.keys.values:
            raise ProviderError(
                diagnose(Category.BAD_REQUEST, detail="a public connection has none")
            )

        async def fetch() -> Account:
            exchange = await self._ready()
            return read_account(await exchange.fetch_balance())

        return await self._ask(fetch, signing=True)

    def release(self) -> None:
        """Let the exchange go; the network keeps its session and the markets."""
        if self._exchange is not None:
            release(self._exchange)
            del self._exchange.parse_ohlcvs  # or it would hold itself
            self._exchange = None
        self._told = None

    # The rungs

    async def _public(self, trail: Trail) -> Rung:
        try:
            loaded = await self._load()
        except (ProviderError, asyncio.CancelledError):  # the latter: out of time
            hub = hub_of(self._opening.network)
            trail.meters[-1].timings.extend(hub.requests_of(self._opening.place))
            raise
        await self._ready()
        count = len(loaded.template.markets)
        since = " of an earlier run, and its time" if loaded.remembered else ""
        if loaded.meter.timings and not loaded.used:
            loaded.used = True
            trail.meters[-1].timings.extend(loaded.meter.timings)
            return Rung(
                detail=f"{count} markets{since}", warnings=self._opening.keys.warnings
            )
        return Rung(
            detail=f"{count} markets, loaded before in this run",
            warnings=self._opening.keys.warnings,
        )

    async def _clock(self, trail: Trail) -> Rung:
        loaded = await self._load()
        return await clock_rung(trail, known_skew_ms=loaded.meter.skew_ms)

    async def _auth(self, _trail: Trail) -> Rung:
        exchange = await self._ready()
        if not self._opening.exchange.has_balance:
            return Rung(
                status=ProbeStatus.UNPROVEN,
                detail="this exchange has no read that needs the key",
            )
        self._begin(signing=True)
        answer = await prove_key(exchange)
        if read_of(exchange).tells_rights:
            self._told = answer
        return Rung(detail="a signed read was answered")

    async def _read_key(self) -> KeyFacts | None:
        exchange = await self._ready()
        introspection = introspection_of(self._opening.place.exchange)
        if introspection is None:
            return None
        if self._told is not None:
            return introspection.read(exchange, self._told)
        self._begin(signing=True)
        try:
            return await read_key(exchange, introspection)
        except Exception as error:  # noqa: BLE001 - the adapter's own door
            diagnosis = explain_any(error, self._opening.scrub, self._explain)
        raise ProviderError(diagnosis)

    async def _data(self, _trail: Trail) -> Rung:
        connection = self._opening.connection
        exchange = await self._ready()
        if not connection.symbols:
            return Rung(status=ProbeStatus.UNPROVEN, detail="no symbol is declared")
        if not self._opening.exchange.has_ohlcv:
            return await self._tickers_only(connection.symbols)
        default = _default_timeframe(self._opening.exchange)
        plan = sample_plan(connection, default)
        for symbol, timeframe in plan:
            self._require_market(exchange, symbol, timeframe)
        marks = [await self._sample(symbol, frame) for symbol, frame in plan]
        return Rung(detail=f"{len(marks)} series of candles", marks=tuple(marks))

    async def _sample(self, symbol: str, timeframe: str) -> Mark:
        exchange = await self._ready()
        self._begin(signing=False)
        rows = await exchange.fetch_ohlcv(symbol, timeframe, None, SAMPLE_ROWS)
        try:
            return prove_rows(
                rows,
                count=SAMPLE_ROWS,
                spelling=str(exchange.markets[symbol].get("id") or ""),
                symbol=symbol,
                timeframe=timeframe,
                now_ms=self._opening.network.now_ms(),
                max_age=age_rule(self._opening.connection, always_open),
            )
        except ProviderError as error:
            said = explain_no_rows(self._case())
            raise (ProviderError(said) if said else error) from None

    async def _tickers_only(self, symbols: Sequence[str]) -> Rung:
        for symbol in symbols:
            await self.ticker(symbol)
        return Rung(
            status=ProbeStatus.UNPROVEN,
            detail="this exchange offers no candles; its prices were read",
        )

    # The exchange behind them

    async def _load(self) -> Loaded:
        hub, place = hub_of(self._opening.network), self._opening.place
        if (loaded := hub.loaded(place)) is not None:
            return loaded
        with waiting_for_turn():
            await import_exchange(place.exchange)
        return await hub.load(place)

    async def _ready(self) -> Any:
        if self._exchange is None:
            hub = hub_of(self._opening.network)
            loaded = await self._load()
            self._used_remembered = loaded.remembered
            exchange = hub.make(loaded, self._opening.keys.values)
            exchange.on_rest_response = self._listener
            exchange.parse_ohlcvs = cut_to_newest(exchange.parse_ohlcvs)
            self._apply_config(exchange)
            self._exchange = exchange
        return self._exchange

    def _apply_config(self, exchange: Any) -> None:
        config = self._opening.connection.config
        for name, value in (config.get("options") or {}).items():
            exchange.options[name] = value
        exchange.timeout = int(self._opening.timeout_s * 1000)
        exchange.throttle = self._throttle(exchange)

    def _throttle(self, exchange: Any) -> Callable[..., Awaitable[None]]:
        """Wait for the exchange's limit and the file's own; the test's clock stops."""
        opening = self._opening
        pacer = pacer_of(opening.network, opening.connection, ticks=time.monotonic)
        throttler = exchange.throttler

        async def wait(cost: Any = None) -> None:
            await pacer.turn()
            with waiting_for_turn():
                await throttler(cost)

        return wait

    async def _ask(
        self, work: Callable[[], Awaitable[T]], *, signing: bool = False
    ) -> T:
        self._begin(signing=signing)
        return await ask(work, self._setting)

    def _begin(self, *, signing: bool) -> None:
        self._listener.answer = None
        self._signing = signing

    def _explain(self, error: Exception) -> Diagnosis | None:
        return explain_ccxt(error, self._case())

    def _case(self) -> Case:
        opening = self._opening
        return Case(
            exchange=opening.place.exchange,
            scrub=opening.scrub,
            now_s=opening.network.clock().timestamp(),
            answer=self._listener.answer,
            signing=self._signing,
            environment=opening.place.environment,
        )

    def _require_market(self, exchange: Any, symbol: str, timeframe: str) -> None:
        self._require_symbol(exchange, symbol)
        # ccxt passes an unknown timeframe on to some exchanges as it is.
        if exchange.timeframes and timeframe not in exchange.timeframes:
            known = ", ".join(exchange.timeframes)
            raise ProviderError(
                diagnose(Category.BAD_TIMEFRAME, detail=timeframe, fix=f"use {known}")
            )

    def _require_symbol(self, exchange: Any, symbol: str) -> None:
        if symbol in exchange.markets:
            return
        upper = symbol.upper()
        known = upper in exchange.markets
        close = upper if known else nearest_symbol(symbol, exchange.markets)
        fix = f"did you mean '{close}'?" if close else ""
        raise ProviderError(diagnose(Category.BAD_SYMBOL, detail=symbol, fix=fix))


def _default_timeframe(exchange: Exchange) -> str:
    known = exchange.timeframes
    return DEFAULT_TIMEFRAME if DEFAULT_TIMEFRAME in known else known[0]
