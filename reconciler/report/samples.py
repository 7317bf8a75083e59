"""What a connection answered to `reconcile sample`.

Times are UTC, the newest bar comes last as on a chart. A gap is said where it is:
the market may have been closed, or the feed may be broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from reconciler.core.codec import to_data
from reconciler.core.market import Account, Candle, Ticker, timeframe_ms
from reconciler.core.ports import Sample
from reconciler.report import machine
from reconciler.report.numbers import decimal, utc_ms
from reconciler.report.text import (
    Style,
    blocks,
    count,
    latency,
    safe,
    table,
    width_of,
)

_TITLES: Final = ("TIME", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME")
_MONTH_MS: Final = 28 * 86_400_000
"""From here on bars have no fixed length, so gaps cannot be told."""
CSV_HEADER: Final = "opened_at,open,high,low,close,volume"


def sample_human(
    sample: Sample, *, symbol: str = "", timeframe: str = "", color: bool = False
) -> str:
    """Return the sample; the last line is always its summary."""
    style = Style(color)
    parts = [
        _symbols(sample.symbols),
        _account(sample.account, style),
        _candles(sample.candles, timeframe, style),
        _ticker(sample.ticker, style),
        [style.bold(sample_summary(sample, symbol=symbol, timeframe=timeframe))],
    ]
    return blocks(parts)


def sample_json(sample: Sample, *, symbol: str = "", timeframe: str = "") -> str:
    """Return the sample as data; prices are strings, times milliseconds."""
    return machine.of_parts(symbol=symbol, timeframe=timeframe, **to_data(sample))


def sample_csv(sample: Sample) -> str:
    """Return the candles, oldest first, with a header line."""
    rows = (_csv_row(candle) for candle in sample.candles)
    return "\n".join([CSV_HEADER, *rows]) + "\n"


def sample_summary(sample: Sample, *, symbol: str = "", timeframe: str = "") -> str:
    """Return `3 candles of BTC/USDT 1h, 1 gap, in 41 ms` as a sentence."""
    said = []
    if sample.candles or (symbol and timeframe):
        what = " ".join(safe(word) for word in (symbol, timeframe) if word)
        said.append(
            count(len(sample.candles), "candle") + (f" of {what}" if what else "")
        )
    holes = sum(1 for pair in pairwise(sample.candles) if _missing(pair, timeframe))
    said += [count(holes, "gap")] if holes else []
    said += [f"ticker of {safe(sample.ticker.symbol)}"] if sample.ticker else []
    said += [count(len(sample.symbols), "symbol")] if sample.symbols else []
    said += ["account"] if sample.account else []
    if not said:
        return "Nothing came back."
    timed = sample.latency_ms
    said += [f"in {latency(timed)}"] if timed is not None else []
    line = ", ".join(said)
    return f"{line[0].upper()}{line[1:]}."


def _symbols(symbols: Sequence[str]) -> list[str]:
    return [safe(symbol) for symbol in symbols]


def _account(account: Account | None, style: Style) -> list[str]:
    if account is None:
        return []
    can = {None: "", True: "yes", False: "no, it may trade"}[account.read_only]
    facts = [
        ("server", safe(account.server or "")),
        ("currency", safe(account.currency or "")),
        ("balance", _money(account.balance)),
        ("equity", _money(account.equity)),
        ("leverage", f"1:{account.leverage}" if account.leverage is not None else ""),
        ("read only", can),
        *((safe(name), decimal(amount)) for name, amount in account.balances),
    ]
    held = [fact for fact in facts if fact[1]]
    return [style.bold("Account:"), *(table(held, indent=2) or ["  nothing said"])]


def _money(amount: Decimal | None) -> str:
    return decimal(amount) if amount is not None else ""


def _candles(candles: Sequence[Candle], timeframe: str, style: Style) -> list[str]:
    if not candles:
        return []
    rows = [_cells(candle) for candle in candles]
    widths = [max(map(width_of, column)) for column in zip(_TITLES, *rows, strict=True)]
    head, *body = table(_to_the_right(row, widths) for row in (_TITLES, *rows))
    lines = [style.bold(head), body[0]]
    for pair, line in zip(pairwise(candles), body[1:], strict=True):
        if hole := _missing(pair, timeframe):
            lines.append(style.yellow(f"-- gap: {count(hole, 'bar')} missing --"))
        lines.append(line)
    return lines


def _cells(candle: Candle) -> tuple[str, ...]:
    prices = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    return (utc_ms(candle.opened_at_ms), *map(decimal, prices))


def _to_the_right(row: Sequence[str], widths: Sequence[int]) -> tuple[str, ...]:
    """Align all numbers to the right; the time stays where it is."""
    pairs = zip(row[1:], widths[1:], strict=True)
    return (row[0], *(" " * (width - width_of(cell)) + cell for cell, width in pairs))


def _missing(pair: tuple[Candle, Candle], timeframe: str) -> int:
    step = timeframe_ms(timeframe)
    if not step or step >= _MONTH_MS:
        return 0
    return max((pair[1].opened_at_ms - pair[0].opened_at_ms) // step - 1, 0)


def _ticker(ticker: Ticker | None, style: Style) -> list[str]:
    if ticker is None:
        return []
    facts = [
        ("last", decimal(ticker.last)),
        ("bid", decimal(ticker.bid)),
        ("ask", decimal(ticker.ask)),
        ("at", utc_ms(ticker.at_ms)),
    ]
    held = [fact for fact in facts if fact[1] != "-"]
    head = style.bold(f"Ticker {safe(ticker.symbol)}:")
    return [head, *(table(held, indent=2) or ["  no price"])]


def _csv_row(candle: Candle) -> str:
    time, *numbers = _cells(candle)
    return ",".join((time.replace(" ", "T", 1), *numbers))
