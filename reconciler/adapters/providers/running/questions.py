"""Single questions to a provider: under the limits of tests, and never untold why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeVar

from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.running.bugs import bug
from reconciler.adapters.providers.running.loops import panics_as_errors
from reconciler.core.errors import ProviderError
from reconciler.core.market import Account, Candle, Ticker
from reconciler.core.ports import Ask, Sample, Session
from reconciler.core.verdict import Verdict

T = TypeVar("T")


class Through(Protocol):
    """Lets a question through: `Gate.question` for one connection."""

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what the work returns; raises `ProviderError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedSession:
    """A session whose questions wait, or are refused, as the provider asked for."""

    session: Session
    through: Through
    scrub: Scrubber

    async def test(self) -> Verdict:
        """Climb the ladder; raises `ProviderError` while nothing may be sent."""
        return await self._ask(self.session.test)

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        asked = partial(self.session.candles, symbol, timeframe)
        return await self._ask(partial(asked, limit=limit, since_ms=since_ms))

    async def ticker(self, symbol: str) -> Ticker:
        """Return the current price."""
        return await self._ask(partial(self.session.ticker, symbol))

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for, sorted."""
        return await self._ask(self.session.symbols)

    async def account(self) -> Account:
        """Return what the provider says of the account."""
        return await self._ask(self.session.account)

    async def _ask(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            with panics_as_errors():
                return await self.through(work)
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 - a plug-in's bug, its text scrubbed
            found = bug(error, self.scrub)
        raise ProviderError(found)


async def answer_of(session: Session, ask: Ask) -> Sample:
    """Return what was asked for over an open session; raises `ProviderError`."""
    sample = Sample()
    if ask.symbol and ask.timeframe:
        candles = await session.candles(
            ask.symbol, ask.timeframe, limit=ask.limit, since_ms=ask.since_ms
        )
        sample = replace(sample, candles=tuple(candles))
    if ask.symbol and ask.ticker:
        sample = replace(sample, ticker=await session.ticker(ask.symbol))
    if ask.symbols:
        sample = replace(sample, symbols=tuple(await session.symbols()))
    if ask.account:
        sample = replace(sample, account=await session.account())
    return sample
