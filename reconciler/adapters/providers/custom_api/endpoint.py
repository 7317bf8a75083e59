"""One base URL of a REST feed that its file describes, asked with one key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.evidence import (
    evidence_of,
    parse_json,
    strange_answer,
)
from reconciler.adapters.providers.custom_api.answer_rules import late, unmet
from reconciler.adapters.providers.custom_api.caller import Caller
from reconciler.adapters.providers.custom_api.feed import Feed
from reconciler.adapters.providers.custom_api.pages import Pages
from reconciler.adapters.providers.custom_api.rows import (
    read_account,
    read_candles,
    read_symbols,
    read_ticker,
)
from reconciler.adapters.providers.custom_api.templates import (
    fill_params,
    fill_path,
    moments,
    spell_symbol,
)
from reconciler.adapters.providers.custom_api.tls import (
    causes,
    client_refusal,
    refused_certificate,
)
from reconciler.adapters.providers.ladder.budget import is_declared, permission_rungs
from reconciler.adapters.providers.ladder.calendars import age_rule
from reconciler.adapters.providers.ladder.candles import (
    SAMPLE_ROWS,
    bounded_limit,
    business_days,
    described,
    malformed,
    prove_candles,
)
from reconciler.adapters.providers.ladder.climbing import (
    Climb,
    Rung,
    Step,
    Trail,
    ask,
    climb,
    clock_rung,
    sample_plan,
)
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.rest import PLAIN_CODES, Request, join_url, refusal
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Mark, Ticker, timeframe_ms
from reconciler.core.permissions import KeyFacts
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
_HUNG_UP = (ConnectionResetError, aiohttp.ServerDisconnectedError)

T = TypeVar("T")


class EndpointSession:
    """A feed at one base URL; `feed.endpoint` is where."""

    def __init__(
        self,
        connection: Connection,
        feed: Feed,
        caller: Caller,
        network: Network,
        setting: Climb,
    ) -> None:
        self._connection = connection
        self._feed = feed
        self._caller = caller
        self._client = caller.client
        self._network = network
        self._setting = setting
        self._open_without_key = False
        self._spoke = False
        # While one endpoint is asked, the time of the next ones must remain.
        share = feed.timeout_s / (1 + len(feed.backups))
        self._single = replace(setting, timeout_s=share)

    async def test(self) -> Verdict:
        """Climb: a call without the key, the clock, the same with it, the candles."""
        steps = [
            Step(name=ProbeName.PUBLIC, run=self._public),
            Step(name=ProbeName.CLOCK, run=clock_rung),
        ]
        if not self._feed.is_keyless:
            steps.append(Step(name=ProbeName.AUTH, run=self._auth))
            if is_declared(self._connection.permissions):
                # What no file speaks of, such as withdrawing, no feed knows either.
                steps.extend(permission_rungs(self._connection))
        steps.append(Step(name=ProbeName.DATA, run=self._data))
        return await climb(steps, self._setting)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        count = bounded_limit(limit)
        values = self._spelt(symbol, timeframe)
        if since_ms is not None:
            values |= moments("since", since_ms)

        async def fetch() -> Sequence[Candle]:
            bars = await self._bars(values, count, timeframe, since_ms)
            if since_ms is None:
                return bars[-count:]
            return [bar for bar in bars if bar.opened_at_ms >= since_ms][:count]

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
            call, found = self._feed.symbols, set[str]()
            pages = self._pages(call, {}, "symbols")
            while True:
                document, answer = await self._page(call, pages)
                names = read_symbols(document, call)
                is_new = not found.issuperset(names)
                found.update(names)
                if not is_new or not pages.turn(document, answer, names):
                    return tuple(sorted(found))

        return await self._ask(fetch)

    async def account(self) -> Account:
        """Return what the feed says of the account."""

        async def fetch() -> Account:
            document = await self._read(self._feed.account, {})
            return read_account(document, self._feed.account)

        return await self._ask(fetch)

    # The rungs

    async def _public(self, trail: Trail) -> Rung:
        """Call without the key: is the feed there, and does it ask for a key?"""
        try:
            answer = await self._call(self._feed.test, {}, signed=False)
        except Exception as error:
            self._spoke = client_refusal(error) is not None
            if self._feed.has_certificate and (self._spoke or _hung_up(error)):
                return Rung(detail="the feed is there and wants a client certificate")
            raise
        self._spoke = True
        if self._feed.is_keyless:
            return self._expected(answer, trail, "it was answered; no key is used")
        ruled = self._client.rules(answer)
        strange = strange_answer(answer, self._client.scrub, page=Category.WRONG_URL)
        if ruled is None and strange is not None and not self._is_bare(answer):
            raise ProviderError(strange)
        refused = ruled or refusal(answer, PLAIN_CODES)
        if refused is None:
            return self._without_key(answer)
        if refused in _NEEDS_KEY:
            return Rung(detail="the feed is there and asks for a key")
        if refused in _NOT_THERE and not answer.is_html:
            # Some services hide what a caller may not see: the key will tell.
            return Rung(detail="the feed is there")
        raise ProviderError(self._client.describe(refused, answer))

    def _without_key(self, answer: Answer) -> Rung:
        """Judge a success without the key: it only counts if it is what is expected."""
        if any(unmet(self._feed.test["expect"], answer)):
            return Rung(detail="the feed is there; without a key it answers otherwise")
        self._open_without_key = True
        return Rung(detail="the test call was answered, also without the key")

    async def _auth(self, trail: Trail) -> Rung:
        answer = await self._first_signed()
        rung = self._expected(answer, trail, "the test call was answered")
        ends_at = self._feed.certificate_ends_at
        rung = replace(
            rung,
            warnings=(*self._feed.warnings, *rung.warnings),
            key=KeyFacts(expires_at=ends_at) if ends_at else None,
        )
        if not self._open_without_key:
            return rung
        return replace(
            rung,
            status=ProbeStatus.UNPROVEN,
            detail="the test path answers without the key too, so it proves nothing: "
            "name a path that needs the key in config.test.path",
        )

    async def _first_signed(self) -> Answer:
        """Return the answer to the first call with the key.

        A server that does not like a certificate says so in an alert, which is lost
        when it hangs up at once. So one that spoke to a caller without any, and
        hangs up on this one twice, has refused it.
        """
        try:
            return await self._call(self._feed.test, {})
        except Exception as error:
            if not (self._feed.has_certificate and self._spoke and _hung_up(error)):
                raise
        try:
            return await self._call(self._feed.test, {})
        except Exception as error:
            if not _hung_up(error):
                raise
            evidence = {"exception": type(error).__name__}
        raise ProviderError(refused_certificate(evidence))

    async def _data(self, _trail: Trail) -> Rung:
        connection = self._connection
        if not connection.symbols:
            return Rung(status=ProbeStatus.UNPROVEN, detail="no symbol is declared")
        plan = sample_plan(connection, self._default_timeframe())
        marks = [await self._sample(symbol, frame) for symbol, frame in plan]
        return Rung(detail=described(marks), marks=tuple(marks))

    async def _sample(self, symbol: str, timeframe: str) -> Mark:
        candles = await self.candles(symbol, timeframe, limit=SAMPLE_ROWS)
        return prove_candles(
            candles,
            symbol=symbol,
            timeframe=timeframe,
            now_ms=self._network.now_ms(),
            max_age=age_rule(self._connection, business_days),
            spelling=self._spelt(symbol)["symbol"],
        )

    def _expected(self, answer: Answer, trail: Trail, detail: str) -> Rung:
        """Return the rung of an answer that is as the file expects it."""
        if not self._is_bare(answer):
            self._client.require_success(answer)
        elif (
            category := self._client.rules(answer) or refusal(answer, PLAIN_CODES)
        ) is not None:
            raise ProviderError(self._client.describe(category, answer))
        expect = self._feed.test["expect"]
        lacking = next(unmet(expect, answer), "")
        if lacking:
            raise ProviderError(
                diagnose(
                    Category.BAD_RESPONSE,
                    detail=lacking,
                    fix="look at the answer; correct config.test if it is right",
                    evidence=evidence_of(answer, self._client.scrub),
                )
            )
        last = trail.meters[-1].last if trail.meters else None
        slow = late(expect, last.total_ms if last else None)
        return Rung(detail=detail, warnings=(slow,) if slow else (), degraded=slow)

    def _is_bare(self, answer: Answer) -> bool:
        """Tell whether an answer has no body by its nature: a success of a HEAD."""
        return self._feed.test["method"] == "HEAD" and answer.is_success

    # The feed behind them

    async def _bars(
        self,
        values: Mapping[str, str],
        count: int,
        timeframe: str,
        since_ms: int | None,
    ) -> Sequence[Candle]:
        """Return the bars of as many pages as it takes, oldest first."""
        call = self._feed.ohlcv
        rows = str(min(count, call["max_limit"]))
        pages = self._pages(call, {**values, "limit": rows}, "ohlcv")
        document, answer = await self._page(call, pages)
        first = bars = read_candles(document, call)
        found = {bar.opened_at_ms: bar for bar in bars}
        while not self._is_enough(found, count, timeframe, since_ms):
            if not pages.turn(document, answer, bars):
                break
            document, answer = await self._page(call, pages)
            bars = read_candles(document, call)
            new = {bar.opened_at_ms: bar for bar in bars}
            if len(new) < len(bars):
                raise malformed("a page holds the same time twice")
            if not new.keys() - found.keys():
                break
            found |= new
        if len(found) <= len(first):
            return first  # also what stands twice in it: that is to be noticed
        return [found[at] for at in sorted(found)]

    @staticmethod
    def _is_enough(
        found: Mapping[int, Candle], count: int, timeframe: str, since_ms: int | None
    ) -> bool:
        """Tell whether no further page is wanted; pages may run either way in time."""
        if len(found) < count:
            return False
        if since_ms is None:
            return True
        return min(found) < since_ms + (timeframe_ms(timeframe) or 0)

    def _pages(
        self, call: Mapping[str, Any], values: Mapping[str, str], name: str
    ) -> Pages:
        return Pages(call, values, endpoint=self._feed.endpoint, name=name)

    async def _page(self, call: Mapping[str, Any], pages: Pages) -> tuple[Any, Answer]:
        answer = await self._call(call, pages.values, url=pages.url)
        self._client.require_success(answer)
        return parse_json(answer.body), answer

    async def _read(self, call: Mapping[str, Any], values: Mapping[str, str]) -> Any:
        answer = await self._call(call, values)
        self._client.require_success(answer)
        return parse_json(answer.body)

    async def _call(
        self,
        call: Mapping[str, Any],
        values: Mapping[str, str],
        *,
        signed: bool = True,
        url: str = "",
    ) -> Answer:
        path = fill_path(call["path"], values) or call["path"]
        request = Request(
            method=call.get("method", "GET"),
            url=url or join_url(self._feed.endpoint, path),
            params={} if url else fill_params(call["params"], values),
            headers=dict(self._feed.headers),
        )
        return await self._caller.send(request, signed=signed)

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
        return await ask(work, self._single)


def _hung_up(error: Exception) -> bool:
    """Tell whether the other end closed the connection without a word."""
    return any(isinstance(cause, _HUNG_UP) for cause in causes(error))
