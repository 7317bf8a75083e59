"""The data rung of a MetaTrader account, and symbols as its broker spells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from reconciler.adapters.providers.checks import nearest
from reconciler.adapters.providers.ladder.calendars import age_rule
from reconciler.adapters.providers.ladder.candles import (
    SAMPLE_ROWS,
    described,
    foreign_exchange,
    prove_candles,
)
from reconciler.adapters.providers.ladder.climbing import Rung, sample_plan
from reconciler.adapters.providers.metatrader.hours import (
    SilentError,
    closed_sentence,
    reopening,
    silent_or_not,
)
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category
from reconciler.core.errors import ProviderError
from reconciler.core.market import Candle, Mark, timeframe_ms
from reconciler.core.verdict import ProbeStatus

_MAX_NAMES = 3


class Source(Protocol):
    """What the data rung asks."""

    async def candles(
        self, symbol: str, timeframe: str, *, limit: int, since_ms: int | None = None
    ) -> Sequence[Candle]:
        """Return at most `limit` bars, oldest first."""
        ...

    async def symbols(self) -> Sequence[str]:
        """Return the symbols that can be asked for."""
        ...


async def prove_series(
    source: Source, connection: Connection, *, default: str, now: datetime
) -> Rung:
    """Read what is declared; unproven where the market is closed and silent.

    Raises `ProviderError` for candles that cannot be believed, for a symbol that
    is not there (naming those that are), and for a silent broker on a weekday.
    """
    if not connection.symbols:
        return Rung(status=ProbeStatus.UNPROVEN, detail="no symbol is declared")
    marks: list[Mark] = []
    missed: list[str] = []
    for symbol, timeframe in sample_plan(connection, default):
        try:
            marks.append(await _prove_one(source, connection, symbol, timeframe, now))
        except ProviderError as error:
            is_silent = isinstance(silent_or_not(error, now), SilentError)
            if not is_silent or reopening(now) is None:
                raise
            missed.append(f"{symbol} {timeframe}")
    if not missed:
        return Rung(detail=described(marks), marks=tuple(marks))
    return Rung(
        status=ProbeStatus.UNPROVEN,
        detail=f"{closed_sentence(now)}: not read: {', '.join(missed)}",
        marks=tuple(marks),
    )


async def _prove_one(
    source: Source, connection: Connection, symbol: str, timeframe: str, now: datetime
) -> Mark:
    try:
        candles = await source.candles(symbol, timeframe, limit=SAMPLE_ROWS)
    except ProviderError as error:
        if error.diagnosis.category is not Category.BAD_SYMBOL:
            raise
        found = await _suggested(source, symbol, error)
        raise found from None
    known = timeframe if timeframe_ms(timeframe) else "1M"  # MetaApi's 1mn
    mark = prove_candles(
        candles,
        symbol=symbol,
        timeframe=known,
        now_ms=int(now.timestamp() * 1000),
        max_age=age_rule(connection, foreign_exchange),
    )
    return replace(mark, timeframe=timeframe)


async def _suggested(
    source: Source, symbol: str, error: ProviderError
) -> ProviderError:
    try:
        names = spelt_alike(symbol, await source.symbols())
    except ProviderError:
        return error
    if not names:
        return error
    listed = " or ".join(f"'{name}'" for name in names)
    return ProviderError(replace(error.diagnosis, fix=f"did you mean {listed}?"))


def spelt_alike(symbol: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the account's spellings of a symbol, at most three, the best first.

    Brokers append letters and dots (EURUSDm, EURUSD.), and case counts.
    """
    wanted = "".join(c for c in symbol.lower() if c.isalnum())
    plain = {name: name.lower() for name in names}
    same = [name for name, low in plain.items() if low == wanted]
    longer = [name for name, low in plain.items() if wanted and low.startswith(wanted)]
    if not longer:
        longer = [n for n, low in plain.items() if low and wanted.startswith(low)]
    found = list(dict.fromkeys([*same, *sorted(longer, key=lambda n: (len(n), n))]))
    if not found:
        close = nearest(wanted, plain.values())
        found = [name for name, low in plain.items() if close and low == close]
    return tuple(found[:_MAX_NAMES])
