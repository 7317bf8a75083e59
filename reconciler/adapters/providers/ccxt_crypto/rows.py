"""From ccxt's unified answers to our values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import inf
from typing import Any

from reconciler.adapters.providers.checks import nearest
from reconciler.adapters.providers.ladder.candles import (
    ROW_FIELDS,
    MaxAge,
    make_candle,
    malformed,
    prove_candles,
    to_decimal,
)
from reconciler.core.market import (
    Account,
    Candle,
    Mark,
    Ticker,
    offset_ms,
    timeframe_ms,
)

_MONTH_MS = 28 * 86_400_000
_ALIGNED_MS = 15 * 60_000
_EARLIEST_MS = 2 * 365 * 86_400_000


def read_candles(rows: Any) -> Sequence[Candle]:
    """Return the bars, oldest first; raises `ProviderError` for what is none."""
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) >= ROW_FIELDS - 1 for row in rows
    ):
        raise malformed("the answer is no list of rows")
    candles = [make_candle(row) for row in rows]
    return sorted(candles, key=lambda candle: candle.opened_at_ms)


def cut_to_newest(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Return ccxt's `parse_ohlcvs`, which then parses no rows that nobody asked for.

    Kraken answers with 720 rows whatever the limit, and making numbers of them takes
    longer than to fetch them. Rows come oldest or newest first; a `since` changes
    which of them count, so that ccxt decides then.
    """

    def parsed(
        rows: Any,
        market: Any = None,
        timeframe: str = "1m",
        since: Any = None,
        limit: Any = None,
        tail: Any = None,
    ) -> Any:
        is_long = isinstance(rows, list) and limit and since is None
        if is_long and len(rows) > 2 * limit:
            ends = parse([rows[0]], market) + parse([rows[-1]], market)
            rows = rows[-limit:] if ends[0][0] <= ends[1][0] else rows[:limit]
        return parse(rows, market, timeframe, since, limit, tail)

    return parsed


def prove_rows(rows: Any, *, count: int, **what: Any) -> Mark:
    """Return what was seen in the newest `count` rows, as `prove_candles` does.

    Nearly all rows are sound, and making a thousand numbers exact only to compare
    them costs more than the request: rows of plain numbers are judged as they came.
    Whatever is not plainly in order goes the exact way, which finds the words.
    """
    is_few = isinstance(rows, list) and len(rows) <= count
    quick = quick_mark(rows, **what) if is_few else None
    return quick or prove_candles(read_candles(rows)[-count:], **what)


def quick_mark(
    rows: Sequence[Sequence[Any]],
    *,
    symbol: str,
    timeframe: str,
    now_ms: int,
    max_age: MaxAge,
    spelling: str = "",
) -> Mark | None:
    """Return the mark of rows that are beyond doubt in order, None for all others."""
    step = timeframe_ms(timeframe)
    if not rows or not step or step >= _MONTH_MS:
        return None
    if not all(map(_is_sound, rows)):
        return None
    times = [row[0] for row in rows]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if min(gaps, default=1) <= 0 or times[0] < _EARLIEST_MS:
        return None
    newest = times[-1]
    if not now_ms - max_age(timeframe, now_ms) <= newest <= now_ms + step:
        return None
    if step <= _ALIGNED_MS and any(at % step for at in times):
        return None
    return Mark(
        symbol=symbol,
        timeframe=timeframe,
        rows=len(rows),
        last_candle_at_ms=newest,
        last_price=Decimal(str(rows[-1][4])),
        gaps=sum(gap > step for gap in gaps),
        offset_ms=offset_ms(newest, timeframe),
        spelling=spelling,
    )


def _is_sound(row: Any) -> bool:
    """Tell whether a row is a time and five floats that make a bar."""
    if type(row) is not list or len(row) != ROW_FIELDS or type(row[0]) is not int:
        return False
    _, opened, high, low, closed, volume = row
    if not type(opened) is type(high) is type(low) is type(closed) is float:
        return False
    return (
        type(volume) is float
        and 0 < low <= opened <= high < inf
        and low <= closed <= high
        and 0 <= volume < inf
    )


def read_ticker(symbol: str, answer: Mapping[str, Any]) -> Ticker:
    """Return the price as ccxt unified it."""
    return Ticker(
        symbol=symbol,
        last=_number(answer.get("last")),
        bid=_number(answer.get("bid")),
        ask=_number(answer.get("ask")),
        at_ms=answer.get("timestamp"),
    )


def read_account(answer: Mapping[str, Any]) -> Account:
    """Return the balances that are not zero."""
    totals = answer.get("total") or {}
    amounts = ((str(code), _number(total)) for code, total in sorted(totals.items()))
    return Account(balances=tuple((c, a) for c, a in amounts if a is not None and a))


def _number(value: Any) -> Decimal | None:
    return None if value is None else to_decimal(value)


def nearest_symbol(symbol: str, markets: Iterable[str]) -> str:
    """Return the market that was probably meant: `BTCUSDT` is `BTC/USDT`."""
    names = list(markets)
    plain = symbol.replace("/", "").replace("-", "").replace("_", "").upper()
    for name in names:
        if name.replace("/", "") == plain:
            return name
    return nearest(symbol.upper(), names)
