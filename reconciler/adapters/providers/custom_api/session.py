"""An open connection to a REST feed that its file describes."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from reconciler.adapters.providers.answers import Answer
from reconciler.adapters.providers.budget import permission_rungs
from reconciler.adapters.providers.candles import (
    SAMPLE_ROWS,
    bounded_limit,
    business_days,
    prove_candles,
)
from reconciler.adapters.providers.custom_api.feed import Feed, read_feed
from reconciler.adapters.providers.custom_api.rows import (
    find,
    read_account,
    read_candles,
    read_symbols,
    read_ticker,
)
from reconciler.adapters.providers.custom_api.templates import (
    fill_params,
    fill_path,
    spell_symbol,
)
from reconciler.adapters.providers.evidence import (
    evidence_of,
    parse_json,
    strange_answer,
)
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
from reconciler.adapters.providers.network import Network
from reconciler.adapters.providers.redaction import make_scrubber
from reconciler.adapters.providers.rest import (
    PLAIN_CODES,
    Request,
    RestClient,
    explain_httpx,
    join_url,
    refusal,
)
from reconciler.adapters.providers.settings import pacer_of
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Mark, Ticker
from reconciler.core.secret import Credentials
from reconciler.core.verdict import ProbeName, ProbeStatus, Verdict

DEFAULT_TIMEFRAME = "1h"
_NEEDS_KEY = frozenset(
    {
        Category.INVALID_CREDENTIALS,
        Category.PERMISSION_DENIED,
        Category.CREDENTIALS_OR_IP_OR_PERMISSION,
        Category.IP_RESTRICTED,
        Category.EXPIRED_CREDENTIALS,
    }
)
_NOT_THERE = frozenset({Category.WRONG_URL, Category.BAD_REQUEST})

T = TypeVar("T")


@asynccontextmanager
async def open_session(
    connection: Connection, credentials: Credentials, network: Network
) -> AsyncIterator[CustomSession]:
    """Open a session; nothing is sent before its first call.

    Raises `ProviderError` for settings that cannot be used.
    """
    feed = read_feed(connection, credentials)
    client = RestClient(
        network,
        scrub=make_scrubber(credentials),
        pacer=pacer_of(network, connection, ticks=time.monotonic),
        proxy=feed.proxy,
    )
    try:
        yield CustomSession(connection, feed, client, network)
    finally:
        await client.close()


class CustomSession:
    """One feed, asked with one key."""

    def __init__(
        self, connection: Connection, feed: Feed, client: RestClient, network: Network
    ) -> None:
        self._connection = connection
        self._feed = feed
        self._client = client
        self._network = network
        self._open_without_key = False
        self._setting = Climb(
            network=network,
            scrub=client.scrub,
            timeout_s=feed.timeout_s,
            explain=explain_httpx,
        )

    async def test(self) -> Verdict:
        """Climb: a call without the key, the clock, the same with it, the candles."""
        steps = [
            Step(name=ProbeName.PUBLIC, run=self._public),
            Step(name=ProbeName.CLOCK, run=clock_rung),
        ]
        if self._feed.method != "none":
            steps.append(Step(name=ProbeName.AUTH, run=self._auth))
            steps.extend(permission_rungs(self._connection))
        steps.append(Step(name=ProbeName.DATA, run=self._data))
        return await climb(steps, self._setting)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        count = bounded_limit(limit)
        values = {**self._spelt(symbol, timeframe), "limit": str(count)}
        if since_ms is not None:
            values |= {"since_ms": str(since_ms), "since_s": str(since_ms // 1000)}

        async def fetch() -> Sequence[Candle]:
            document = await self._read(self._feed.ohlcv, values)
            candles = read_candles(document, self._feed.ohlcv)
            return candles[-count:] if since_ms is None else candles[:count]

        return await self._ask(fetch)

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current price."""

        async def fetch() -> Ticker:
            document = await self._read(self._feed.ticker, self._spelt(symbol))
            return read_ticker(symbol, document, self._feed.ticker)

        return await self._ask(fetch)

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for, sorted."""

        async def fetch() -> Sequence[str]:
            document = await self._read(self._feed.symbols, {})
            return read_symbols(document, self._feed.symbols)

        return await self._ask(fetch)

    async def account(self) -> Account:
        """Return what the feed says of the account."""

        async def fetch() -> Account:
            document = await self._read(self._feed.account, {})
            return read_account(document, self._feed.account)

        return await self._ask(fetch)

    # The rungs

    async def _public(self, _trail: Trail) -> Rung:
        """Call without the key: is the feed there, and does it ask for a key?"""
        answer = await self._client.send(self._request(self._feed.test, signed=False))
        if self._feed.method == "none":
            self._require_expected(answer)
            return Rung(detail="the test call was answered; no key is used")
        strange = strange_answer(answer, self._client.scrub, page=Category.WRONG_URL)
        refused = refusal(answer, PLAIN_CODES) if strange is None else None
        if strange is not None:
            raise ProviderError(strange)
        if refused is None:
            self._open_without_key = True
            return Rung(detail="the test call was answered, also without the key")
        if refused in _NEEDS_KEY:
            return Rung(detail="the feed is there and asks for a key")
        if refused in _NOT_THERE and not answer.is_html:
            # Some services hide what a caller may not see: the key will tell.
            return Rung(detail="the feed is there")
        raise ProviderError(self._client.describe(refused, answer))

    async def _auth(self, _trail: Trail) -> Rung:
        answer = await self._client.send(self._request(self._feed.test, signed=True))
        self._require_expected(answer)
        warnings = self._feed.keys.warnings
        if not self._open_without_key:
            return Rung(detail="the test call was answered", warnings=warnings)
        return Rung(
            status=ProbeStatus.UNPROVEN,
            detail="the test path answers without the key too, so it proves nothing: "
            "name a path that needs the key in config.test.path",
            warnings=warnings,
        )

    async def _data(self, _trail: Trail) -> Rung:
        connection = self._connection
        if not connection.symbols:
            return Rung(status=ProbeStatus.UNPROVEN, detail="no symbol is declared")
        plan = sample_plan(connection, self._default_timeframe())
        marks = [await self._sample(symbol, frame) for symbol, frame in plan]
        return Rung(detail=f"{len(marks)} series of candles", marks=tuple(marks))

    async def _sample(self, symbol: str, timeframe: str) -> Mark:
        candles = await self.candles(symbol, timeframe, limit=SAMPLE_ROWS)
        return prove_candles(
            candles,
            symbol=symbol,
            timeframe=timeframe,
            now_ms=self._network.now_ms(),
            max_age=business_days,
        )

    def _require_expected(self, answer: Answer) -> None:
        if self._feed.test["method"] != "HEAD":
            self._client.require_success(answer)
        elif (category := refusal(answer, PLAIN_CODES)) is not None:
            raise ProviderError(self._client.describe(category, answer))
        expect = self._feed.test["expect"]
        codes = expect.get("status")
        codes = codes if isinstance(codes, list) else [codes] if codes else []
        if codes and answer.status not in codes:
            raise self._unexpected(f"status {answer.status}", answer)
        expression = expect.get("json")
        if expression and not find(
            expression, parse_json(answer.body), name="test.expect.json"
        ):
            raise self._unexpected("config.test.expect.json does not hold", answer)

    def _unexpected(self, detail: str, answer: Answer) -> ProviderError:
        return ProviderError(
            diagnose(
                Category.BAD_RESPONSE,
                detail=detail,
                fix="look at the answer; correct config.test if it is right",
                evidence=evidence_of(answer, self._client.scrub),
            )
        )

    # The feed behind them

    async def _read(self, call: Mapping[str, Any], values: Mapping[str, str]) -> Any:
        return await self._client.read(self._request(call, values=values))

    def _request(
        self,
        call: Mapping[str, Any],
        *,
        values: Mapping[str, str] | None = None,
        signed: bool = True,
    ) -> Request:
        feed, known = self._feed, values or {}
        params = fill_params(call["params"], known)
        headers = dict(feed.headers)
        if signed:
            _add_key(feed, params, headers)
        path = fill_path(call["path"], known) or call["path"]
        return Request(
            method=call.get("method", "GET"),
            url=join_url(feed.endpoint, path),
            params=params,
            headers=headers,
        )

    def _spelt(self, symbol: str, timeframe: str = "") -> dict[str, str]:
        ohlcv = self._feed.ohlcv
        known = ohlcv["timeframes"]
        if timeframe and known and timeframe not in known:
            raise ProviderError(
                diagnose(
                    Category.BAD_TIMEFRAME,
                    detail=timeframe,
                    fix=f"config.ohlcv.timeframes maps {', '.join(known)}",
                )
            )
        return {
            "symbol": spell_symbol(ohlcv["symbol_template"], symbol),
            "timeframe": str(known.get(timeframe, timeframe)),
        }

    def _default_timeframe(self) -> str:
        known = self._feed.ohlcv["timeframes"]
        if not known or DEFAULT_TIMEFRAME in known:
            return DEFAULT_TIMEFRAME
        return str(next(iter(known)))

    async def _ask(self, work: Callable[[], Awaitable[T]]) -> T:
        return await ask(work, self._setting)


def _add_key(feed: Feed, params: dict[str, str], headers: dict[str, str]) -> None:
    """Put the key where the feed looks for it."""
    keys, auth = feed.keys.values, feed.auth
    match feed.method:
        case "bearer":
            name = auth.get("header", "Authorization")
            headers[name] = f"{auth.get('prefix', 'Bearer ')}{keys['api_key']}"
        case "header":
            name = auth.get("header", "X-Api-Key")
            headers[name] = f"{auth.get('prefix', '')}{keys['api_key']}"
        case "query":
            params[auth.get("query_param", "apikey")] = keys["api_key"]
        case "basic":
            user, password = keys.values()
            pair = base64.b64encode(f"{user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        case _:
            pass
