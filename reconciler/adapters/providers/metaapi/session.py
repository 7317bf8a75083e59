"""An open connection to an MT4/MT5 account that MetaApi.cloud hosts.

An account there is a server of its own, which is deployed, connects to the broker and
runs in one region. So three questions come before any data: does the token know the
account, does its server run, and is the broker at the other end of it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from reconciler.adapters.providers.checks import is_sealed_proxy
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
from reconciler.adapters.providers.metaapi.calls import ReadPath, read, url_of
from reconciler.adapters.providers.metaapi.checks import (
    timeframes_of,
)
from reconciler.adapters.providers.metaapi.opening import Place, prepare
from reconciler.adapters.providers.metaapi.rows import (
    State,
    read_candles,
    read_information,
    read_price,
    read_state,
    read_symbols,
    token_end,
)
from reconciler.adapters.providers.metatrader.hours import (
    SilentError,
    closed_sentence,
    reopening,
    silent,
    window_end_ms,
)
from reconciler.adapters.providers.metatrader.rights import (
    INVESTOR_HINT,
    investor_rungs,
)
from reconciler.adapters.providers.metatrader.series import (
    prove_series,
)
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.redaction import make_scrubber
from reconciler.adapters.providers.rest import Request, RestClient, explain_httpx
from reconciler.adapters.providers.settings import (
    checked,
    pacer_of,
    setting,
)
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker, timeframe_ms
from reconciler.core.secret import Credentials
from reconciler.core.verdict import ProbeName, ProbeStatus, Verdict

DEFAULT_TIMEFRAME = "1h"
_MONTH = "1mn"
_MONTH_MS = 30 * 86_400_000
_ELSEWHERE = frozenset({Category.INVALID_CREDENTIALS, Category.EXCHANGE_UNAVAILABLE})
_SETTING_OUT = frozenset({"CREATED", "DEPLOYING", "REDEPLOYING"})

T = TypeVar("T")


@asynccontextmanager
async def open_session(
    connection: Connection, credentials: Credentials, network: Network
) -> AsyncIterator[MetaApiSession]:
    """Open a session; nothing is sent before its first call.

    Raises `ProviderError` for settings that cannot be used.
    """
    place = prepare(connection, credentials)
    proxy = setting(connection, credentials, "proxy")
    if proxy is not None:
        checked("proxy", proxy, is_sealed_proxy, category=Category.BAD_URL)
    client = RestClient(
        network,
        scrub=make_scrubber(credentials),
        pacer=pacer_of(network, connection, ticks=time.monotonic),
        proxy=proxy,
    )
    try:
        yield MetaApiSession(connection, place, client, network)
    finally:
        await client.close()


class MetaApiSession:
    """One account at MetaApi."""

    def __init__(
        self,
        connection: Connection,
        place: Place,
        client: RestClient,
        network: Network,
    ) -> None:
        self._connection = connection
        self._place = place
        self._client = client
        self._network = network
        self._home = ""
        self._read_only: bool | None = None
        self._setting = Climb(
            network=network,
            scrub=client.scrub,
            timeout_s=place.timeout_s,
            explain=explain_httpx,
        )

    async def test(self) -> Verdict:
        """Climb: the account and its server, the clock, its rights, the candles."""
        steps = [
            Step(name=ProbeName.AUTH, run=self._auth),
            Step(name=ProbeName.CLOCK, run=clock_rung),
            *investor_rungs(
                self._connection,
                lambda: self._read_only,
                expires_at=token_end(self._place.keys.values["token"]),
            ),
            Step(name=ProbeName.DATA, run=self._data),
        ]
        return await climb(steps, self._setting)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        count = bounded_limit(limit)
        known = timeframes_of(self._connection)
        if timeframe not in known:
            fix = f"use {', '.join(known)}"
            raise ProviderError(
                diagnose(Category.BAD_TIMEFRAME, detail=timeframe, fix=fix)
            )
        wanted = _MONTH if timeframe == "1M" else timeframe

        async def fetch() -> Sequence[Candle]:
            params = self._window(wanted, count, since_ms)
            names = {"symbol": symbol, "timeframe": wanted}
            document = await self._read(ReadPath.CANDLES, names, params)
            bars = read_candles(document)
            if since_ms is None:
                return bars[-count:]
            return [bar for bar in bars if bar.opened_at_ms >= since_ms][:count]

        return await self._ask(fetch)

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current quote."""

        async def fetch() -> Ticker:
            document = await self._read(ReadPath.PRICE, {"symbol": symbol})
            return read_price(symbol, document)

        return await self._ask(fetch)

    async def symbols(self) -> Sequence[str]:
        """Return the symbols as the account spells them, sorted."""

        async def fetch() -> Sequence[str]:
            return read_symbols(await self._read(ReadPath.SYMBOLS))

        return await self._ask(fetch)

    async def account(self) -> Account:
        """Return what the broker says of the account."""

        async def fetch() -> Account:
            return read_information(await self._read(ReadPath.INFORMATION))

        return await self._ask(fetch)

    # The rungs

    async def _auth(self, _trail: Trail) -> Rung:
        self._read_only, self._home = None, ""
        warnings = self._place.keys.warnings
        state = await self._state()
        if state is not None and state.state != "DEPLOYED":
            raise _not_deployed(state)
        try:
            self._require_broker(state)
            account = await self._information(state)
        except SilentError as error:
            return self._closed(error, state, warnings)
        self._read_only = account.read_only
        if account.read_only is False:
            warnings = (*warnings, INVESTOR_HINT)
        return Rung(detail="the account was read", warnings=warnings)

    def _closed(
        self, error: SilentError, state: State | None, warnings: tuple[str, ...]
    ) -> Rung:
        """Return the rung of a closed market; MetaApi itself knows the token."""
        now = self._network.clock()
        if reopening(now) is None:
            raise error
        proven = ProbeStatus.UNPROVEN if state is None else ProbeStatus.PASSED
        known = "" if state is None else "the token knows the account; "
        return Rung(
            status=proven,
            detail=f"{known}the broker is silent: {closed_sentence(now)}",
            warnings=warnings,
        )

    def _require_broker(self, state: State | None) -> None:
        """Raise `SilentError` while the account's server has lost its broker."""
        if state is not None and state.connection not in {"", "CONNECTED"}:
            fix = "look at MetaApi why the account has no connection to its broker"
            lost = _down(f"the account is {state.connection}", fix, state)
            raise silent(lost, self._network.clock())

    async def _information(self, state: State | None) -> Account:
        """Return the account, or say that it lives in another region."""
        asked, home = self._place.region, state.region if state else ""
        try:
            return read_information(await self._read(ReadPath.INFORMATION))
        except ProviderError as error:
            elsewhere = error.diagnosis.category in _ELSEWHERE
            if not (asked and home and asked != home and elsewhere):
                raise
            found = error.diagnosis
        raise ProviderError(
            diagnose(
                Category.WRONG_ENVIRONMENT,
                detail=f"the account runs in {home}, not in {asked}",
                fix=f"set config.region: {home}, or leave it out",
                evidence=found.evidence,
            )
        )

    async def _data(self, _trail: Trail) -> Rung:
        return await prove_series(
            self,
            self._connection,
            default=DEFAULT_TIMEFRAME,
            now=self._network.clock(),
        )

    # The account behind them

    async def _state(self) -> State | None:
        """Return the account's state; None when the token may not ask for it.

        A token may be narrowed down to the account's data: then the file has to say
        the region, which the state would have told.
        """
        try:
            document = await self._send(ReadPath.STATE, "", {}, {})
        except ProviderError as error:
            found = error.diagnosis
        else:
            state = read_state(document)
            self._home = state.region
            return state
        if found.category is not Category.PERMISSION_DENIED:
            raise ProviderError(found)
        if not (self._place.region or self._place.base_url):
            fix = "set config.region, or let the token read the account's state"
            raise ProviderError(replace(found, fix=fix))
        return None

    async def _read(
        self,
        path: ReadPath,
        names: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        return await self._send(path, await self._region(), names or {}, params or {})

    async def _region(self) -> str:
        """Return where the account runs; MetaApi is asked once when nobody said."""
        place = self._place
        if place.region or place.base_url:
            return place.region
        if not self._home:
            await self._state()
        if not self._home:
            raise ProviderError(
                diagnose(
                    Category.BAD_REQUEST,
                    detail="MetaApi does not tell the account's region",
                    fix="set config.region",
                )
            )
        return self._home

    async def _send(
        self,
        path: ReadPath,
        region: str,
        names: Mapping[str, str],
        params: Mapping[str, str],
    ) -> Any:
        place, values = self._place, self._place.keys.values
        fields = {"account": values["account_id"], **names}
        request = Request(
            url=url_of(place.base_url, path, region, fields),
            params=params,
            headers={"auth-token": values["token"]},
        )
        return await read(self._client, path, request, now=self._network.clock())

    def _window(
        self, timeframe: str, count: int, since_ms: int | None
    ) -> dict[str, str]:
        """Return the parameters of some bars: they are loaded backwards from a time."""
        if since_ms is None:
            return {"limit": str(count)}
        step = _MONTH_MS if timeframe == _MONTH else timeframe_ms(timeframe) or 0
        end_ms = min(self._network.now_ms(), window_end_ms(since_ms, step * count))
        return {"startTime": _iso(end_ms), "limit": str(count + 1)}

    async def _ask(self, work: Callable[[], Awaitable[T]]) -> T:
        return await ask(work, self._setting)


def _not_deployed(state: State) -> ProviderError:
    fix = "deploy the account at MetaApi"
    if state.state in _SETTING_OUT:
        fix = "wait: MetaApi starts the account's server"
    return _down(f"the account is {state.state}", fix, state)


def _down(detail: str, fix: str, state: State) -> ProviderError:
    return ProviderError(
        diagnose(
            Category.EXCHANGE_UNAVAILABLE,
            detail=detail,
            fix=fix,
            evidence={"state": state.state, "connectionStatus": state.connection},
        )
    )


def _iso(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, tz=UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds')}Z"
